"""Base images in the file system."""

import gzip
import io
import json
import tarfile
from dataclasses import replace

import pytest

from odahu_pack_core.blob.descriptor import digest_of_bytes
from odahu_pack_core.engine.context import write_context
from odahu_pack_core.engine.docker.engine import DockerEngine
from odahu_pack_core.errors import EngineError, RegistryError
from odahu_pack_core.plan.python_choice import choose_base
from odahu_pack_core.plugins.protocols import ImageOutput
from tests.core.engine.oci.bases.parts import (
    directory,
    entry_of,
    file,
    image_blobs,
    link,
    program,
    tar_of,
    write_layout,
)
from tests.core.engine.parts import build_request

TARS = [
    tar_of([directory("etc"), file("etc/motd", b"lower" * 2000)]),
    tar_of([program("usr/bin/python3.11"), link("usr/bin/python3", "python3.11")]),
]
SETTINGS = {"Env": ["PATH=/usr/bin"]}
REF_NAME = "org.opencontainers.image.ref.name"


@pytest.fixture
def layout(tmp_path):
    path = tmp_path / "layout"
    root, blobs = image_blobs(TARS, SETTINGS)
    write_layout(path, root, blobs)
    return path


def pack(path, files):
    """Write files as a tar."""
    with tarfile.open(path, "w") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return path


def saved(path, tars=TARS, images=1, compress=lambda tar: tar):
    """Write what ``docker save`` does."""
    config = {"os": "linux", "architecture": "amd64", "config": SETTINGS}
    config["rootfs"] = {"type": "layers", "diff_ids": [digest_of_bytes(tar) for tar in TARS]}
    names = [f"{number}/layer.tar" for number in range(len(tars))]
    entry = {"Config": "config.json", "RepoTags": ["base:1"], "Layers": names}
    layers = {name: compress(tar) for name, tar in zip(names, tars, strict=True)}
    documents = {"config.json": config, "manifest.json": [entry] * images}
    return pack(path, {**layers, **{name: json.dumps(found).encode() for name, found in documents.items()}})


def raw(found):
    return [gzip.decompress(b"".join(layer.blob.chunks())) for layer in found.layers]


def test_a_layout_is_built_upon_as_it_is(layout, find_at, memory):
    found = find_at(f"oci:{layout}")

    assert raw(found) == TARS
    assert (found.facts.python, found.facts.interpreter) == ("3.11", "/usr/bin/python3.11")
    assert found.facts.origin == f"oci:{layout}"
    assert str(found.reference) == f"localhost/layout@{found.manifest_digest}"
    assert found.registry_host == ""
    assert memory.opened == []


def test_a_layout_in_a_tar_is_read_in_place(layout, find_at, tmp_path):
    files = {str(path.relative_to(layout)): path.read_bytes() for path in layout.rglob("*") if path.is_file()}
    packed = pack(tmp_path / "base.tar", files)

    for kind in ("oci", "docker-archive"):
        found = find_at(f"{kind}:{packed}")
        assert raw(found) == TARS
        assert b"".join(found.layers[0].blob.chunks(30)) == b"".join(found.layers[0].blob.chunks())[30:]
    assert not (tmp_path / "cache/v1/bases/layers").exists()


def test_a_tag_chooses_among_several_images(tmp_path, find_at):
    path = tmp_path / "layout"
    roots, blobs = zip(*(image_blobs(TARS, {**SETTINGS, "User": user}) for user in "ab"), strict=True)
    entries = [
        entry_of(root, annotations={REF_NAME: name})
        for root, name in zip(roots, ("one", "registry.example/base:two"), strict=True)
    ]
    write_layout(path, roots[0], [roots[1], *blobs[0], *blobs[1]], *entries)

    assert find_at(f"oci:{path}:one").config["config"]["User"] == "a"
    assert find_at(f"oci:{path}:two").config["config"]["User"] == "b"
    assert str(find_at(f"oci:{path}:two").reference).startswith("localhost/layout:two@sha256:")
    with pytest.raises(RegistryError, match="the layout has none of that name"):
        find_at(f"oci:{path}:three")


def test_several_manifests_are_platforms(tmp_path, find_at):
    path = tmp_path / "layout"
    images = {platform: image_blobs(TARS, SETTINGS, platform) for platform in ("linux/amd64", "linux/arm64")}
    blobs = [blob for root, held in images.values() for blob in (root, *held)]
    write_layout(path, blobs[0], blobs, *(entry_of(root, platform) for platform, (root, _) in images.items()))

    assert find_at(f"oci:{path}", "linux/arm64").config["architecture"] == "arm64"
    with pytest.raises(RegistryError, match=r"is for linux/amd64, linux/arm64, not linux/s390x"):
        find_at(f"oci:{path}", "linux/s390x")


