"""Base images that are named by where they are in the file system, in place of a name in a registry."""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import Final, Literal, cast

from odahu_pack_core.errors import SpecError
from odahu_pack_core.values import dataclass

from .reference import TAG, ImageReference

LocationKind = Literal["oci", "docker-archive"]
"""An OCI image layout, as a folder or a tar; or what ``docker save`` writes."""

_KINDS: Final = ("oci", "docker-archive")
_HOST: Final = "localhost"
_SUFFIX: Final = re.compile(r"\.(?:tar|tgz|tar\.gz|tar\.zst)\Z")
_NOT_PLAIN: Final = re.compile(r"[^a-z0-9]+")
_LONGEST_NAME: Final = 100


@dataclass(frozen=True)
class BaseLocation:
    """Where a base image is in the file system.

    Args:
        kind: What is there.
        path: The path as written; a relative one counts from the current folder.
        tag: Which of several images is meant; empty where there is one.
    """

    kind: LocationKind
    path: str
    tag: str = ""

    @classmethod
    def parse(cls, text: str) -> BaseLocation | None:
        """Read ``oci:PATH[:TAG]`` or ``docker-archive:PATH``; None where the text is of another form.

        Raises:
            SpecError: There is no path.
        """
        kind, colon, path = text.partition(":")
        if not colon or kind not in _KINDS:
            return None
        head, colon, tag = path.rpartition(":")
        if kind == "oci" and colon and TAG.fullmatch(tag):
            path = head
        else:
            tag = ""
        if not path or "\0" in path:
            raise SpecError(f"{text!r} names no path", code="bad-reference", hint=f"write {kind}:PATH")
        return cls(cast("LocationKind", kind), path, tag)

    @property
    def reference(self) -> ImageReference:
        """A name for the image, made of its path, for those who must call it something."""
        name = _SUFFIX.sub("", PurePath(self.path).name.lower())
        plain = _NOT_PLAIN.sub("-", name)[:_LONGEST_NAME].strip("-")
        return ImageReference(plain or "base", _HOST, self.tag)

    def __str__(self) -> str:
        return f"{self.kind}:{self.path}" + (f":{self.tag}" if self.tag else "")
