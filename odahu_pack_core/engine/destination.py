"""Files and folders that appear whole or not at all."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from odahu_pack_core.errors import EngineError

from .half_made import half_made, sweep_half_made


@contextmanager
def whole_folder(dest: Path) -> Iterator[Path]:
    """Give a folder to fill, which becomes ``dest`` when the block ends well and vanishes otherwise.

    Args:
        dest: A path that does not exist yet, or an empty folder (which may be a mount point).

    Raises:
        EngineError: ``dest`` is taken, or cannot be written.
    """
    with ExitStack() as stack:
        with writing(dest):
            exists = _is_empty_folder(dest)
            # Beside a new folder, inside an existing one: a mount point can neither be replaced nor renamed
            # into.
            partial = stack.enter_context(half_made(_beside(dest, within=exists), Path.mkdir))
        yield partial
        with writing(dest):
            if exists:
                _move_children(partial, dest)
            else:
                partial.rename(dest)


def check_free(dest: Path, *, folder: bool) -> None:
    """Make sure that nothing is in the way of what takes long to make.

    Args:
        dest: Where it shall be.
        folder: Whether it will be a folder.

    Raises:
        EngineError: ``dest`` is taken.
    """
    if folder:
        _is_empty_folder(dest)
    elif dest.is_dir():
        raise EngineError(f"{dest} is a folder; the archive needs the path of a file", code="dest-taken")


@contextmanager
def whole_file(dest: Path) -> Iterator[Callable[[bytes], None]]:
    """Give what writes a file, which replaces ``dest`` when the block ends well and vanishes otherwise.

    Raises:
        EngineError: ``dest`` is a folder, or cannot be written.
    """
    check_free(dest, folder=False)
    sweep_half_made(dest)

    def write(chunk: bytes) -> None:
        with writing(dest):
            stream.write(chunk)

    with ExitStack() as stack:
        with writing(dest):
            partial = stack.enter_context(half_made(dest, Path.touch))
            stream = partial.open("wb")
            stack.callback(_close, stream)
        yield write
        with writing(dest):
            stream.close()
            partial.replace(dest)


@contextmanager
def writing(dest: Path) -> Iterator[None]:
    """Tell in words why something cannot be written.

    Args:
        dest: What the user knows it as.

    Raises:
        EngineError: The block could not write.
    """
    try:
        yield
    except OSError as error:
        raise EngineError(f"cannot write {dest}: {error.strerror}", code="cannot-write") from None


def _is_empty_folder(dest: Path) -> bool:
    """Tell whether the folder exists; it must be empty then, but for what killed runs left there."""
    sweep_half_made(_beside(dest.absolute(), within=dest.is_dir()))
    if not dest.exists() and not dest.is_symlink():
        return False
    if not dest.is_dir() or any(dest.iterdir()):
        what = "is not empty" if dest.is_dir() else "is not a folder"
        raise EngineError(f"{dest} {what}; name a new or an empty folder", code="dest-taken")
    return True


def _close(stream: BinaryIO) -> None:
    with suppress(OSError):  # what could not be written was told when it was
        stream.close()


def _beside(dest: Path, *, within: bool) -> Path:
    """Return the place beside which a folder is made: what is inside an empty one can be moved into it."""
    return dest / dest.name if within else dest


def _move_children(source: Path, dest: Path) -> None:
    children = sorted(source.iterdir())
    try:
        for child in children:
            child.rename(dest / child.name)
    except BaseException:
        for moved in (dest / child.name for child in children):
            shutil.rmtree(moved) if moved.is_dir() else moved.unlink(missing_ok=True)
        raise
