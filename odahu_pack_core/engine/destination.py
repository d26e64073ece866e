"""Files and folders that appear whole or not at all."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from odahu_pack_core.errors import EngineError


@contextmanager
def whole_folder(dest: Path) -> Iterator[Path]:
    """Give a folder to fill, which becomes ``dest`` when the block ends well and vanishes otherwise.

    Args:
        dest: A path that does not exist yet, or an empty folder (which may be a mount point).

    Raises:
        EngineError: ``dest`` is taken, or cannot be written.
    """
    with writing(dest):
        exists = _is_empty_folder(dest)
        # Beside a new folder, inside an existing one: a mount point can neither be replaced nor renamed into.
        partial = _partial(dest / dest.name if exists else dest)
        partial.mkdir()
    try:
        yield partial
        with writing(dest):
            if exists:
                _move_children(partial, dest)
            else:
                partial.rename(dest)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


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
    partial = _partial(dest)

    def write(chunk: bytes) -> None:
        with writing(dest):
            stream.write(chunk)

    with writing(dest):
        stream = partial.open("xb")
    try:
        yield write
        with writing(dest):
            stream.close()
            partial.replace(dest)
    finally:
        with suppress(OSError):
            stream.close()
        partial.unlink(missing_ok=True)


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
    """Tell whether the folder exists; it must be empty then."""
    if not dest.exists() and not dest.is_symlink():
        return False
    if not dest.is_dir() or any(dest.iterdir()):
        what = "is not empty" if dest.is_dir() else "is not a folder"
        raise EngineError(f"{dest} {what}; name a new or an empty folder", code="dest-taken")
    return True


def _partial(dest: Path) -> Path:
    return dest.with_name(f".{dest.name}.{secrets.token_hex(4)}.partial")


def _move_children(source: Path, dest: Path) -> None:
    children = sorted(source.iterdir())
    try:
        for child in children:
            child.rename(dest / child.name)
    except BaseException:
        for moved in (dest / child.name for child in children):
            shutil.rmtree(moved) if moved.is_dir() else moved.unlink(missing_ok=True)
        raise
