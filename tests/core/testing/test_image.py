"""Images read back from layouts and archives, however their layers are compressed."""

import gzip
import json
import tarfile

import pytest
import zstandard

from odahu_pack_core.blob.descriptor import digest_of_bytes
from odahu_pack_core.plan.files import TextFile
from odahu_pack_core.testing import files_tar, read_archive, read_layout

LAYER = b"".join(files_tar([TextFile("/hello", b"hello")]).chunks())
CONFIG = {"config": {"Env": ["A=b=c", "D="]}, "rootfs": {"diff_ids": [digest_of_bytes(LAYER)]}}


@pytest.fixture
def write_layout(tmp_path):
    """Write a layout of one image and return its folder and the digest of its manifest."""

    def write(layer, *, nested=False):
        blobs = tmp_path / "layout" / "blobs" / "sha256"
        blobs.mkdir(parents=True)

        def blob(content):
            (blobs / digest_of_bytes(content).partition(":")[2]).write_bytes(content)
            return {"digest": digest_of_bytes(content)}

        manifest = {"config": blob(json.dumps(CONFIG).encode()), "layers": [blob(layer)]}
        entry = blob(json.dumps(manifest).encode())
        top = {"manifests": [entry]}
        if nested:
            top = {"manifests": [blob(json.dumps(top).encode())]}
        top["manifests"][0]["annotations"] = {"org.opencontainers.image.ref.name": "model:1"}
        (tmp_path / "layout" / "index.json").write_text(json.dumps(top))
        return tmp_path / "layout", entry["digest"]

    return write


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstandard.compress])
def test_a_layout_is_read_whole(write_layout, pack):
    folder, digest = write_layout(pack(LAYER))

    (image,) = read_layout(folder)

    assert (image.names, image.manifest_digest) == (("model:1",), digest)
    assert image.env == {"A": "b=c", "D": ""}
    assert image.layers == (LAYER,)
    assert image.tree["/hello"].content == b"hello"


def test_a_layout_in_a_tar_is_the_same(write_layout, tmp_path):
    folder, _ = write_layout(LAYER)
    with tarfile.open(tmp_path / "layout.tar", "w") as tar:
        tar.add(folder, "")

    assert read_layout(tmp_path / "layout.tar") == read_layout(folder)


def test_an_index_in_the_index_is_opened(write_layout):
    folder, digest = write_layout(LAYER, nested=True)
    assert [image.manifest_digest for image in read_layout(folder)] == [digest]


def test_a_blob_under_a_wrong_name_is_noticed(write_layout):
    folder, digest = write_layout(LAYER)
    manifest = folder / "blobs" / digest.replace(":", "/")
    manifest.write_bytes(manifest.read_bytes() + b" ")

    with pytest.raises(AssertionError, match="is not what its name says"):
        read_layout(folder)


def test_an_archive_is_read_whole(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps(CONFIG))
    (tmp_path / "layer.tar").write_bytes(LAYER)
    entry = {"Config": "config.json", "RepoTags": ["model:1"], "Layers": ["layer.tar"]}
    (tmp_path / "manifest.json").write_text(json.dumps([entry]))
    with tarfile.open(tmp_path / "image.tar", "w") as tar:
        for name in ("config.json", "layer.tar", "manifest.json"):
            tar.add(tmp_path / name, name)

    image = read_archive(tmp_path / "image.tar")

    assert (image.names, image.manifest_digest) == (("model:1",), "")
    assert image.config_digest == digest_of_bytes((tmp_path / "config.json").read_bytes())
    assert image.tree["/hello"].content == b"hello"
