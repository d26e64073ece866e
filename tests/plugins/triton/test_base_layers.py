"""The layers of Triton's image, which has many gigabytes, never leave the registry that holds it."""

import hashlib
import json
import random
from urllib.parse import unquote

import pytest

from odahu_pack_core import package_model
from odahu_pack_core.names import MIRRORS_VARIABLE
from odahu_pack_core.testing import KnownRegistry
from tests.e2e.parts import connection, packaging

pytestmark = [pytest.mark.registry]

TAG = "23.10-py3"
BASE = "nvidia/tritonserver"
MEBIBYTE = 1024**2


@pytest.fixture
def mirror(start_registry, monkeypatch):
    """Give a registry of its own that stands in for NVIDIA's."""
    registry = start_registry()
    monkeypatch.setenv(MIRRORS_VARIABLE, f"nvcr.io={registry.host}")
    return registry


@pytest.fixture
def base_layers(mirror):
    """Publish an image of layers that nobody could read, and return their digests."""
    layers = tuple(random.Random(seed).randbytes(8 * MEBIBYTE) for seed in range(4))
    digests = [f"sha256:{hashlib.sha256(layer).hexdigest()}" for layer in layers]
    config = {
        "os": "linux",
        "architecture": "amd64",
        "config": {"Entrypoint": ["/opt/nvidia/nvidia_entrypoint.sh"]},
        "rootfs": {"type": "layers", "diff_ids": digests},
        "history": [{"created_by": "RUN /nvidia/build-scripts/install.sh"} for _ in layers],
    }
    KnownRegistry(mirror.host).push(BASE, TAG, json.dumps(config).encode(), layers)
    return digests


def test_they_are_mounted_and_never_read(mirror, base_layers, example):
    before, stored = len(mirror.requests()), stored_bytes(mirror)

    request = packaging("docker-triton", triton_base_image_tag=TAG)
    image = package_model(request, artifact=example / "model", connections=[connection(mirror)]).image

    asked = mirror.requests()[before:]
    about_base = {(method, digest) for method, path, _ in asked for digest in base_layers if digest in path}
    assert about_base == {("POST", digest) for digest in base_layers}
    mounts = [(unquote(path), status) for _, path, status in asked if "mount=" in path]
    assert all(f"from={BASE}" in path for path, _ in mounts)
    assert [status for _, status in mounts] == [201] * len(base_layers)

    manifest = manifest_of(mirror, image)
    assert [layer["digest"] for layer in manifest["layers"][: len(base_layers)]] == base_layers
    own = sum(layer["size"] for layer in manifest["layers"][len(base_layers) :])
    assert stored_bytes(mirror) - stored < own + 64 * 1024
    assert own > MEBIBYTE  # the model's environment


def stored_bytes(registry):
    """Return how much content a registry holds."""
    return sum(path.stat().st_size for path in registry.storage.rglob("data") if path.is_file())


def manifest_of(registry, image):
    """Return the manifest of a published image, as the registry keeps it."""
    digest = image.digest.removeprefix("sha256:")
    (data,) = registry.storage.rglob(f"blobs/sha256/{digest[:2]}/{digest}/data")
    return json.loads(data.read_text())
