"""An image in a folder, read the way any tool reads an OCI image layout.

Format: https://github.com/opencontainers/image-spec (image-layout.md, manifest.md, config.md).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

__all__ = ["Image"]


@dataclass(frozen=True)
class Image:
    """An image.

    Args:
        folder: The layout; it holds this image only.
    """

    folder: Path

    @cached_property
    def settings(self) -> Mapping[str, Any]:
        """How containers of the image run: entrypoint, environment variables and more."""
        settings: Mapping[str, Any] = self._config["config"]
        return settings

    @cached_property
    def blobs(self) -> Mapping[str, int]:
        """The size of each blob by its digest."""
        return {path.name: path.stat().st_size for path in (self.folder / "blobs" / "sha256").iterdir()}

    def own_layers(self) -> list[Path]:
        """Return the layers that odahu-pack added to the base image's, from the lowest on."""
        entries = [entry for entry in self._config["history"] if not entry.get("empty_layer")]
        layers = [self._path(layer) for layer in self._manifest["layers"]]
        return [
            layer
            for layer, entry in zip(layers, entries, strict=True)
            if entry.get("comment") == "odahu-pack"
        ]

    @cached_property
    def _manifest(self) -> Mapping[str, Any]:
        index = json.loads((self.folder / "index.json").read_text())
        return self._document(index["manifests"][0])

    @cached_property
    def _config(self) -> Mapping[str, Any]:
        return self._document(self._manifest["config"])

    def _document(self, descriptor: Mapping[str, Any]) -> Mapping[str, Any]:
        document: Mapping[str, Any] = json.loads(self._path(descriptor).read_text())
        return document

    def _path(self, descriptor: Mapping[str, Any]) -> Path:
        digest: str = descriptor["digest"]
        return self.folder / "blobs" / digest.replace(":", "/")
