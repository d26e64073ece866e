"""The build context as a tar stream."""

import io
import tarfile
from dataclasses import dataclass

import pytest

from odahu_pack_core.engine.build_context import BuildContext
from odahu_pack_core.errors import EngineError
from odahu_pack_core.plan.instruction import Copy
from tests.core.engine.parts import FILES, planned_tar, single_build


@dataclass
class Source:
    """A tar source that promises one size and yields other chunks."""

    size: int
    content: tuple

    def chunks(self):
        for chunk in self.content:
            if isinstance(chunk, Exception):
                raise chunk
            yield chunk


def _members(context):
    with tarfile.open(fileobj=io.BytesIO(b"".join(context.chunks()))) as tar:
        return {member.name: tar.extractfile(member).read() for member in tar.getmembers()}


def test_holds_dockerfile_files_and_layers():
    build = single_build(more=(Copy("conda/env.yml", "/tmp/env.yml"),), extra={"conda/env.yml": b"name: x\n"})

    members = _members(BuildContext.of(build))

    assert list(members) == ["Dockerfile", "conda/env.yml", "layers/model.tar"]
    assert members["Dockerfile"].decode() == build.image.dockerfile()
    assert members["conda/env.yml"] == b"name: x\n"
    assert members["layers/model.tar"] == b"".join(planned_tar(*FILES).chunks())


def test_says_its_size_in_advance():
    context = BuildContext.of(single_build(extra={"a/" + "long/" * 40 + "name": b"xyz"}))

    assert context.size == len(b"".join(context.chunks()))


def test_reads_layers_only_as_the_stream_is_read():
    source = Source(10**12, (b"x" * 512, RuntimeError("read too early")))
    chunks = BuildContext.of(single_build(layers={"model": source})).chunks()

    for chunk in chunks:
        if chunk == b"x" * 512:
            break
    with pytest.raises(RuntimeError, match="read too early"):
        next(chunks)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ((b"x" * 1024,), "changed"),
        ((b"x" * 1024, b"x" * 1025), "changed"),
        ((b"x" * 1024, PermissionError(13, "Permission denied")), "Permission denied"),
    ],
)
def test_refuses_a_layer_that_is_not_what_it_promised(content, words):
    context = BuildContext.of(single_build(layers={"model": Source(2048, content)}))

    with pytest.raises(EngineError, match=words):
        b"".join(context.chunks())


def test_refuses_a_plan_whose_layer_is_missing():
    with pytest.raises(EngineError, match="'model'"):
        BuildContext.of(single_build(layers={}))


def test_refuses_an_empty_layer_which_docker_would_copy_as_a_file():
    with pytest.raises(EngineError, match="empty"):
        BuildContext.of(single_build(layers={"model": planned_tar()}))


@pytest.mark.parametrize("path", ["../evil", "/etc/passwd", "a/../../b", "a//b", "", ".", "a\nb", "./a"])
def test_refuses_files_outside_the_context(path):
    with pytest.raises(EngineError, match="not a path inside"):
        BuildContext.of(single_build(extra={path: b""}))


@pytest.mark.parametrize("path", ["Dockerfile", ".dockerignore", "layers/model.tar", "layers"])
def test_refuses_files_in_its_own_places(path):
    with pytest.raises(EngineError, match="for itself"):
        BuildContext.of(single_build(extra={path: b""}))
