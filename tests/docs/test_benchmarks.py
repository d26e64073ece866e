"""The parts of benchmarks: what they measure is what they say."""

import os

import pytest

from benchmarks.build_cache import _upon
from benchmarks.docker import Docker
from benchmarks.floor import floor_seconds
from benchmarks.measure import BenchmarkError
from benchmarks.report import paragraphs
from workbench import Registry


def command(folder, text):
    folder.mkdir()
    (folder / "docker").write_text(f"#!/bin/sh\n{text}\n")
    (folder / "docker").chmod(0o755)
    return str(folder)


def test_the_docker_that_has_buildkit_is_taken(tmp_path):
    without = command(tmp_path / "first", "exit 1")
    having = command(tmp_path / "second", 'echo "$DOCKER_BUILDKIT $@"')
    docker = Docker({"PATH": os.pathsep.join((without, having, os.defpath))}, tmp_path / "bin")
    assert docker("push", "image") == "1 push image"
    assert docker.environ["PATH"].startswith(str(tmp_path / "bin"))
    assert (tmp_path / "bin" / "docker").resolve() == tmp_path / "second" / "docker"


def test_without_buildkit_there_is_no_figure(tmp_path):
    without = command(tmp_path / "first", "exit 1")
    with pytest.raises(BenchmarkError, match="BuildKit"):
        Docker({"PATH": without}, tmp_path / "bin")


def test_a_failing_docker_is_no_figure(tmp_path):
    having = command(tmp_path / "first", '[ "$1" = push ] && echo denied >&2 && exit 1; exit 0')
    docker = Docker({"PATH": os.pathsep.join((having, os.defpath))}, tmp_path / "bin")
    with pytest.raises(BenchmarkError, match=r"docker push ended with 1:\ndenied"):
        docker("push", "image")


def test_only_what_stands_upon_the_base_is_forgotten():
    parents = {
        "debian": "",
        "python": "debian",
        "base": "python",
        "uv": "base",
        "model": "uv",
        "other": "python",
    }
    records = [{"ID": name, "Parent": parent} for name, parent in parents.items()]
    assert sorted(_upon({"base"}, records)) == ["model", "uv"]
    assert _upon(set(), records) == []


def test_notes_are_paragraphs():
    assert paragraphs("\none\nline\n\nanother\n") == ("one line", "another")


@pytest.mark.registry
def test_the_floor_sends_the_whole_file(tmp_path):
    weights = tmp_path / "weights.bin"
    weights.write_bytes(os.urandom(3_000_000))
    with Registry(username="benchmark") as registry:
        assert 0 < floor_seconds(weights, registry) < 30
        blobs = list(registry.storage.glob("docker/registry/v2/blobs/*/*/*/data"))
        assert [blob.read_bytes() for blob in blobs] == [weights.read_bytes()]


@pytest.mark.registry
def test_a_floor_that_the_registry_refuses_is_no_figure(tmp_path):
    weights = tmp_path / "weights.bin"
    weights.write_bytes(b"weights")
    with Registry(username="benchmark") as registry:
        registry.password = "another"
        with pytest.raises(BenchmarkError, match="answered 401"):
            floor_seconds(weights, registry)
