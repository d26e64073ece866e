"""KnownRegistry: a registry that a test looks into, and FixedAccess: a way into it for engines."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPResponse
from typing import Final
from urllib.parse import urlsplit

from odahu_pack_core.blob.descriptor import digest_of_bytes
from odahu_pack_core.plan.reference import ImageReference
from odahu_pack_core.plugins.protocols import Credentials

from .image import ImageContent, image_of

_MANIFEST: Final = "application/vnd.oci.image.manifest.v1+json"
_INDEX: Final = "application/vnd.oci.image.index.v1+json"
_DOCKERS: Final = "application/vnd.docker.distribution.manifest"
_ACCEPT: Final = f"{_MANIFEST}, {_INDEX}, {_DOCKERS}.v2+json, {_DOCKERS}.list.v2+json"
_OK: Final = frozenset({200, 201, 202})
_NOT_FOUND: Final = 404
_SECONDS: Final = 30


@dataclass
class FixedAccess:
    """A way into a registry with credentials that never change.

    Args:
        host: The registry.
        username: Who; empty for anonymous access.
        password: The secret.
        plain_http: Whether the user wrote ``http://``.
        prepared: Every image whose push was prepared.
    """

    host: str
    username: str = ""
    password: str = field(default="", repr=False)
    plain_http: bool = False
    prepared: list[ImageReference] = field(default_factory=list)

    def credentials(self) -> Credentials | None:
        """Return the credentials; None for anonymous access."""
        return Credentials(self.username, self.password, "the test") if self.username else None

    def prepare_push(self, image: ImageReference) -> None:
        """Note that an image is about to be pushed."""
        self.prepared.append(image)


@dataclass(frozen=True)
class KnownRegistry:
    """An image registry that speaks plain HTTP, such as one that runs on this machine for the tests.

    Args:
        host: Host and port, as image names have them.
        username: Who may read and write; empty where everybody may.
        password: The secret.
    """

    host: str
    username: str = ""
    password: str = field(default="", repr=False)

    def access(self) -> FixedAccess:
        """Return a way in for engines."""
        return FixedAccess(self.host, self.username, self.password)

    def push(self, repository: str, tag: str, config: bytes, layers: tuple[bytes, ...]) -> str:
        """Store an image and return its digest.

        Args:
            repository: Where.
            tag: Under which tag.
            config: The config.
            layers: The tar stream of each layer, uncompressed.
        """
        described = [self._blob(repository, layer, "layer.v1.tar") for layer in layers]
        manifest = {
            "schemaVersion": 2,
            "mediaType": _MANIFEST,
            "config": self._blob(repository, config, "config.v1+json"),
            "layers": described,
        }
        return self._put(repository, tag, manifest)

    def push_index(self, repository: str, tag: str, tags: Mapping[str, str]) -> str:
        """Store an index of images that are in the repository and return its digest.

        Args:
            repository: Where.
            tag: Under which tag.
            tags: The tag of the image of each platform.
        """
        entries = []
        for platform, image in tags.items():
            system, architecture = platform.split("/")[:2]
            content = self._manifest(repository, image)
            entry = {"mediaType": _MANIFEST, "digest": digest_of_bytes(content), "size": len(content)}
            entries.append({**entry, "platform": {"os": system, "architecture": architecture}})
        return self._put(repository, tag, {"schemaVersion": 2, "mediaType": _INDEX, "manifests": entries})

    def digest(self, repository: str, reference: str) -> str:
        """Return the digest that a tag names; empty where there is none."""
        found = self._ask("GET", f"/v2/{repository}/manifests/{reference}", headers={"Accept": _ACCEPT})
        return digest_of_bytes(found) if found is not None else ""

    def image(self, repository: str, reference: str) -> ImageContent:
        """Return an image by its tag or digest."""
        manifest = self._manifest(repository, reference)
        return image_of(manifest, lambda digest: self._read(repository, digest))

    def _manifest(self, repository: str, reference: str) -> bytes:
        path = f"/v2/{repository}/manifests/{reference}"
        manifest = self._ask("GET", path, headers={"Accept": _ACCEPT})
        assert manifest is not None, f"{self.host} has no {repository}:{reference}"
        return manifest

    def _put(self, repository: str, tag: str, document: Mapping[str, object]) -> str:
        content = json.dumps(document).encode()
        headers = {"Content-Type": str(document["mediaType"])}
        self._ask("PUT", f"/v2/{repository}/manifests/{tag}", content, headers)
        return digest_of_bytes(content)

    def _read(self, repository: str, digest: str) -> bytes:
        blob = self._ask("GET", f"/v2/{repository}/blobs/{digest}")
        assert blob is not None, f"{self.host} lacks the blob {digest} of {repository}"
        return blob

    def _blob(self, repository: str, content: bytes, kind: str) -> dict[str, object]:
        digest = digest_of_bytes(content)
        with _answer(self, "POST", f"/v2/{repository}/blobs/uploads/") as answer:
            parts = urlsplit(answer.headers["Location"])
        query = f"{parts.query}&digest={digest}" if parts.query else f"digest={digest}"
        headers = {"Content-Type": "application/octet-stream"}
        self._ask("PUT", f"{parts.path}?{query}", content, headers)
        return {
            "mediaType": f"application/vnd.oci.image.{kind}",
            "digest": digest,
            "size": len(content),
        }

    def _ask(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> bytes | None:
        with _answer(self, method, path, body, headers) as answer:
            return None if answer.status == _NOT_FOUND else answer.read()


def _answer(
    registry: KnownRegistry,
    method: str,
    path: str,
    body: bytes = b"",
    headers: Mapping[str, str] | None = None,
) -> HTTPResponse:
    connection = HTTPConnection(registry.host, timeout=_SECONDS)
    sent = {**(headers or {}), "Connection": "close"}
    if registry.username:
        pair = f"{registry.username}:{registry.password}".encode()
        sent["Authorization"] = f"Basic {base64.b64encode(pair).decode()}"
    connection.request(method, path, body or None, sent)
    answer = connection.getresponse()
    known = answer.status in _OK or answer.status == _NOT_FOUND
    assert known, f"{registry.host} answers {method} {path} with {answer.status}"
    return answer
