"""What is tried again, how often and when.

| failure                                                  | tried                                          |
|----------------------------------------------------------|------------------------------------------------|
| connection reset or closed, time-out, body broken off    | 6 times, 0.5 s to 16 s apart, at random        |
| 408, 425, 429, 500, 502, 503, 504                        | the same; Retry-After is kept where it is sent |
| a name that cannot be resolved just now                  | the same                                       |
| connection refused, or not answered within 5 s           | 3 times: where nobody listens, nobody will     |
| 401                                                      | once, with a fresh token                       |
| an upload that the registry forgot (404, 416)            | 6 times, from the first byte                   |
| a certificate nobody vouches for, an unknown host        | once                                           |
| a proxy that refuses (407 and the like)                  | once                                           |
| any other status: 400, 403, 404, 405, 413, …             | once                                           |
| content that does not have its digest                    | once                                           |

A transfer that moved on since its last failure begins to count anew. All waiting together is at most two
minutes; a registry that asks for more by Retry-After is not asked again.
"""

from __future__ import annotations

from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final, TypeVar

from odahu_pack_core.errors import RegistryError

from .clock import Clock

if TYPE_CHECKING:
    from tenacity import RetryCallState

PASSING_STATUSES: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
"""What may be answered otherwise a moment later."""

MOST_TRIES: Final = 6
REFUSED_TRIES: Final = 3
_MOST_WAITING: Final = 120.0
_FIRST_WAIT: Final = 0.5
_LONGEST_WAIT: Final = 16.0

Result = TypeVar("Result")


class PassingError(RegistryError):
    """A failure that may be gone with another try.

    Args:
        message: What happened, in words.
        code: As for any error.
        hint: As for any error.
        wait: Seconds that the registry asked to wait; None where it did not.
        tries: How often the thing may be tried in all.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str = "registry-failed",
        hint: str = "",
        wait: float | None = None,
        tries: int = MOST_TRIES,
    ) -> None:
        super().__init__(message, code=code, hint=hint)
        self.wait = wait
        self.tries = tries


def persist(attempt: Callable[[], Result], clock: Clock, progress: Callable[[], int] = lambda: 0) -> Result:
    """Try something until it succeeds, or fails for good.

    Args:
        attempt: What to try; raises PassingError where another try may help.
        clock: Waits.
        progress: Says how far the thing is; failures count anew once it is further than ever.

    Raises:
        RegistryError: It failed for good, or too often.
    """
    furthest = progress()
    try:
        return attempt()
    except PassingError as error:
        first = error
    return _try_again(attempt, first, clock, _Fruitless(progress, furthest))


def _try_again(
    attempt: Callable[[], Result], first: PassingError, clock: Clock, fruitless: _Fruitless
) -> Result:
    from tenacity import Retrying, retry_if_exception_type  # noqa: PLC0415  # most runs do without

    failures = [first]

    def replay() -> Result:
        if failures:
            raise failures.pop()
        return attempt()

    retrying = Retrying(
        retry=retry_if_exception_type(PassingError),
        wait=_wait,
        stop=fruitless,
        sleep=clock.sleep,
        reraise=True,
    )
    try:
        return retrying(replay)
    except PassingError as error:
        raise _final(error, retrying.statistics.get("attempt_number", 1)) from None


def _final(error: PassingError, tries: int) -> RegistryError:
    """Return the failure as one that is not tried again by whoever asked for the thing."""
    words = f"; it asks to wait {error.wait:.0f} seconds" if error.wait and error.wait > _MOST_WAITING else ""
    words += f" ({tries} tries)" if tries > 1 else ""
    return RegistryError(f"{error.message}{words}", code=error.code, hint=error.hint)


class _Fruitless:
    """Says when to stop: after too many tries, or too much waiting, without progress."""

    def __init__(self, progress: Callable[[], int], furthest: int) -> None:
        self._progress = progress
        self._furthest = furthest
        self._tries = 0
        self._idle = 0.0

    def __call__(self, state: RetryCallState) -> bool:
        reached = self._progress()
        if reached > self._furthest:
            self._furthest, self._tries, self._idle = reached, 0, state.idle_for
        self._tries += 1
        waiting = state.idle_for + state.upcoming_sleep - self._idle
        return self._tries >= _failure(state).tries or waiting > _MOST_WAITING


def _wait(state: RetryCallState) -> float:
    from tenacity import wait_random_exponential  # noqa: PLC0415  # as above

    asked = _failure(state).wait
    if asked is not None:
        return asked
    return _FIRST_WAIT + wait_random_exponential(_FIRST_WAIT, _LONGEST_WAIT)(state)


def _failure(state: RetryCallState) -> PassingError:
    error = state.outcome.exception() if state.outcome else None
    return error if isinstance(error, PassingError) else PassingError("")


def retry_after(header: str | None, clock: Clock) -> float | None:
    """Read a Retry-After header: seconds or an HTTP date (RFC 9110, section 10.2.3).

    Returns:
        Seconds from now; None where there is none, or none that can be read.
    """
    if not header:
        return None
    if header.isascii() and header.isdigit():
        return float(header[:9])
    try:
        moment = parsedate_to_datetime(header[:64]).timestamp()
    except (ValueError, OverflowError):
        return None
    return max(0.0, moment - clock.now())
