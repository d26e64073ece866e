"""The inputs of a run: files, the files of folders, what a glob matches, or standard input."""

import errno
import functools
import glob
import os
from typing import Callable, Iterator, List, NamedTuple, Optional, Sequence

from .faults import InputFileError, UsageError, explain

STANDARD_STREAM = "-"


class Input(NamedTuple):
    """One input.

    Args:
        path: as the user wrote it, ``-`` for standard input.
        name: its path below the folder or the fixed part of the glob that it was found by; results are
            named after it. None for the one input of a run that was given by its own name.
    """

    path: str
    name: Optional[str]


class Search(NamedTuple):
    """How folders are read.

    Args:
        recursive: take the files of subfolders, too.
        takes: tells by its path whether a file in a folder is an input.
        output_dir: a folder that is passed over where it lies in one that is read.
    """

    recursive: bool
    takes: Callable[[str], bool]
    output_dir: str


def find_inputs(words: Sequence[str], search: Search) -> List[Input]:
    """Find what the INPUT arguments stand for.

    Args:
        words: files, folders, globs; or ``-`` alone.
        search: how folders are read.

    Returns:
        The inputs, sorted by the name of their results in an order that is the same everywhere.

    Raises:
        InputFileError: nothing is found, or a file or folder cannot be read.
        UsageError: standard input beside others.
    """
    if STANDARD_STREAM in words and len(words) > 1:
        raise UsageError("- (standard input) stands alone: give it no other INPUT beside it")
    found = [each for word in words for each in _found(word, search)]
    if len(words) == 1 and found[0].path == words[0]:
        return [Input(words[0], None)]
    return sorted(found, key=_in_any_locale)


def _in_any_locale(found: Input) -> bytes:
    return os.fsencode(found.name or "")


def _found(word: str, search: Search) -> List[Input]:
    if word == STANDARD_STREAM:
        return [Input(word, None)]
    if os.path.isdir(word):
        return _required(list(_in_folder(word, search)), f"no input in {word}: {_suffixes(search)}")
    if os.path.lexists(word) or not glob.has_magic(word):
        return [_file(word)]
    return _required(list(_matches(word, search.output_dir)), f"no file matches {word}")


def _suffixes(search: Search) -> str:
    below = "" if search.recursive else " (its subfolders are read with --recursive)"
    return "there is no file with the suffix of a format that can be read" + below


def _required(found: List[Input], complaint: str) -> List[Input]:
    if not found:
        raise InputFileError(complaint)
    return found


def _file(path: str) -> Input:
    try:
        os.stat(path)
    except OSError as error:
        raise InputFileError(explain("cannot read", path, error)) from error
    if not os.access(path, os.R_OK):
        raise InputFileError(
            explain("cannot read", path, PermissionError(errno.EACCES, os.strerror(errno.EACCES)))
        )
    return Input(path, os.path.basename(path))


def _in_folder(folder: str, search: Search) -> Iterator[Input]:
    for path in _walk(folder, search):
        if search.takes(path) and not _is_result(path, search.output_dir, folder):
            yield Input(path, os.path.relpath(path, folder))


def _walk(folder: str, search: Search) -> Iterator[str]:
    for parent, folders, names in os.walk(folder, onerror=_unreadable):
        folders[:] = [name for name in folders if search.recursive and not name.startswith(".")]
        paths = (os.path.join(parent, name) for name in names if not name.startswith("."))
        yield from (path for path in paths if os.path.isfile(path))


def _unreadable(error: OSError) -> None:
    raise InputFileError(explain("cannot read", error.filename, error)) from error


def _matches(pattern: str, output_dir: str) -> Iterator[Input]:
    base = _fixed_part(pattern)
    for path in glob.iglob(pattern, recursive=True):
        if os.path.isfile(path) and not _is_result(path, output_dir, base):
            yield Input(path, os.path.relpath(path, base))


def _fixed_part(pattern: str) -> str:
    folder = os.path.dirname(pattern)
    while glob.has_magic(folder):
        folder = os.path.dirname(folder)
    return folder or os.curdir


def _is_result(path: str, output_dir: str, base: str) -> bool:
    """Tell whether a file is below OUTPUT_DIR while that lies below the folder that is read."""
    results = real_folder(output_dir)
    if results == real_folder(base):
        return False
    return os.path.join(real_folder(os.path.dirname(path)), "").startswith(os.path.join(results, ""))


@functools.lru_cache(maxsize=1024)
def real_folder(folder: str) -> str:
    """Return the path of a folder without links; those of the files in it are many, and asked one by one."""
    return os.path.realpath(folder)
