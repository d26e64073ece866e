"""What Docker's own builders make of a rendered Dockerfile is what the instructions say."""

import io
import json
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path

import docker
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from odahu_pack_core.plan.build_plan import FilesLayer
from odahu_pack_core.plan.dockerfile import render_block
from odahu_pack_core.plan.files import Folder, TextFile
from odahu_pack_core.plan.instruction import (
    AddLayer,
    Cmd,
    Copy,
    Entrypoint,
    Env,
    Expose,
    From,
    Label,
    Run,
    User,
    Workdir,
)
from tests.core.plan.strategies import hostile_texts, paths, refusable

pytestmark = [pytest.mark.engine, pytest.mark.property]

BUILDKIT = Path("/usr/bin/docker")
ARGUMENTS_TO_FILE = "import json, sys; json.dump(sys.argv[1:], open('/arguments.json', 'w'))"
FEW = settings(
    max_examples=5,
    deadline=None,
    phases=[Phase.generate],  # a build takes too long to look for the smallest fault
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

# Values that Env takes, all of them trouble.
values = st.text("$\\\"#'`{}()<>|&;*?[]!%=:@/,. é😀\ufeffaB0-_", min_size=5, max_size=25)
commands = refusable(Cmd, st.lists(hostile_texts, min_size=1, max_size=4).map(tuple)).filter(bool)
workdirs = refusable(Workdir, paths.map("/w{}".format)).filter(bool)
copies = refusable(Copy, paths.map("s{}".format), paths.map("/d{}".format)).filter(bool)


def context(instructions, files, layers):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as archive:
        contents = {"Dockerfile": (render_block(instructions) + "\n").encode(), **files, **layers}
        for name, content in contents.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return stream.getvalue()


@dataclass(frozen=True)
class Builder:
    environ: dict
    client: docker.DockerClient


class LegacyBuilder(Builder):
    def build(self, archive):
        image, _ = self.client.images.build(
            fileobj=io.BytesIO(archive), custom_context=True, rm=True, forcerm=True, pull=False
        )
        return image.id


class BuildKitBuilder(Builder):
    def build(self, archive):
        built = subprocess.run(
            [BUILDKIT, "build", "-q", "-"],
            input=archive,
            env={**self.environ, "DOCKER_BUILDKIT": "1"},
            capture_output=True,
            timeout=120,
            check=False,
        )
        assert built.returncode == 0, built.stderr.decode()
        return built.stdout.decode().strip()


@pytest.fixture
def client(engine):
    connected = docker.DockerClient(base_url=engine.host)
    yield connected
    connected.close()


@pytest.fixture(params=[LegacyBuilder, BuildKitBuilder])
def builder(request, engine, client):
    if request.param is BuildKitBuilder and not BUILDKIT.exists():
        pytest.skip("there is no docker command with BuildKit")
    return request.param(engine.environ, client)


@FEW
@given(
    variables=st.lists(values, min_size=10, max_size=20),
    labels=st.lists(values, min_size=5, max_size=10),
    entrypoint=commands,
    command=commands,
    workdir=workdirs,
)
def test_the_config_of_an_image(builder, client, *, variables, labels, entrypoint, command, workdir):
    instructions = [
        From("scratch"),
        *(Env(f"X{number}", value) for number, value in enumerate(variables)),
        *(Label(f"x{number}", value) for number, value in enumerate(labels)),
        Expose(5000),
        User("65532:0"),
        workdir,
        Entrypoint(entrypoint.arguments),
        Cmd(command.arguments),
    ]
    image = builder.build(context(instructions, {}, {}))
    config = client.api.inspect_image(image)["Config"]
    client.images.remove(image, force=True)
    environment = dict(text.split("=", 1) for text in config["Env"])
    environment.pop("PATH", None)
    assert environment == {f"X{number}": value for number, value in enumerate(variables)}
    assert config["Labels"] == {f"x{number}": value for number, value in enumerate(labels)}
    assert (config["Entrypoint"], config["Cmd"]) == (list(entrypoint.arguments), list(command.arguments))
    assert (config["User"], config["WorkingDir"]) == ("65532:0", workdir.path)
    assert config["ExposedPorts"] == {"5000/tcp": {}}


@FEW
@given(copy=copies)
def test_a_file_and_a_layer_are_where_the_instructions_say(builder, client, copy):
    layer = FilesLayer.of("model", (TextFile("/opt/ü/x.txt", b"layer", 0o755), Folder("/volume", 0o777)))
    stream = b"".join(layer.tar(lambda _: io.BytesIO()).chunks())
    instructions = [From("scratch"), AddLayer("model"), copy]
    image = builder.build(context(instructions, {copy.source: b"copied"}, {"layers/model.tar": stream}))
    container = client.containers.create(image, command=["never"])
    try:
        assert content_of(container, copy.destination)[1] == b"copied"
        member, content = content_of(container, "/opt/ü/x.txt")
        assert (content, member.mode & 0o777, member.uid, member.gid) == (b"layer", 0o755, 0, 0)
        assert content_of(container, "/volume")[0].mode & 0o777 == 0o777
    finally:
        container.remove()
        client.images.remove(image, force=True)


@FEW
@given(arguments=commands)
def test_the_arguments_of_a_program_that_is_run(builder, client, base, arguments):
    image = builder.build(
        context(
            [From(base("debian")), Run(("python3", "-c", ARGUMENTS_TO_FILE, *arguments.arguments))], {}, {}
        )
    )
    container = client.containers.create(image, command=["never"])
    try:
        assert json.loads(content_of(container, "/arguments.json")[1]) == list(arguments.arguments)
    finally:
        container.remove()
        client.images.remove(image, force=True)


def content_of(container, path):
    chunks, _ = container.get_archive(path)
    with tarfile.open(fileobj=io.BytesIO(b"".join(chunks))) as archive:
        member = archive.next()
        return member, archive.extractfile(member).read() if member.isreg() else b""
