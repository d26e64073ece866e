"""Other programs read our layers: skopeo, a registry, the Docker engine, GNU gzip."""

import io
import json
import subprocess
import tarfile

import pytest

from odahu_pack_core.blob.descriptor import OCI_CONFIG, OCI_INDEX, OCI_MANIFEST, BytesBlob, digest_of_bytes
from odahu_pack_core.blob.packing import pack
from odahu_pack_core.plan.build_plan import FilesLayer
from odahu_pack_core.plan.files import Folder, Link, TextFile
from tests.core.blob.streams import RANDOM, TEXT, Stream
from tests.core.engine.parts import Cli

COMPRESSED = (
    TextFile("/opt/code.py", TEXT * 3, 0o755),
    TextFile("/opt/random", RANDOM),
    TextFile("/opt/" + "long" * 60, b"long"),
    TextFile("/opt/new\nline", b"newline", 0o4711),
    TextFile("/opt/\udcff\udc80", b"undecoded"),
    Link("/opt/link", "l" * 150),
    Folder("/volume", 0o1777),
)
STORED = (TextFile("/weights/random", RANDOM * 2),)


def write_layout(folder, layers):
    """Write an image of layers as an OCI image layout."""
    config = {"architecture": "amd64", "os": "linux", "config": {"Cmd": ["/none"]}}
    config["rootfs"] = {"type": "layers", "diff_ids": [layer.diff_id for layer in layers]}
    config_blob = BytesBlob(OCI_CONFIG, json.dumps(config).encode())
    manifest = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config_blob.descriptor.to_json()}
    manifest["layers"] = [layer.blob.descriptor.to_json() for layer in layers]
    manifest_blob = BytesBlob(OCI_MANIFEST, json.dumps(manifest).encode())
    (folder / "blobs" / "sha256").mkdir(parents=True)
    for blob in (config_blob, manifest_blob, *(layer.blob for layer in layers)):
        name = blob.descriptor.digest.removeprefix("sha256:")
        (folder / "blobs" / "sha256" / name).write_bytes(b"".join(blob.chunks()))
    (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    index = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [manifest_blob.descriptor.to_json()]}
    (folder / "index.json").write_text(json.dumps(index))


def test_gnu_gzip_reads_a_layer(tmp_path):
    source = Stream([TEXT] * 5 + [RANDOM])
    pack(source, tmp_path / "layer.gz")
    read = subprocess.run(["gzip", "-dc", tmp_path / "layer.gz"], capture_output=True, check=True).stdout
    assert digest_of_bytes(read) == digest_of_bytes(source.content)


@pytest.mark.engine
@pytest.mark.registry
def test_skopeo_and_the_engine_read_our_layers(tmp_path, engine, anonymous_registry):
    files = (COMPRESSED, STORED)
    layers = [
        pack(FilesLayer.of("x", some).tar(open), tmp_path / str(number)) for number, some in enumerate(files)
    ]
    assert [layer.descriptor.media_type[-4:] for layer in layers] == ["gzip", ".tar"]
    write_layout(tmp_path / "layout", layers)
    image = f"{anonymous_registry.host}/blobs/read:1"
    copy = [
        "skopeo",
        "copy",
        "-q",
        "--dest-tls-verify=false",
        f"oci:{tmp_path / 'layout'}",
        f"docker://{image}",
    ]
    subprocess.run(copy, check=True)
    docker = Cli(engine.environ)
    docker("pull", "--quiet", image)
    container = docker("create", image)
    try:
        exported = subprocess.run(
            ["docker", "export", container], env=engine.environ, capture_output=True, check=True
        ).stdout
        diff_ids = docker.inspect(image)["RootFS"]["Layers"]
    finally:
        docker("rm", container)
        docker.remove(image)
    assert diff_ids == [layer.diff_id for layer in layers]
    with tarfile.open(fileobj=io.BytesIO(exported), errors="surrogateescape") as archive:
        for file in (*COMPRESSED, *STORED):
            member = archive.getmember(file.path[1:])
            assert member.mode & 0o7777 == getattr(file, "mode", 0o777)  # docker adds the type
            if isinstance(file, TextFile):
                assert archive.extractfile(member).read() == file.content
            else:
                assert member.linkname == getattr(file, "target", "")
