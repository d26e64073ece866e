"""The registry that everybody runs, and skopeo as the second opinion."""

import json
import os
import subprocess
import sys

import pytest

from odahu_pack_core.blob.descriptor import (
    OCI_CONFIG,
    OCI_INDEX,
    OCI_LAYER,
    OCI_MANIFEST,
    BytesBlob,
    Descriptor,
)
from odahu_pack_core.errors import RegistryError

pytestmark = pytest.mark.registry

LAYER = BytesBlob(OCI_LAYER, os.urandom(2_000_000))


def push_image(client, repository, tag):
    """Push an image of one layer and return its manifest's digest."""
    rootfs = {"type": "layers", "diff_ids": [LAYER.descriptor.digest]}
    document = {"architecture": "amd64", "os": "linux", "rootfs": rootfs, "config": {}}
    config = BytesBlob(OCI_CONFIG, json.dumps(document).encode())
    for blob in (config, LAYER):
        client.push_blob(repository, blob, lambda _: None)
    manifest = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": config.descriptor.to_json(),
        "layers": [LAYER.descriptor.to_json()],
    }
    return client.put_manifest(repository, tag, json.dumps(manifest).encode(), OCI_MANIFEST)


@pytest.fixture(params=["anonymous_registry", "registry"])
def real(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def client(real, open_client):
    return open_client(real.host, *([(real.username, real.password)] if real.username else []))


@pytest.fixture
def skopeo(program, real):
    path = program("skopeo")

    def run(command, *arguments):
        login = ["--creds", f"{real.username}:{real.password}"] if real.username else []
        options = [option.replace("--", "--src-") for option in login] if command == "copy" else login
        tls = "--src-tls-verify=false" if command == "copy" else "--tls-verify=false"
        done = subprocess.run(
            [path, command, tls, *options, *arguments], check=True, capture_output=True, text=True
        )
        return done.stdout

    return run


def test_an_image_goes_there_and_skopeo_reads_it(client, real, skopeo, tmp_path):
    digest = push_image(client, "models/wine", "1")
    seen = json.loads(skopeo("inspect", f"docker://{real.host}/models/wine:1"))
    assert (seen["Digest"], seen["Layers"]) == (digest, [LAYER.descriptor.digest])
    skopeo("copy", f"docker://{real.host}/models/wine:1", f"dir:{tmp_path}")
    assert (tmp_path / LAYER.descriptor.digest.partition(":")[2]).read_bytes() == LAYER.content


def test_what_went_there_comes_back(client):
    digest = push_image(client, "models/back", "1")
    fetched = client.manifest("models/back", "1")
    assert fetched == client.manifest("models/back", digest)
    assert fetched.descriptor.media_type == OCI_MANIFEST
    assert client.has_manifest("models/back", digest)
    assert client.manifest("models/back", "2") is None
    with client.open_blob("models/back", LAYER.descriptor) as chunks:
        assert b"".join(chunks) == LAYER.content


def test_an_index_is_stored_and_read(client):
    digest = push_image(client, "models/index", "1")
    child = client.manifest("models/index", digest).descriptor
    index = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [child.to_json()]}
    client.put_manifest("models/index", "all", json.dumps(index).encode(), OCI_INDEX)
    assert client.manifest("models/index", "all").descriptor.media_type == OCI_INDEX


def test_a_blob_is_mounted(client):
    push_image(client, "models/source", "1")
    assert client.mount_blob("models/target", LAYER.descriptor.digest, "models/source")
    assert client.has_blob("models/target", LAYER.descriptor.digest)
    assert not client.mount_blob("models/target", "sha256:" + "0" * 64, "models/source")


def test_a_manifest_without_its_blobs_is_refused_in_words(client):
    missing = Descriptor(OCI_CONFIG, "sha256:" + "0" * 64, 2).to_json()
    manifest = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": missing, "layers": []}
    with pytest.raises(RegistryError, match="MANIFEST_BLOB_UNKNOWN"):
        client.put_manifest("models/none", "1", json.dumps(manifest).encode(), OCI_MANIFEST)


def test_content_that_is_not_what_it_says_is_refused(client):
    class Lying(BytesBlob):
        @property
        def descriptor(self):
            return Descriptor("", "sha256:" + "0" * 64, len(self.content))

    with pytest.raises(RegistryError, match="another content") as caught:
        client.push_blob("models/lie", Lying("", b"content"), lambda _: None)
    assert caught.value.code == "bad-digest"


def test_an_upload_that_breaks_off_goes_on(client):
    class Interrupted:
        descriptor = LAYER.descriptor

        def __init__(self):
            self.starts = []

        def chunks(self, start=0):
            self.starts.append(start)
            yield LAYER.content[start : start + 1_000_000]
            if len(self.starts) == 1:
                for transport in client._wire._transports.values():
                    transport.close()  # the connection goes away under the upload
                client._wire._transports.clear()
            yield LAYER.content[start + 1_000_000 :]

    blob = Interrupted()
    client.push_blob("models/resumed", blob, lambda _: None)
    assert len(blob.starts) > 1
    assert client.has_blob("models/resumed", LAYER.descriptor.digest)


LARGE = r"""
import hashlib, re, sys
from odahu_pack_core.blob.descriptor import Descriptor
from odahu_pack_core.registry.distribution.opening import registry_opener

piece, count = bytes(range(256)) * 4096, 300
content = hashlib.sha256()
for _ in range(count):
    content.update(piece)

class Large:
    descriptor = Descriptor("", f"sha256:{content.hexdigest()}", len(piece) * count)

    def chunks(self, start=0):
        return (piece for _ in range(count))

client = registry_opener({})(sys.argv[1], None)
client.push_blob("models/large", Large(), lambda count: None)
with client.open_blob("models/large", Large.descriptor) as chunks:
    assert sum(map(len, chunks)) == Large.descriptor.size
client.close()
print(int(re.search(r"VmHWM:\s+(\d+) kB", open("/proc/self/status").read())[1]) // 1024)
"""


@pytest.mark.slow
def test_a_large_blob_is_never_wholly_in_memory(anonymous_registry):
    done = subprocess.run(
        [sys.executable, "-c", LARGE, anonymous_registry.host], check=True, capture_output=True, text=True
    )
    assert int(done.stdout) < 100  # MB, of a blob of 300


def test_a_wrong_password_is_refused_in_words(registry, open_client):
    with pytest.raises(RegistryError, match="refused user 'packer' from connection my-registry: 401"):
        open_client(registry.host, (registry.username, "wrong")).has_blob("a/b", LAYER.descriptor.digest)
