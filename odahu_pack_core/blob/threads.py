"""Work on a stream of items by several threads, with results in the items' order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from typing import Final, TypeVar

_T = TypeVar("_T")
_R = TypeVar("_R")

_AHEAD: Final = 2
"""Items that wait for a thread, so that none waits for an item."""


def in_order(work: Callable[[_T], _R], items: Iterable[_T], threads: int) -> Generator[_R, None, None]:
    """Yield what is made of each item, in the order of the items.

    Items are taken on the caller's thread, and only a few more than there are threads are held at a time. The
    threads have ended when the generator is exhausted or closed.

    Args:
        work: What is done with each item, on any thread.
        items: The items.
        threads: How many threads work; with one, the caller's own does.
    """
    if threads == 1:
        yield from map(work, items)
    else:
        yield from _on_threads(work, items, threads)


def _on_threads(work: Callable[[_T], _R], items: Iterable[_T], threads: int) -> Generator[_R, None, None]:
    from concurrent.futures import Future, ThreadPoolExecutor  # noqa: PLC0415  # slow to import, seldom needed

    waiting: deque[Future[_R]] = deque()
    with ThreadPoolExecutor(threads, "layers") as pool:
        try:
            for item in items:
                waiting.append(pool.submit(work, item))
                if len(waiting) > threads + _AHEAD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
