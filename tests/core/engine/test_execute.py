"""Plans executed by a real engine, and what is left of it in the end."""

import signal
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from odahu_pack_core.engine.context import write_context
from odahu_pack_core.errors import EngineError
from odahu_pack_core.events import Output, Progress
from odahu_pack_core.plan.base import BaseImage
from odahu_pack_core.plan.files import TextFile
from odahu_pack_core.plan.instruction import Copy, Run
from odahu_pack_core.plan.reference import ImageReference
from odahu_pack_core.plugins.protocols import ImageOutput
from tests.core.engine.parts import build_request, unique_file, write_archive
from tests.core.engine.test_build_context import Source

pytestmark = pytest.mark.engine


TO_REGISTRY = ImageOutput("registry")


def test_keeps_the_image_in_the_engine(docker, facts, docker_cli, new_name, events):
    name = new_name()

    published = docker.execute(build_request(name, facts=facts), events.append)

    image = docker_cli.inspect(name)
    assert published.digest == image["Id"]
    assert image["Config"]["User"] == "65532:0"
    assert 'MODEL=a "b" $c \\' in image["Config"]["Env"]
    assert docker_cli("run", "--rm", name, "cat", "/opt/odahu/hello.txt") == "hello"
    assert docker_cli("run", "--rm", name, "stat", "-c", "%a %u:%g %Y", "/opt/odahu/run.sh") == "755 0:0 0"


def test_tells_how_far_it_is(docker, facts, new_name, events):
    docker.execute(build_request(new_name(), facts=facts), events.append)

    sent = [event for event in events if isinstance(event, Progress) and event.subject == "build context"]
    steps = [event for event in events if isinstance(event, Progress) and event.unit == "steps"]
    assert (sent[-1].done, sent[-1].unit) == (sent[-1].total, "bytes")
    assert [(step.done, step.total) for step in steps] == [(number, 5) for number in range(1, 6)]
    assert steps[1].subject == "ADD layers/model.tar /"
    assert any(isinstance(event, Output) and "Successfully built" in event.line for event in events)


def test_extra_files_are_there_for_run(docker, facts, docker_cli, new_name, events):
    name = new_name()
    more = (Copy("some/it's $x.txt", "/opt/x.txt"), Run(("/bin/cp", "/opt/x.txt", "/opt/y.txt")))

    docker.execute(
        build_request(name, facts=facts, more=more, extra={"some/it's $x.txt": b"extra"}), events.append
    )

    assert docker_cli("run", "--rm", name, "cat", "/opt/y.txt") == "extra"


def test_a_failed_step_is_shown_with_its_last_lines(docker, facts, docker_cli, new_name, events):
    name, mark = new_name(), uuid.uuid4().hex
    script = f"exec 2>&1; for i in $(seq 30); do echo line $i; done; echo {mark} >&2; exit 3"

    with pytest.raises(EngineError) as caught:
        docker.execute(
            build_request(name, facts=facts, more=(Run(("/bin/sh", "-c", script)),)), events.append
        )

    message = caught.value.message
    assert (caught.value.code, caught.value.exit_code) == ("build-failed", 15)
    assert "the build failed at step 3 of 6 (RUN [" in message
    assert "non-zero code: 3" in message
    assert f"  {mark}" in message.splitlines()
    assert "line 30" in message
    assert "line 5\n" not in message
    assert not docker_cli.exists(name)
    assert not any(mark in line for line in _commands(docker_cli))


def _commands(docker_cli):
    return docker_cli("ps", "--all", "--no-trunc", "--format", "{{.Command}}").splitlines()


def test_an_interrupt_stops_the_build_and_leaves_nothing(docker, facts, docker_cli, new_name):
    name, mark = new_name(), f"61.{uuid.uuid4().int % 10**9}"
    started = time.monotonic()

    def emit(event):
        if isinstance(event, Output) and "Running in" in event.line and sleeping:
            raise KeyboardInterrupt
        if isinstance(event, Progress) and mark in event.subject:
            sleeping.append(event)

    sleeping = []
    with pytest.raises(KeyboardInterrupt):
        docker.execute(build_request(name, facts=facts, more=(Run(("/bin/sleep", mark)),)), emit)

    while any(mark in line for line in _commands(docker_cli)):
        assert time.monotonic() - started < 20, "the container of the stopped build is still there"
        time.sleep(0.2)
    assert time.monotonic() - started < 20
    assert not docker_cli.exists(name)


def test_a_signal_interrupts_a_build_that_says_nothing(docker, facts, docker_cli, new_name):
    name, mark = new_name(), f"62.{uuid.uuid4().int % 10**9}"

    def interrupt(*_):
        raise KeyboardInterrupt

    def emit(event):
        if isinstance(event, Progress) and mark in event.subject:
            signal.setitimer(signal.ITIMER_REAL, 1)

    before = signal.signal(signal.SIGALRM, interrupt)
    started = time.monotonic()
    try:
        with pytest.raises(KeyboardInterrupt):
            docker.execute(build_request(name, facts=facts, more=(Run(("/bin/sleep", mark)),)), emit)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)

    while any(mark in line for line in _commands(docker_cli)):
        assert time.monotonic() - started < 20, "the container of the stopped build is still there"
        time.sleep(0.2)
    assert not docker_cli.exists(name)


