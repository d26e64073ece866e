"""Signals that end a run: the first one is heard, and what comes after it disturbs the end no more."""

import operator
import os
import signal
from typing import Any, List

from .faults import Interrupted

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class _Listener:
    """A handler that raises `Interrupted` for the first signal.

    Attributes:
        heard: the number of that signal, 0 as long as there is none.
    """

    def __init__(self) -> None:
        self.heard = 0
        self._owner = os.getpid()

    def __call__(self, number: int, _frame: Any) -> None:
        # Before all else: signals that come fast would interrupt each other here until the stack is full.
        self.__class__ = _Deaf
        if os.getpid() != self._owner:  # a child that the model forked ends as any process does
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
        self.heard = number
        raise Interrupted(number)


class _Deaf(_Listener):
    """A handler that does nothing, and does it in C: a call that takes no step cannot be interrupted.

    SIG_IGN in its place would not do: a signal that Python has taken, but not yet given to its handler, is
    then an error, and which one depends on the release.
    """

    __call__ = operator.is_  # type: ignore[assignment]  # takes two arguments of any kind


def heed_signals() -> None:
    """Have a signal raise `Interrupted`; process 1 of a container gets none that it does not handle."""
    listener = _Listener()
    for number in _SIGNALS:
        if signal.getsignal(number) != signal.SIG_IGN:  # as after nohup
            signal.signal(number, listener)


def ignore_signals() -> None:
    """Let no further signal disturb the end that one has begun."""
    for listener in _listeners():
        listener.__class__ = _Deaf


def end_if_heard() -> None:
    """Raise a signal once more that the model has caught.

    Raises:
        Interrupted: a signal has come.
    """
    for listener in _listeners():
        if listener.heard:
            raise Interrupted(listener.heard)


def hold_back_signals() -> None:
    """Keep signals from the interpreter's own end, when it has given up their handlers."""
    signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)


def _listeners() -> List[_Listener]:
    return [handler for handler in map(signal.getsignal, _SIGNALS) if isinstance(handler, _Listener)]
