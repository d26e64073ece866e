"""Requests that wait together, answered together by a running server."""

import statistics
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from tests.runtime.metrics import samples, value
from tests.runtime.serving import serve

pytestmark = pytest.mark.slow

BUSY_SECONDS = 0.3


@pytest.fixture
def start(runtime, model, tmp_path):
    """Serve the model that obeys rows, with batches of up to eight rows."""
    return lambda *options: serve(
        runtime, model("rows"), tmp_path, "--max-batch-size", "8", "--threads", "1", *options
    )


@pytest.fixture
def at_once():
    with ThreadPoolExecutor(24) as threads:
        yield threads


@contextmanager
def busy(front, at_once, workers=1):
    """Keep the workers busy while requests gather in the queue."""
    first = [at_once.submit(front.do, "sleep", BUSY_SECONDS * 1000) for _ in range(workers)]
    front.wait(lambda: value(front, "odahu_predicting_requests") == workers)
    yield
    assert [reply.result().status for reply in first] == [200] * workers


def gathered(front, count):
    front.wait(lambda: value(front, "odahu_queue_requests") == count)


def outcomes(replies):
    return [reply.result().json["prediction"][0][0] for reply in replies]


def calls(front):
    """Return the number of the model's calls and of the rows in them."""
    found = samples(front)
    return found["odahu_batch_rows_count", ()], found["odahu_batch_rows_sum", ()]


def test_requests_that_wait_together_share_calls_and_each_gets_its_own_answer(start, at_once):
    with start() as front:
        with busy(front, at_once):
            replies = [at_once.submit(front.do, "double", number) for number in range(16)]
            gathered(front, 16)
        assert outcomes(replies) == [2 * number for number in range(16)]
        assert calls(front) == (1 + 2, 1 + 16)
        assert value(front, "odahu_batch_rows_bucket", le="8") == 3


def test_one_bad_request_spoils_no_other(start, at_once):
    with start() as front:
        with busy(front, at_once):
            good = [at_once.submit(front.do, "double", number) for number in range(4)]
            bad = at_once.submit(front.do, "raise", 5)
            unknown = at_once.submit(front.do, "brew", 5)
            gathered(front, 6)
        assert outcomes(good) == [0, 2, 4, 6]
        assert bad.result().json["message"] == "ValueError: no such vintage: 5"
        assert unknown.result().json["message"] == "KeyError: 'brew'"
        assert (bad.result().status, unknown.result().status) == (500, 500)
        assert front.do("double", 21).status == 200  # the only thread is free again


def test_requests_with_other_columns_or_types_share_no_call(start, at_once):
    with start() as front:
        with busy(front, at_once):
            same = [at_once.submit(front.do, "double", number) for number in range(2)]
            named = at_once.submit(
                front.invoke, {"columns": ["command", "argument"], "data": [["double", 4]]}
            )
            fraction = at_once.submit(front.do, "double", 0.25)
            text = at_once.submit(front.do, "double", "ab")
            wrong = at_once.submit(front.invoke, {"data": [[]]})
            gathered(front, 6)
        assert outcomes([*same, named, fraction, text]) == [0, 2, 8, 0.5, "abab"]
        assert wrong.result().status == 500
        assert calls(front) == (1 + 5, 1 + 6)
        assert front.do("double", 21).status == 200


def test_a_batch_that_misses_its_deadline_is_a_504_for_each_and_costs_one_worker(start, at_once):
    with start("--timeout", "0.8") as front:
        with busy(front, at_once):
            replies = [at_once.submit(front.do, *row) for row in (("double", 1), ("sleep", 60_000))]
            gathered(front, 2)
        assert [reply.result().status for reply in replies] == [504, 504]
        front.wait_ready()
        assert outcomes([at_once.submit(front.do, "double", 21)]) == [42]
        assert value(front, "odahu_worker_restarts_total") == 1


def test_a_worker_that_dies_in_a_batch_is_a_503_for_each(start, at_once):
    with start() as front:
        with busy(front, at_once):
            replies = [at_once.submit(front.do, *row) for row in (("double", 1), ("exit", 3), ("double", 2))]
            gathered(front, 3)
        assert [reply.result().json["code"] for reply in replies] == ["worker_died"] * 3
        front.wait_ready()
        assert outcomes([at_once.submit(front.do, "double", 21)]) == [42]


def test_a_client_that_leaves_costs_the_others_nothing(start, at_once):
    with start() as front:
        with busy(front, at_once):
            left = front.connect()
            left.request("POST", "/api/model/invoke", '{"data": [["double", 1]]}')
            gathered(front, 1)
            replies = [at_once.submit(front.do, "double", number) for number in range(3)]
            gathered(front, 4)
            left.close()
            front.wait(lambda: '"status": 499' in front.stdout)
        assert outcomes(replies) == [0, 2, 4]
        assert calls(front) == (2, 1 + 3)


def test_a_client_that_leaves_during_the_call_costs_the_others_nothing(start, at_once):
    with start() as front:
        with busy(front, at_once):
            left = front.connect()
            left.request("POST", "/api/model/invoke", '{"data": [["sleep", 400]]}')
            gathered(front, 1)
            replies = [at_once.submit(front.do, "double", number) for number in range(3)]
            gathered(front, 4)
        left.close()
        assert outcomes(replies) == [0, 2, 4]
        assert value(front, "odahu_predicting_requests") == 0


def test_rows_that_wait_are_shared_out_over_the_workers(start, at_once):
    with start("--workers", "2") as front:
        front.wait(lambda: value(front, "odahu_workers", state="ready") == 2)
        with busy(front, at_once, workers=2):
            replies = [at_once.submit(front.do, "sleep", 50) for _ in range(8)]
            gathered(front, 8)
        pids = Counter(reply.result().json["prediction"][0][1] for reply in replies)
        assert len(pids) == 2
        assert min(pids.values()) >= 3


def test_objects_are_never_put_together_and_use_all_threads(runtime, model, tmp_path, at_once):
    source = """
import time

def init():
    return "objects"

def predict_on_objects(objects):
    time.sleep(0.2)
    return [{"together": len(objects), "name": each["name"]} for each in objects]
"""
    packed = model({"entrypoint.py": source})
    with serve(runtime, packed, tmp_path, "--max-batch-size", "8", "--threads", "4") as front:
        names = "abcdefgh"
        begun = time.monotonic()
        replies = list(at_once.map(front.invoke, [{"objects": [{"name": name}]} for name in names]))
        assert time.monotonic() - begun < 0.9  # 1.0 if the second half shares a thread
        assert [reply.json["prediction"] for reply in replies] == [
            [{"together": 1, "name": name}] for name in names
        ]
        assert calls(front) == (8, 8)


def test_a_lone_request_does_not_wait_for_company(runtime, model, tmp_path):
    with (
        serve(runtime, model("rows"), tmp_path / "off") as apart,
        serve(runtime, model("rows"), tmp_path / "on", "--max-batch-size", "64") as together,
    ):
        fronts = (apart, together)
        lines = [front.connect() for front in fronts]
        took = [[], []]
        for _ in range(100):
            for seconds, line in zip(took, lines, strict=True):
                begun = time.perf_counter()
                line.request("POST", "/api/model/invoke", '{"data": [["double", 1]]}')
                line.getresponse().read()
                seconds.append(time.perf_counter() - begun)
        for line in lines:
            line.close()
        off, on = map(statistics.median, took)
        assert on < 1.5 * off
