"""Signals that end a run: the first one is heard, and what comes after it disturbs the end no more."""

import contextlib
import operator
import os
import signal
import sys
import threading
from typing import Any, Callable, List

from .faults import Interrupted

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class _Listener:
    """A handler that raises `Interrupted` for the first signal.

    Attributes:
        heard: the number of that signal, 0 as long as there is none.
    """

    def __init__(self) -> None:
        self.heard = 0

    def __call__(self, number: int, _frame: Any) -> None:
        # Before all else: signals that come fast would interrupt each other here until the stack is full.
        self.__class__ = _Deaf
        self.heard = number
        raise Interrupted(number)


class _Deaf(_Listener):
    """A handler that does nothing, and does it in C: a call that takes no step cannot be interrupted.

    SIG_IGN in its place would not do: a signal that Python has taken, but not yet given to its handler, is
    then an error, and which one depends on the release.
    """

    __call__ = operator.is_  # type: ignore[assignment]  # takes two arguments of any kind


class _Fork(threading.local):
    """Keeps signals from a process that is being forked until they end it as they end any process.

    A child forgets what it was told before it is one. It would never end if that was to end, and whoever
    waits for it, such as a pool of processes, would wait for ever.
    """

    def prepare(self) -> None:
        """Hold back signals in the thread that forks."""
        self._mask = signal.pthread_sigmask(signal.SIG_BLOCK, ())
        with contextlib.suppress(Interrupted):  # nothing can be raised from here; `end_if_heard` does
            signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)

    def go_on(self) -> None:
        """Let the parent have what came meanwhile."""
        with contextlib.suppress(Interrupted):
            signal.pthread_sigmask(signal.SIG_SETMASK, self._mask)

    def begin(self) -> None:
        """Let the child be ended by what is for it."""
        for number in _SIGNALS:
            if isinstance(signal.getsignal(number), _Listener):
                signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, self._mask)


def heed_signals() -> None:
    """Have a signal raise `Interrupted`; process 1 of a container gets none that it does not handle."""
    listener = _Listener()
    for number in _SIGNALS:
        if signal.getsignal(number) != signal.SIG_IGN:  # as after nohup
            signal.signal(number, listener)
    _be_there_at_forks(_Fork())


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


def _be_there_at_forks(hooks: _Fork) -> None:
    if sys.version_info >= (3, 7):
        os.register_at_fork(before=hooks.prepare, after_in_parent=hooks.go_on, after_in_child=hooks.begin)
    else:
        os.fork = _hooked(os.fork, hooks)


def _hooked(fork: Callable[[], int], hooks: _Fork) -> Callable[[], int]:
    def hooked() -> int:
        child = -1
        hooks.prepare()
        try:
            child = fork()
        finally:
            (hooks.go_on if child else hooks.begin)()
        return child

    return hooked


def _listeners() -> List[_Listener]:
    return [handler for handler in map(signal.getsignal, _SIGNALS) if isinstance(handler, _Listener)]
