"""Coroutines on an event loop of their own."""

import asyncio
import threading

import pytest

from odahu_pack_core.environment.conda.loop import awaited
from odahu_pack_core.events import Notice


def test_events_come_in_order_on_the_calling_thread():
    told = []

    async def work(emit):
        for number in range(3):
            await asyncio.to_thread(emit, Notice(str(number)))
        return threading.current_thread()

    worker = awaited(work, lambda event: told.append((event.message, threading.current_thread())))
    here = threading.current_thread()
    assert told == [("0", here), ("1", here), ("2", here)]
    assert worker is not here


def test_it_works_where_a_loop_runs_already():
    async def work(_):
        return 1

    async def outside():
        return awaited(work, print)

    assert asyncio.run(outside()) == 1


def test_an_error_is_raised_here():
    async def work(_):
        raise LookupError("there")

    with pytest.raises(LookupError, match="there"):
        awaited(work, print)


def test_a_sink_that_raises_cancels_the_work():
    cancelled = threading.Event()

    async def work(emit):
        emit(Notice("started"))
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            cancelled.set()
            raise

    def stop(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        awaited(work, stop)
    assert cancelled.is_set()