@pytest.mark.parametrize("whole", [lambda content: content, gzip.compress])
@pytest.mark.parametrize("compress", [lambda tar: tar, gzip.compress])
def test_what_docker_saved_is_packed_once(tmp_path, find_at, whole, compress):
    path = saved(tmp_path / "saved.tar", compress=compress)
    path.write_bytes(whole(path.read_bytes()))

    found = find_at(f"docker-archive:{path}")

    assert raw(found) == TARS
    assert [layer.diff_id for layer in found.layers] == [digest_of_bytes(tar) for tar in TARS]
    assert found.facts.python == "3.11"
    blobs = {
        blob.name: blob.stat().st_mtime_ns for blob in (tmp_path / "cache/v1/bases/layers").glob("*.blob")
    }
    assert len(blobs) == len(TARS)
    assert raw(find_at(f"docker-archive:{path}")) == TARS
    assert blobs == {
        blob.name: blob.stat().st_mtime_ns for blob in (tmp_path / "cache/v1/bases/layers").glob("*.blob")
    }


def test_a_damaged_layer_of_the_cache_is_made_anew(tmp_path, find_at):
    path = saved(tmp_path / "saved.tar")
    raw(find_at(f"docker-archive:{path}"))
    for blob in (tmp_path / "cache/v1/bases/layers").glob("*.blob"):
        content = bytearray(blob.read_bytes())
        content[-20] ^= 1
        blob.write_bytes(content)

    assert raw(find_at(f"docker-archive:{path}")) == TARS


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: path / "nothing", "is no file"),
        (lambda path: saved(path / "two.tar", images=2), "is not one image, but"),
        (lambda path: pack(path / "empty.tar", {"x": b""}), "no JSON"),
        (lambda path: path, "holds no OCI image layout"),
        (lambda path: _written(path / "text.tar", b"hello" * 1000), "is no tar"),
        (lambda path: _written(path / "cut.tar.gz", gzip.compress(b"hello" * 1000)[:-9]), "damaged|broken"),
    ],
)
def test_what_is_no_image_is_told(tmp_path, find_at, make, words):
    with pytest.raises(RegistryError, match=words):
        find_at(f"docker-archive:{make(tmp_path)}")


def _written(path, content):
    path.write_bytes(content)
    return path


def test_a_layer_that_the_archive_lacks_is_told(tmp_path, find_at):
    path = saved(tmp_path / "saved.tar", tars=TARS[:1])

    with pytest.raises(RegistryError, match="lacks the layer"):
        find_at(f"docker-archive:{path}")


def test_a_damaged_layout_is_told(layout, find_at):
    found = find_at(f"oci:{layout}")
    blob = layout / "blobs" / found.layers[0].descriptor.digest.replace(":", "/")
    blob.write_bytes(b"x" * found.layers[0].descriptor.size)

    with pytest.raises(RegistryError, match="is damaged"):
        list(found.layers[0].blob.chunks())
    blob.unlink()
    with pytest.raises(RegistryError, match="lacks the layer"):
        find_at(f"oci:{layout}")


def test_an_index_that_means_harm_reads_nothing_else(layout, find_at):
    secret = layout.parent / "secret"
    secret.write_text("{}")
    entry = {"mediaType": "x", "digest": "sha256:../../../secret", "size": 2}
    (layout / "index.json").write_text(json.dumps({"manifests": [entry]}))

    with pytest.raises(RegistryError, match="lacks sha256:"):
        find_at(f"oci:{layout}")


def test_those_who_know_names_only_refuse_it(layout, tmp_path, events):
    base, _ = choose_base("", f"oci:{layout}")
    request = build_request(output=ImageOutput("context", tmp_path / "context"))
    located = replace(request.plan.plan, base=replace(request.plan.plan.base, location=base.location))
    request = replace(request, plan=replace(request.plan, plan=located))

    with pytest.raises(EngineError, match="the engine docker cannot build upon oci:") as caught:
        DockerEngine({}).inspect_base(base, "linux/amd64", None, events.append)
    assert "--engine oci" in caught.value.hint
    with pytest.raises(EngineError, match="docker build cannot build upon oci:"):
        write_context(request, events.append)
    assert not (tmp_path / "context").exists()
