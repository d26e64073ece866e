"""Image references: registry, repository, tag and digest.

Grammar: https://github.com/distribution/reference (reference.go, normalize.go).
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from odahu_pack_core.errors import SpecError
from odahu_pack_core.values import dataclass

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

DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")
"""Names content."""

_IMAGE_ID: Final = re.compile(r"[0-9a-f]{64}")
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
            raise _bad(self.repository, "is not an image repository")
        if self.registry:
            _check_registry(self.registry)
        elif split_registry(self.repository)[0] or _IMAGE_ID.fullmatch(self.repository):
            raise _bad(
                self.repository, "is not an image repository, but would be read as a registry or an image id"
            )
        if self.tag and not TAG.fullmatch(self.tag):
            raise _bad(self.tag, "is not an image tag")
        if self.digest and not DIGEST.fullmatch(self.digest):
            raise _bad(self.digest, "is not an image digest")
        if len(self._full_name) > MOST_NAME_CHARACTERS:
            reason = f"has {len(self._full_name)} characters, more than {MOST_NAME_CHARACTERS}"
            raise _bad(self.name, f"{reason}, as an image name")

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
            raise _bad(text, "ends with an empty tag")
        registry, repository = split_registry(head)
        if "@" in text and not digest:
            raise _bad(text, "ends with an empty digest")
        return cls(repository, registry, tag, digest)

    @property
    def name(self) -> str:
        """The reference without tag and digest."""
        return f"{self.registry}/{self.repository}" if self.registry else self.repository

    @property
    def _full_name(self) -> str:
        """The name with the registry and the folder that Docker adds where none is written."""
        if self.registry:
            return self.name
        return f"{DOCKER_HUB}/{'' if '/' in self.repository else 'library/'}{self.repository}"

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
    _check_registry(host)
    if prefix and not REPOSITORY.fullmatch(prefix):
        raise _bad(prefix, f"is not a repository path, in the uri {uri!r}")
    return host, prefix


def _check_registry(host: str) -> None:
    """Refuse a host that Docker, finding it before a repository, would take for a part of the repository."""
    if not HOST.fullmatch(host) or not split_registry(f"{host}/repository")[0]:
        raise SpecError(
            f"{_shown(host)} is not a registry host",
            code="bad-reference",
            hint="a registry's host has a dot or a port, as in gcr.io or registry:443, or is localhost",
        )


def _bad(text: str, reason: str) -> SpecError:
    return SpecError(f"{_shown(text)} {reason}", code="bad-reference")


def _shown(text: str) -> str:
    return repr(text if len(text) <= MOST_NAME_CHARACTERS else f"{text[:40]}…")
