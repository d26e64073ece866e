"""Threads that work, and the one thread that leads them."""

import signal
import threading
import time

import pytest

from odahu_pack_core.engine.oci import crew as crew_module
from odahu_pack_core.engine.oci.crew import Crew
from odahu_pack_core.events import Notice


@pytest.fixture
def no_patience(monkeypatch):
    monkeypatch.setattr(crew_module, "_PATIENCE", 0.05)


def _workers():
    return [thread for thread in threading.enumerate() if thread.name == "odahu-pack-oci"]


def test_results_come_in_the_order_of_the_tasks(events):
    def work(number):
        def do(_):
            time.sleep(0.01 * (5 - number))
            return number

        return do

    with Crew(events.append) as crew:
        results = crew.results([crew.send(work(number)) for number in range(5)])

    assert results == [0, 1, 2, 3, 4]
    assert _workers() == []


def test_tasks_are_given_back_as_they_finish(events):
    slow_may_end = threading.Event()

    with Crew(events.append) as crew:
        slow = crew.send(lambda _: slow_may_end.wait(10))
        quick = crew.send(lambda _: "quick")
        order = []
        for task in crew.finished([slow, quick]):
            order.append(task)
            slow_may_end.set()

    assert order == [quick, slow]


def test_a_task_that_finished_while_another_was_waited_for_is_given_back(events):
    with Crew(events.append) as crew:
        first, second = crew.make(lambda _: 1), crew.make(lambda _: 2)
        assert crew.result(second) == 2
        assert crew.result(first) == 1


def test_events_are_sent_on_the_leading_thread(events):
    def emit(event):
        events.append((event, threading.current_thread()))

    def work(tell):
        tell(Notice("one"))
        tell(Notice("two"))

    with Crew(emit) as crew:
        crew.results([crew.make(work), crew.send(work)])

    assert {thread for _, thread in events} == {threading.current_thread()}
    assert sorted(event.message for event, _ in events) == ["one", "one", "two", "two"]


def test_a_failure_is_raised_whatever_is_waited_for(events):
    forever = threading.Event()

    def fail(_):
        raise ValueError("broken")

    with Crew(events.append) as crew:
        waiting = crew.send(lambda _: forever.wait(0.1))
        crew.send(fail)
        with pytest.raises(ValueError, match="broken"):
            crew.result(waiting)

    assert _workers() == []


def test_a_failure_stops_those_who_tell_something(events):
    stopped = []

    def chatter(tell):
        try:
            while True:
                tell(Notice("still here"))
                time.sleep(0.001)
        except Exception as error:
            stopped.append(error)
            raise

    def fail(_):
        time.sleep(0.02)
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"), Crew(events.append) as crew:
        crew.results([crew.send(chatter), crew.make(fail)])

    assert len(stopped) == 1
    assert _workers() == []


def test_what_has_not_begun_does_not_begin(events):
    begun = []

    def slow(_):
        begun.append(1)
        time.sleep(0.05)

    with Crew(events.append) as crew:
        for _ in range(50):
            crew.send(slow)
        time.sleep(0.02)

    assert 0 < len(begun) < 50
    assert _workers() == []


def test_an_exception_of_the_listener_ends_it(events):
    def emit(event):
        events.append(event)
        raise BrokenPipeError(32, "Broken pipe")

    with pytest.raises(BrokenPipeError), Crew(emit) as crew:
        crew.result(crew.send(lambda tell: tell(Notice("hello"))))

    assert len(events) == 1


@pytest.mark.usefixtures("no_patience")
def test_one_that_hangs_does_not_keep_the_others(events):
    release = threading.Event()
    started = time.monotonic()

    with Crew(events.append) as crew:
        crew.send(lambda _: release.wait(30))

    assert time.monotonic() - started < 5
    assert all(thread.daemon for thread in _workers())
    release.set()
    for thread in _workers():
        thread.join(10)


@pytest.mark.usefixtures("no_patience")
def test_a_signal_ends_the_waiting_for_one_that_says_nothing(events):
    def interrupt(*_):
        raise KeyboardInterrupt

    release = threading.Event()
    before = signal.signal(signal.SIGALRM, interrupt)
    started = time.monotonic()
    try:
        with Crew(events.append) as crew:
            silent = crew.send(lambda _: release.wait(30))
            signal.setitimer(signal.ITIMER_REAL, 0.1)
            with pytest.raises(KeyboardInterrupt):
                crew.result(silent)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)

    assert time.monotonic() - started < 5
    release.set()
    for thread in _workers():
        thread.join(10)


def test_there_are_only_so_many_threads(events):
    most = []

    def work(_):
        most.append(len(_workers()))
        time.sleep(0.002)

    with Crew(events.append) as crew:
        crew.results([crew.send(work) for _ in range(40)])

    assert max(most) <= 6
