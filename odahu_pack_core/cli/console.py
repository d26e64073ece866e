"""Text on its way to stdout and stderr: made harmless, and quiet about a reader who has gone."""

from __future__ import annotations

import os
import select
import sys
from typing import Final, TextIO

import click

from odahu_pack_core.errors import OdahuPackError

BROKEN_PIPE: Final = 141
"""Exit code of a program whose reader has gone, as shells report it."""


def to_stdout(text: str) -> None:
    """Print a result.

    Raises:
        SystemExit: Nobody reads any more; the run ends without a word.
        OdahuPackError: The output cannot be written, for instance to a full disk.
    """
    try:
        click.echo(text)
    except BrokenPipeError:
        _discard(sys.stdout)
        raise SystemExit(BROKEN_PIPE) from None
    except OSError as error:
        _discard(sys.stdout)
        raise OdahuPackError(f"cannot write to standard output: {error.strerror}", code="output") from None


def to_stderr(text: str) -> None:
    """Tell the user something; control characters are shown, not sent.

    Raises:
        SystemExit: Nobody reads any more; the run ends without a word.
    """
    try:
        click.echo(visible(text), err=True)
    except OSError:
        _discard(sys.stderr)
        raise SystemExit(BROKEN_PIPE) from None


def reader_has_gone() -> bool:
    """Tell whether a broken pipe was that of stdout, to which click prints help by itself."""
    poller = select.poll()
    poller.register(sys.stdout.fileno(), select.POLLOUT)
    gone = any(state & (select.POLLERR | select.POLLHUP) for _, state in poller.poll(0))
    if gone:
        _discard(sys.stdout)
    return gone


def visible(text: str) -> str:
    """Return text with control characters escaped, so that no model's name can drive a terminal."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in "\n\t" else _escaped(c) for c in text)


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def _discard(stream: TextIO) -> None:
    """Send what is still buffered to nowhere, so that the interpreter's last flush is quiet too."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
