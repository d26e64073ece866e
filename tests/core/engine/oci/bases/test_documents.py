"""Manifests, indexes and configs, some of which mean harm."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odahu_pack_core.blob.descriptor import (
    DOCKER_INDEX,
    DOCKER_MANIFEST,
    OCI_INDEX,
    OCI_LAYER_GZIP,
    OCI_LAYER_ZSTD,
    OCI_MANIFEST,
)
from odahu_pack_core.engine.oci.bases.base_config import check_platform, read_config
from odahu_pack_core.engine.oci.bases.documents import choose_platform, media_type_of, read_manifest
from odahu_pack_core.engine.oci.bases.json_text import read_object
from odahu_pack_core.errors import RegistryError

DIGEST = "sha256:" + "a" * 64
CONFIG = {"mediaType": "application/vnd.docker.container.image.v1+json", "digest": DIGEST, "size": 5}
DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"


def manifest(*layers, **changes):
    document = {"schemaVersion": 2, "config": CONFIG, "layers": list(layers), **changes}
    return read_manifest(document, OCI_MANIFEST, "the base")


def layer(media_type=OCI_LAYER_GZIP, **changes):
    return {"mediaType": media_type, "digest": DIGEST, "size": 7, **changes}


def test_docker_media_types_become_ocis():
    found = manifest(layer(DOCKER_LAYER), layer(OCI_LAYER_ZSTD))

    assert [one.media_type for one in found.layers] == [OCI_LAYER_GZIP, OCI_LAYER_ZSTD]


@pytest.mark.parametrize(
    ("document", "told", "expected"),
    [
        ({"mediaType": DOCKER_INDEX}, "", OCI_INDEX),
        ({}, DOCKER_MANIFEST, OCI_MANIFEST),
        ({"manifests": []}, "", OCI_INDEX),
        ({"layers": []}, "text/plain", OCI_MANIFEST),
        ({"mediaType": 5, "manifests": []}, "", OCI_INDEX),
    ],
)
def test_the_media_type_is_what_the_document_says(document, told, expected):
    assert media_type_of(document, told) == expected


@pytest.mark.parametrize(
    ("layers", "changes", "words"),
    [
        (
            [layer("application/vnd.oci.image.layer.nondistributable.v1.tar+gzip")],
            {},
            "may not be distributed",
        ),
        ([layer("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip")], {}, "may not be distributed"),
        ([layer("text/\x1b[31mred")], {}, "unknown kind 'text/"),
        ([layer(digest="sha256:../../etc/passwd")], {}, "names no content"),
        ([layer(digest=["x"])], {}, "names no content"),
        ([layer(size=-1)], {}, "has no size"),
        ([layer(size=True)], {}, "has no size"),
        ([layer(size=10**30)], {}, "has no size"),
        (["x"], {}, "without the list"),
        ([], {"layers": {"0": layer()}}, "without the list"),
        ([], {"layers": [layer()] * 2000}, "without the list"),
        ([], {"config": None}, "no descriptor"),
        (
            [],
            {"config": {**CONFIG, "mediaType": "application/vnd.cncf.helm.config.v1+json"}},
            "no container image",
        ),
        ([], {"schemaVersion": 1}, "schema 1"),
    ],
)
def test_what_cannot_be_built_upon_is_told(layers, changes, words):
    with pytest.raises(RegistryError, match=words) as caught:
        manifest(*layers, **changes)

    assert caught.value.code == "base-unusable"
    assert "\x1b" not in caught.value.message


def platform_entry(platform):
    names = dict(zip(("os", "architecture", "variant"), platform.split("/"), strict=False))
    return {
        "mediaType": OCI_MANIFEST,
        "digest": f"sha256:{platform.encode().hex():0<64}",
        "size": 1,
        "platform": names,
    }


@pytest.mark.parametrize(
    ("wanted", "there", "chosen"),
    [
        ("linux/amd64", ["linux/arm64/v8", "linux/amd64"], "linux/amd64"),
        ("linux/arm64", ["linux/amd64", "linux/arm64/v8"], "linux/arm64/v8"),
        ("linux/arm64/v8", ["linux/arm64"], "linux/arm64"),
        ("linux/amd64", ["linux/amd64/v3", "linux/amd64/v1"], "linux/amd64/v1"),
        ("linux/arm", ["linux/arm/v6", "linux/arm/v7"], "linux/arm/v7"),
        ("linux/arm/v6", ["linux/arm/v7", "linux/arm/v6"], "linux/arm/v6"),
    ],
)
def test_the_platform_that_runs_there_is_chosen(wanted, there, chosen):
    found = choose_platform(
        {"manifests": [platform_entry(platform) for platform in there]}, wanted, "the base"
    )

    assert found.digest == platform_entry(chosen)["digest"]


def test_a_missing_platform_is_told_with_those_that_are_there():
    there = [platform_entry(p) for p in ("linux/amd64", "unknown/unknown", "linux/s390x", "linux/amd64/v3")]

    with pytest.raises(RegistryError) as caught:
        choose_platform({"manifests": there}, "linux/arm64", "the base image python:3.11")

    assert caught.value.message == (
        "the base image python:3.11 is for linux/amd64, linux/amd64/v3, linux/s390x, not linux/arm64"
    )
    assert caught.value.code == "base-platform"


@pytest.mark.parametrize(
    "settings",
    [
        {"Env": "PATH=/bin"},
        {"Env": [1]},
        {"Labels": {"a": 1}},
        {"Labels": ["a"]},
        {"Cmd": "sh"},
        {"Entrypoint": {"a": "b"}},
        {"ExposedPorts": ["80"]},
        {"User": 5},
        ["x"],
        "x",
    ],
)
def test_settings_of_a_wrong_type_are_refused(settings):
    with pytest.raises(RegistryError, match="has a config whose"):
        read_config({"config": settings}, "the base")


@pytest.mark.parametrize(
    "document",
    [
        {"rootfs": {"diff_ids": ["x"]}},
        {"rootfs": {"diff_ids": "x"}},
        {"rootfs": 5},
        {"history": ["x"]},
        {"history": 5},
    ],
)
def test_layers_and_history_of_a_wrong_type_are_refused(document):
    with pytest.raises(RegistryError):
        read_config(document, "the base")


def test_nulls_are_what_engines_write_for_nothing():
    found = read_config({"config": {"Env": None, "Labels": None, "Cmd": None}, "rootfs": None}, "the base")

    assert (found.env, found.labels, found.diff_ids) == ({}, {}, ())


@pytest.mark.parametrize(
    "content", [b"", b"[" * 100_000, b"\xff", b"[]", b"5", b'{"a":' * 5000, b"9" * 10_000]
)
def test_what_is_no_object_is_no_traceback(content):
    with pytest.raises(RegistryError):
        read_object(content, "the base")


def test_another_platform_is_refused():
    config = read_config({"os": "linux", "architecture": "arm64", "variant": "v8"}, "the base")

    check_platform(config, "linux/arm64", "the base")
    with pytest.raises(RegistryError, match="is for linux/arm64/v8, not linux/amd64"):
        check_platform(config, "linux/amd64", "the base")


MANIFEST_KEYS = ["config", "layers", "manifests", "digest", "size", "mediaType", "platform", "schemaVersion"]
CONFIG_KEYS = ["os", "architecture", "variant", "Env", "Labels", "rootfs", "diff_ids", "history"]
KEYS = st.sampled_from(MANIFEST_KEYS + CONFIG_KEYS)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just(DIGEST),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=15,
)


@pytest.mark.property
@given(st.dictionaries(KEYS, JSON, max_size=6))
def test_any_document_is_read_or_refused(document):
    written = json.loads(json.dumps(document))
    for read in (
        lambda: read_manifest(written, media_type_of(written, ""), "the base"),
        lambda: choose_platform(written, "linux/amd64", "the base"),
        lambda: check_platform(read_config(written, "the base"), "linux/amd64", "the base"),
    ):
        try:
            read()
        except RegistryError as error:
            assert error.message.startswith("the base")  # noqa: PT017  # either way is fine