def test_several_threads_build_at_once(docker, facts, docker_cli, new_name):
    requests_ = [build_request(new_name(), facts=facts, files=(unique_file(),)) for _ in range(4)]

    with ThreadPoolExecutor(4) as threads:
        published = list(threads.map(lambda request: docker.execute(request, lambda _: None), requests_))

    assert len({image.digest for image in published}) == 4
    assert all(docker_cli.inspect(str(image.reference))["Id"] == image.digest for image in published)


def test_a_base_of_another_platform_makes_an_image_of_that_platform(
    docker, docker_cli, new_name, events, tmp_path
):
    base, name = new_name(), new_name()
    archive = tmp_path / "arm.tar"
    write_archive(archive, base, "arm64")
    docker_cli("load", "--quiet", "--input", str(archive))
    chosen = docker.inspect_base(BaseImage(ImageReference.parse(base)), "linux/arm64", None, events.append)

    docker.execute(build_request(name, facts=chosen), events.append)

    assert docker_cli.inspect(name)["Architecture"] == "arm64"


@pytest.mark.parametrize("failure", [RuntimeError("no"), BrokenPipeError(32, "Broken pipe")])
def test_a_listener_that_fails_during_the_upload_ends_it(docker, facts, docker_cli, new_name, failure):
    name = new_name()

    def emit(event):
        if isinstance(event, Progress) and event.subject == "build context":
            raise failure

    with pytest.raises(type(failure)):
        docker.execute(build_request(name, facts=facts, files=(unique_file(),)), emit)

    assert not docker_cli.exists(name)


def test_a_layer_that_changes_during_the_upload_fails_the_build(docker, facts, docker_cli, new_name, events):
    name = new_name()

    with pytest.raises(EngineError, match="changed while it was read"):
        docker.execute(
            build_request(name, facts=facts, layers={"model": Source(4096, (b"x" * 512,))}), events.append
        )

    assert not docker_cli.exists(name)


def test_a_base_that_was_replaced_meanwhile_is_noticed(*, docker, base, docker_cli, new_name, events):
    name = new_name()
    docker_cli("tag", base("debian"), name)
    chosen = docker.inspect_base(BaseImage(ImageReference.parse(name)), "linux/amd64", None, events.append)
    docker_cli("tag", base("python3.7"), name)

    with pytest.raises(EngineError, match="no longer the base image") as caught:
        docker.execute(build_request(new_name(), facts=chosen), events.append)

    assert caught.value.code == "base-changed"


def test_writes_an_archive_that_docker_loads(*, docker, facts, docker_cli, new_name, events, tmp_path):
    name, dest = new_name(), tmp_path / "image.tar"

    published = docker.execute(
        build_request(name, ImageOutput("docker-archive", dest), facts=facts), events.append
    )

    assert published.location == str(dest)
    assert not docker_cli.exists(name), "the archive is the output, not the engine"
    assert [path.name for path in tmp_path.iterdir()] == ["image.tar"]
    docker_cli("load", "--quiet", "--input", str(dest))
    assert docker_cli.inspect(name)["Id"] == published.digest


def test_no_archive_is_left_where_it_cannot_be_whole(docker, facts, docker_cli, new_name, tmp_path):
    name = new_name()

    def emit(event):
        if isinstance(event, Progress) and event.step == "save":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        docker.execute(
            build_request(name, ImageOutput("docker-archive", tmp_path / "image.tar"), facts=facts), emit
        )

    assert list(tmp_path.iterdir()) == []
    assert not docker_cli.exists(name)


def test_the_same_context_built_offline_by_the_docker_command_gives_the_same_layers(
    *, docker, facts, docker_cli, new_name, events, tmp_path
):
    ours, theirs = new_name(), new_name()
    files = (unique_file(), TextFile("/opt/model/bin/tool", b"#!/bin/sh\n", 0o755))
    request = build_request(ours, facts=facts, files=files)
    docker.execute(request, events.append)
    write_context(replace(request, output=ImageOutput("context", tmp_path / "context")), events.append)

    arguments = ("--no-cache", "--quiet", "--network", "none", "--tag", theirs, str(tmp_path / "context"))
    docker_cli("build", *arguments, DOCKER_BUILDKIT="0")

    mine, plain = docker_cli.inspect(ours), docker_cli.inspect(theirs)
    assert mine["RootFS"]["Layers"] == plain["RootFS"]["Layers"]
    for field in ("User", "Env", "Labels", "Entrypoint", "Cmd", "WorkingDir"):
        assert mine["Config"][field] == plain["Config"][field]
