"""The closed set of image instructions; they are the truth that engines execute.

A Dockerfile is only a view of them, so each one refuses what no Dockerfile can say.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Final

from odahu_pack_core.errors import PlanError, SpecError
from odahu_pack_core.values import dataclass

from .reference import ImageReference

_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LABEL: Final = re.compile(r"[a-z0-9]+(?:[._/-][a-z0-9]+)*")
_LAYER: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_USER: Final = re.compile(r"[0-9]{1,10}(?::[0-9]{1,10})?")
_MOST_LABEL_BYTES: Final = 2048
_LARGEST_PORT: Final = 65535
_LARGEST_ID: Final = 2**31 - 1  # what Docker takes
_WILDCARDS: Final = frozenset("*?[\\")


def _refuse(instruction: object, reason: str) -> PlanError:
    return PlanError(f"{type(instruction).__name__.upper()}: {reason}", code="bad-instruction")


def _check_one_line(instruction: object, text: str) -> None:
    if any(ord(character) < ord(" ") or ord(character) in {0x7F, 0x85, 0x2028, 0x2029} for character in text):
        raise _refuse(instruction, f"{text!r} holds a line break or another control character")
    _check_text(instruction, text)


def _check_text(instruction: object, text: str) -> None:
    if "\0" in text:
        raise _refuse(instruction, f"{text!r} holds a NUL character")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise _refuse(instruction, f"{text!r} is not Unicode text") from None


def _check_absolute(instruction: object, path: str) -> None:
    _check_plain(instruction, path)
    if not path.startswith("/") or path.startswith("//"):
        raise _refuse(instruction, f"{path!r} is not an absolute path")


def _check_plain(instruction: object, path: str) -> None:
    """Refuse a path that engines would write differently, such as ``a//b``, ``a/./b`` or ``a/``."""
    _check_one_line(instruction, path)
    pure = PurePosixPath(path)
    if str(pure) != path or ".." in pure.parts or (not pure.name and path != "/"):
        raise _refuse(instruction, f"{path!r} is not a plain path")


@dataclass(frozen=True)
class From:
    """Start from a base image."""

    image: str

    def __post_init__(self) -> None:
        if self.image != "scratch":
            try:
                ImageReference.parse(self.image)
            except SpecError as error:
                raise _refuse(self, error.message) from None


@dataclass(frozen=True)
class AddLayer:
    """Add a layer of the plan, a tree of files with owners and modes, at the image's root."""

    layer: str

    def __post_init__(self) -> None:
        if not _LAYER.fullmatch(self.layer):
            raise _refuse(self, f"{self.layer!r} is not a layer's name")


@dataclass(frozen=True)
class Copy:
    """Copy one file of the build context; for files that a `Run` needs.

    Args:
        source: Relative path in the build context.
        destination: Absolute path in the image.
    """

    source: str
    destination: str

    def __post_init__(self) -> None:
        _check_plain(self, self.source)
        if self.source.startswith("/") or set(self.source) & _WILDCARDS:
            raise _refuse(self, f"{self.source!r} is not a file's path inside the build context")
        _check_absolute(self, self.destination)


@dataclass(frozen=True)
class Env:
    """Set an environment variable."""

    name: str
    value: str

    def __post_init__(self) -> None:
        if not _VARIABLE.fullmatch(self.name):
            raise _refuse(self, f"{self.name!r} is not a variable's name")
        _check_one_line(self, self.value)


@dataclass(frozen=True)
class Label:
    """Label the image; the value has at most 2 KB."""

    name: str
    value: str

    def __post_init__(self) -> None:
        if not _LABEL.fullmatch(self.name):
            raise _refuse(self, f"{self.name!r} is not a label's name")
        _check_one_line(self, self.value)
        if len(self.value.encode()) > _MOST_LABEL_BYTES:
            raise _refuse(self, f"{self.name} has more than {_MOST_LABEL_BYTES} bytes")


@dataclass(frozen=True)
class User:
    """Run as a numeric ``uid`` or ``uid:gid``."""

    user: str

    def __post_init__(self) -> None:
        if not _USER.fullmatch(self.user) or any(int(part) > _LARGEST_ID for part in self.user.split(":")):
            raise _refuse(self, f"{self.user[:40]!r} is not numeric uid or uid:gid")


@dataclass(frozen=True)
class Workdir:
    """Set the working directory."""

    path: str

    def __post_init__(self) -> None:
        _check_absolute(self, self.path)


@dataclass(frozen=True)
class Expose:
    """Declare a TCP port."""

    port: int

    def __post_init__(self) -> None:
        if type(self.port) is not int or not 1 <= self.port <= _LARGEST_PORT:
            raise _refuse(self, f"{self.port!r} is not a port")


@dataclass(frozen=True)
class _Command:
    arguments: tuple[str, ...]

    def __post_init__(self) -> None:
        for argument in self.arguments:
            _check_text(self, argument)


@dataclass(frozen=True)
class Entrypoint(_Command):
    """Set the program that the container runs; exec form, no shell."""


@dataclass(frozen=True)
class Cmd(_Command):
    """Set the default arguments of the entrypoint; exec form, no shell."""


@dataclass(frozen=True)
class Run(_Command):
    """Run a program while the image is built; exec form. Not every engine can."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.arguments:
            raise _refuse(self, "names no program")


Instruction = From | AddLayer | Copy | Env | Label | User | Workdir | Expose | Entrypoint | Cmd | Run
