"""Signals as a program finds them that a person starts."""

import signal


def heed_interrupts():
    """Undo what the tests' own caller ignores: a job in the background ignores SIGINT."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
