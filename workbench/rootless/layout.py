"""An image of one layer as an OCI image layout.

Format: https://github.com/opencontainers/image-spec (image-layout.md, manifest.md, config.md).
"""

import gzip
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["LayoutWriter"]

_OCI = "application/vnd.oci.image"
_LEVEL = 6


@dataclass(frozen=True)
class LayoutWriter:
    """Writes a layout; the same image is the same bytes everywhere.

    Args:
        folder: Where it goes; an empty folder.
    """

    folder: Path

    def write(self, name: str, layer: bytes, config: dict[str, Any]) -> None:
        """Write an image.

        Args:
            name: What the index calls it.
            layer: Its only layer, a tar.
            config: Its config without the layer.
        """
        diff_ids = [f"sha256:{hashlib.sha256(layer).hexdigest()}"]
        rooted = {**config, "rootfs": {"type": "layers", "diff_ids": diff_ids}}
        manifest = {
            "schemaVersion": 2,
            "mediaType": f"{_OCI}.manifest.v1+json",
            "config": self._blob("config.v1+json", _json(rooted)),
            "layers": [self._blob("layer.v1.tar+gzip", gzip.compress(layer, _LEVEL, mtime=0))],
        }
        entry = self._blob("manifest.v1+json", _json(manifest))
        entry["annotations"] = {"org.opencontainers.image.ref.name": name}
        index = {"schemaVersion": 2, "mediaType": f"{_OCI}.index.v1+json", "manifests": [entry]}
        (self.folder / "oci-layout").write_bytes(_json({"imageLayoutVersion": "1.0.0"}))
        (self.folder / "index.json").write_bytes(_json(index))

    def _blob(self, kind: str, content: bytes) -> dict[str, Any]:
        digest = hashlib.sha256(content).hexdigest()
        blobs = self.folder / "blobs" / "sha256"
        blobs.mkdir(parents=True, exist_ok=True)
        (blobs / digest).write_bytes(content)
        return {"mediaType": f"{_OCI}.{kind}", "digest": f"sha256:{digest}", "size": len(content)}


def _json(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
