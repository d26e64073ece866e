"""Time as the client sees it, so that tests need not wait."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Final

from odahu_pack_core.values import dataclass

if TYPE_CHECKING:
    from typing_extensions import Self


@dataclass(frozen=True)
class Clock:
    """What time is, and how it passes.

    Args:
        monotonic: Seconds that never go back.
        now: Seconds since 1970.
        sleep: Waits for some seconds.
        wake: Ends all waiting, for good.
    """

    monotonic: Callable[[], float] = time.monotonic
    now: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    wake: Callable[[], object] = lambda: None

    @classmethod
    def of_machine(cls) -> Self:
        """Return the machine's own time, with waiting that can be ended."""
        ended = threading.Event()
        return cls(sleep=partial(_wait, ended), wake=ended.set)


def _wait(ended: threading.Event, seconds: float) -> None:
    ended.wait(seconds)


@dataclass(frozen=True)
class Deadline:
    """A moment by which something must be done.

    Args:
        clock: Time.
        until: The moment, as ``clock.monotonic`` tells it.
    """

    clock: Clock
    until: float

    @classmethod
    def after(cls, seconds: float, clock: Clock) -> Deadline:
        """Return the deadline some seconds from now."""
        return cls(clock, clock.monotonic() + seconds)

    @classmethod
    def for_bytes(cls, size: int, clock: Clock) -> Deadline:
        """Return when a transfer must have ended that is at all worth waiting for."""
        return cls.after(_GRACE_SECONDS + size / _SLOWEST_BYTES_PER_SECOND, clock)

    @property
    def passed(self) -> bool:
        """Whether it is over."""
        return self.clock.monotonic() > self.until


_GRACE_SECONDS: Final = 300.0
_SLOWEST_BYTES_PER_SECOND: Final = 16 * 1024
