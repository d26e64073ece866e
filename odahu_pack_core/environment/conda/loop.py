"""Runs rattler's coroutines on an event loop of their own, whatever runs in the calling thread."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from functools import partial
from queue import SimpleQueue
from threading import Thread
from typing import Any, Final, TypeVar

from odahu_pack_core.events import Event, EventSink

T = TypeVar("T")
_END: Final = None


def awaited(work: Callable[[EventSink], Coroutine[Any, Any, T]], emit: EventSink = lambda _: None) -> T:
    """Return what a coroutine returns.

    Args:
        work: Makes the coroutine; what it emits may come from any thread.
        emit: Receives those events, on the calling thread; an exception it raises cancels the work.
    """
    events: SimpleQueue[Event | None] = SimpleQueue()
    cancel: Future[Callable[[], object]] = Future()
    result: Future[T] = Future()

    async def main() -> T:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101  # a coroutine runs in a task
        loop = asyncio.get_running_loop()
        cancel.set_result(partial(loop.call_soon_threadsafe, task.cancel))
        return await work(events.put)

    def run() -> None:
        try:
            result.set_result(asyncio.run(main()))
        except BaseException as error:  # noqa: BLE001  # whatever it is, the calling thread raises it
            result.set_exception(error)
        finally:
            events.put(_END)

    thread = Thread(target=run, name="rattler", daemon=True)
    thread.start()
    try:
        while (event := events.get()) is not _END:
            emit(event)
    except BaseException:
        with contextlib.suppress(RuntimeError):  # it has just ended
            cancel.result()()
        raise
    finally:
        thread.join()
    return result.result()
