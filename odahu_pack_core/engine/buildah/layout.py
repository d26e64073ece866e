"""A base image that is in no registry, as an OCI image layout that ``buildah`` can read.

Format: https://github.com/opencontainers/image-spec (image-layout.md).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from odahu_pack_core.blob.descriptor import OCI_CONFIG, OCI_MANIFEST, Blob, BytesBlob
from odahu_pack_core.engine.destination import writing
from odahu_pack_core.engine.oci.source_image import SourceImage

_VERSION: Final = {"imageLayoutVersion": "1.0.0"}


def write_layout(folder: Path, image: SourceImage) -> None:
    """Write an image into a folder that does not exist yet.

    Raises:
        EngineError: The folder cannot be written.
        RegistryError: A layer cannot be read.
    """
    with writing(folder):
        (folder / "blobs" / "sha256").mkdir(parents=True)
        config = BytesBlob(OCI_CONFIG, json.dumps(image.config).encode())
        layers = [layer.descriptor.to_json() for layer in image.layers]
        content = {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": config.descriptor.to_json(),
            "layers": layers,
        }
        manifest = BytesBlob(OCI_MANIFEST, json.dumps(content).encode())
        for blob in (*(layer.blob for layer in image.layers), config, manifest):
            _write(folder, blob)
        index = {"schemaVersion": 2, "manifests": [manifest.descriptor.to_json()]}
        (folder / "index.json").write_text(json.dumps(index))
        (folder / "oci-layout").write_text(json.dumps(_VERSION))


def _write(folder: Path, blob: Blob) -> None:
    path = folder / "blobs" / "sha256" / blob.descriptor.digest.removeprefix("sha256:")
    with path.open("wb") as stream:
        for chunk in blob.chunks():
            stream.write(chunk)
