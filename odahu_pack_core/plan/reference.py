"""Image references: registry, repository, tag and digest.

Grammar: https://github.com/distribution/reference (reference.go).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final

from odahu_pack_core.errors import SpecError

_COMPONENT: Final = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
REPOSITORY: Final = re.compile(rf"{_COMPONENT}(?:/{_COMPONENT})*")
"""A repository's path inside a registry."""

TAG: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
"""A tag: at most 128 characters."""

HOST: Final = re.compile(
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*(?::[0-9]{1,5})?"
    r"|\[[0-9a-fA-F:]+\](?::[0-9]{1,5})?"
)
"""A registry: a host name or address, with an optional port."""

_DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")
MOST_NAME_CHARACTERS: Final = 255
DOCKER_HUB: Final = "docker.io"


@dataclass(frozen=True)
class ImageReference:
    """The name of an image.

    Args:
        repository: Path inside the registry, lowercase.
        registry: Host with optional port; empty where none is written.
        tag: Empty where none is written.
        digest: ``sha256:…``, or empty.
    """

    repository: str
    registry: str = ""
    tag: str = ""
    digest: str = ""

    def __post_init__(self) -> None:
        if not REPOSITORY.fullmatch(self.repository):
            raise SpecError(f"{self.repository!r} is not an image repository", code="bad-reference")
        if self.registry and not HOST.fullmatch(self.registry):
            raise SpecError(f"{self.registry!r} is not a registry host", code="bad-reference")
        if self.tag and not TAG.fullmatch(self.tag):
            raise SpecError(f"{self.tag!r} is not an image tag", code="bad-reference")
        if self.digest and not _DIGEST.fullmatch(self.digest):
            raise SpecError(f"{self.digest!r} is not an image digest", code="bad-reference")
        if len(self.name) > MOST_NAME_CHARACTERS:
            raise SpecError(
                f"the image name {self.name[:40]}… has {len(self.name)} characters, "
                f"more than {MOST_NAME_CHARACTERS}",
                code="bad-reference",
            )

    @classmethod
    def parse(cls, text: str) -> ImageReference:
        """Read ``[registry/]repository[:tag][@digest]``.

        Raises:
            SpecError: The text is not an image reference.
        """
        name, _, digest = text.partition("@")
        head, colon, tag = name.rpartition(":")
        if not colon or "/" in tag:
            head, tag = name, ""
        elif not tag:
            raise SpecError(f"{text!r} ends with an empty tag", code="bad-reference")
        registry, repository = split_registry(head)
        if "@" in text and not digest:
            raise SpecError(f"{text!r} ends with an empty digest", code="bad-reference")
        return cls(repository, registry, tag, digest)

    @property
    def name(self) -> str:
        """The reference without tag and digest."""
        return f"{self.registry}/{self.repository}" if self.registry else self.repository

    def pinned(self, digest: str) -> ImageReference:
        """Return the reference with a digest beside its tag."""
        return replace(self, digest=digest)

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        return f"{self.name}{tag}" + (f"@{self.digest}" if self.digest else "")


def split_registry(name: str) -> tuple[str, str]:
    """Split a name into registry and the rest; the first part is a registry if it looks like a host.

    Returns:
        The registry (empty where none is written) and the rest.
    """
    first, slash, rest = name.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        return first, rest
    return "", name


def registry_prefix(uri: str) -> tuple[str, str]:
    """Split a connection's uri into registry host and repository prefix.

    The scheme and a trailing slash are tolerated.

    Raises:
        SpecError: The uri names no registry host.
    """
    host, _, prefix = uri.partition("://")[2 if "://" in uri else 0].rstrip("/").partition("/")
    if not HOST.fullmatch(host):
        raise SpecError(f"{uri!r} does not begin with a registry host", code="bad-reference")
    if prefix and not REPOSITORY.fullmatch(prefix):
        raise SpecError(f"{uri!r}: {prefix!r} is not a repository path", code="bad-reference")
    return host, prefix
