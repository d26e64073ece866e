"""The engine that builds with buildah: what is its own beside the contract of all engines."""

import json
import socket
import stat
import subprocess
import uuid
from dataclasses import replace

import pytest

from odahu_pack_core.command import SubprocessRunner
from odahu_pack_core.engine.buildah.build import _halves
from odahu_pack_core.engine.buildah.engine import BuildahEngine
from odahu_pack_core.engine.buildah.login import Login
from odahu_pack_core.engine.buildah.presence import missing_buildah
from odahu_pack_core.engine.buildah.tool import Buildah, BuildahError
from odahu_pack_core.engine.docker.presence import missing_docker
from odahu_pack_core.engine.oci.bases.sources import BaseSources
from odahu_pack_core.errors import EngineError
from odahu_pack_core.events import Output
from odahu_pack_core.plan.base import BaseImage
from odahu_pack_core.plan.base_location import BaseLocation
from odahu_pack_core.plan.files import TextFile
from odahu_pack_core.plan.instruction import AddLayer, Cmd, Copy, Entrypoint, Env, Run, User
from odahu_pack_core.plan.reference import ImageReference
from odahu_pack_core.plugins.protocols import IDENTITY_TOKEN_USER, ImageOutput
from odahu_pack_core.registry.distribution.opening import registry_opener
from odahu_pack_core.testing import FixedAccess, build_request, read_layout
from tests.core.engine.parts import storage_of_buildah

RUNS_SHELL = ("/bin/sh", "-c")


class TestLogin:
    """The file that lets buildah into a registry."""

    def test_only_the_user_can_read_it(self, tmp_path):
        login = Login.of("r.example", FixedAccess("r.example", "jane", "s3cret"), tmp_path / "auth.json")

        assert stat.S_IMODE(login.file.stat().st_mode) == 0o600
        assert json.loads(login.file.read_text()) == {"auths": {"r.example": {"auth": "amFuZTpzM2NyZXQ="}}}
        assert login.secrets == ("s3cret",)
        assert "s3cret" not in f"{login} {login.options}"

    def test_an_identity_token_is_told_as_one(self, tmp_path):
        access = FixedAccess("r.example", IDENTITY_TOKEN_USER, "t0ken")
        login = Login.of("r.example", access, tmp_path / "auth.json")
        assert json.loads(login.file.read_text()) == {"auths": {"r.example": {"identitytoken": "t0ken"}}}

    def test_without_credentials_the_users_own_are_not_used_either(self, tmp_path):
        login = Login.of("r.example", None, tmp_path / "auth.json")
        assert json.loads(login.file.read_text()) == {"auths": {}}
        assert f"--authfile={login.file}" in login.options

    @pytest.mark.parametrize(
        ("host", "plain_http", "verified"),
        [
            ("r.example", False, "true"),
            ("r.example:5000", True, "false"),
            ("127.0.0.1:5000", False, "false"),
            ("localhost", False, "false"),
            ("[::1]:5000", False, "false"),
            ("127.0.0.1.example", False, "true"),
        ],
    )
    def test_tls_is_checked_unless_the_user_or_the_place_says_otherwise(
        self, tmp_path, host, plain_http, verified
    ):
        login = Login.of(host, FixedAccess(host, plain_http=plain_http), tmp_path / "auth.json")
        assert f"--tls-verify={verified}" in login.options


@pytest.mark.parametrize(
    ("instructions", "cut"),
    [
        ((AddLayer("model"), User("1")), 0),
        ((Env("A", "b"), AddLayer("model")), 0),
        ((AddLayer("packages"), Env("A", "b"), AddLayer("model"), User("1")), 2),
        ((Copy("a", "/a"), Run(("/a",)), AddLayer("model")), 2),
        ((AddLayer("model"), Run(("/a",))), 0),
        ((AddLayer("packages"), Cmd(("x",)), AddLayer("model"), Entrypoint(("y",))), 0),
        ((User("1"),), 0),
    ],
)
def test_what_a_changed_model_leaves_as_it_is_comes_before_the_last_layer(instructions, cut):
    assert _halves(instructions) == (instructions[:cut], instructions[cut:])


class TestTool:
    """The command, played by a script."""

    @pytest.fixture
    def script(self, tmp_path):
        def write(text):
            path = tmp_path / "buildah"
            path.write_text(f"#!/bin/sh\n{text}\n")
            path.chmod(0o755)
            return {"PATH": f"{tmp_path}:/usr/bin:/bin"}

        return write

    @pytest.mark.parametrize(("set_by_user", "used"), [({}, "chroot"), ({"BUILDAH_ISOLATION": "oci"}, "oci")])
    def test_the_users_isolation_wins(self, script, tmp_path, set_by_user, used):
        environ = script('echo "$BUILDAH_ISOLATION"')
        assert Buildah.working_in(tmp_path, {**environ, **set_by_user}, SubprocessRunner())("version") == used

    def test_its_last_words_are_told(self, script, tmp_path):
        environ = script("""echo Copying >&2; echo 'Error: pushing image "a" to "b": denied' >&2; exit 125""")
        with pytest.raises(BuildahError, match=r"\Abuildah failed: denied\Z"):
            Buildah.working_in(tmp_path, environ, SubprocessRunner())("push")

    def test_its_absence_is_told_with_the_mend(self, tmp_path):
        with pytest.raises(EngineError, match="it is not installed") as caught:
            Buildah.working_in(tmp_path, {"PATH": str(tmp_path)}, SubprocessRunner())("version")
        assert (caught.value.code, caught.value.hint) == ("engine-absent", "install buildah")


class TestPresence:
    """What ``auto`` asks before it takes an engine."""

    def test_of_buildah(self, tmp_path):
        assert missing_buildah({"PATH": str(tmp_path)}) == missing_buildah({}) == "buildah is not installed"
        (tmp_path / "buildah").touch(0o755)
        assert not missing_buildah({"PATH": str(tmp_path)})

    def test_of_docker_at_a_socket(self, tmp_path):
        path = tmp_path / "docker.sock"
        absent = missing_docker({"DOCKER_HOST": f"unix://{path}"})
        assert absent.startswith(f"no Docker engine answers at unix://{path}: ")
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(str(path))
            listening.listen()
            assert not missing_docker({"DOCKER_HOST": f"unix://{path}"})

    def test_of_docker_at_a_port(self):
        assert "tcp://127.0.0.1:1" in missing_docker({"DOCKER_HOST": "tcp://127.0.0.1:1"})
        with socket.create_server(("127.0.0.1", 0)) as listening:
            port = listening.getsockname()[1]
            assert not missing_docker({"DOCKER_HOST": f"tcp://127.0.0.1:{port}"})

    def test_of_docker_behind_ssh_nobody_knows_quickly(self):
        assert not missing_docker({"DOCKER_HOST": "ssh://somewhere.example"})


@pytest.mark.engine
@pytest.mark.registry
class TestBuilds:
    """Real builds upon an image with a shell."""

    @pytest.fixture
    def environ(self, program, tmp_path):
        program("buildah")
        # A user may well have a folder for Docker's config, and nothing in it.
        cache = {"ODAHU_PACK_CACHE_DIR": str(tmp_path / "cache"), "DOCKER_CONFIG": str(tmp_path / "docker")}
        return {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), **cache, **storage_of_buildah(tmp_path)}

    @pytest.fixture
    def bases(self, environ):
        return BaseSources(environ, registry_opener(environ))

    @pytest.fixture
    def facts(self, bases, shell_base, registry):
        access = FixedAccess(registry.host, registry.username, registry.password)
        return bases.find(BaseImage(shell_base), "linux/amd64", access, lambda _: None).facts

    @pytest.fixture
    def pull(self, registry):
        return FixedAccess(registry.host, registry.username, registry.password)

    @pytest.fixture
    def build(self, environ, bases, facts, pull, tmp_path):
        """Build an image of a model; returns the image and the events."""

        def built(*before, model=b"model", context=None, **more):
            engine, events = BuildahEngine({**environ, **more}, bases), []
            dest = tmp_path / uuid.uuid4().hex
            request = build_request(
                [facts],
                (*before, AddLayer("model"), Cmd(("/bin/sh",))),
                ImageOutput("oci", dest),
                files={"model": [TextFile("/model", model)]},
                context=context,
                pull=pull,
            )
            engine.execute(request, events.append)
            (image,) = read_layout(dest)
            return image, events

        return built

    def test_a_changed_model_runs_nothing_again(self, build):
        run = Run((*RUNS_SHELL, "cat /proc/sys/kernel/random/uuid > /made"))

        first, _ = build(run, model=b"one")
        second, events = build(run, model=b"two")

        assert first.tree["/made"].content == second.tree["/made"].content
        assert (first.tree["/model"].content, second.tree["/model"].content) == (b"one", b"two")
        assert first.diff_ids[:-1] == second.diff_ids[:-1], "a registry is sent the model only"
        assert not [event for event in events if isinstance(event, Output) and " RUN " in event.line]

    def test_what_run_reads_makes_it_run_again(self, build):
        steps = (Copy("words", "/words"), Run((*RUNS_SHELL, "cat /words > /made")))

        first, _ = build(*steps, context={"words": b"one"})
        second, _ = build(*steps, context={"words": b"two"})

        assert (first.tree["/made"].content, second.tree["/made"].content) == (b"one", b"two")

    def test_the_same_image_twice_is_the_same_to_the_byte(self, build):
        run = Run((*RUNS_SHELL, "echo made > /made"))
        assert build(run)[0].manifest_digest == build(run)[0].manifest_digest

    def test_times_are_the_source_date(self, build):
        image, _ = build(SOURCE_DATE_EPOCH="86400")
        assert image.config["created"] == "1970-01-02T00:00:00Z"
        assert image.tree["/model"].time == 86400

    def test_an_interrupted_program_ends_and_nothing_stays(self, environ, bases, facts, pull, tmp_path):
        mark = f"{uuid.uuid4().int % 10**9}"
        script = f"echo begun; while :; do cat /proc/uptime > /dev/null; done # {mark}"

        def interrupt(event):
            if isinstance(event, Output) and event.line == "begun":
                raise KeyboardInterrupt

        dest = ImageOutput("oci", tmp_path / "image")
        request = build_request([facts], (Run((*RUNS_SHELL, script)),), dest, pull=pull)
        with pytest.raises(KeyboardInterrupt):
            BuildahEngine(environ, bases).execute(request, interrupt)

        assert not dest.dest.exists()
        assert mark not in subprocess.run(["ps", "axww"], capture_output=True, text=True, check=True).stdout
        assert _told(environ, "containers", "--all", "--quiet") == []
        assert all("<none>" in line for line in _told(environ, "images", "--all", "--noheading"))

    def test_what_a_killed_run_left_is_swept_by_the_next(self, build, environ):
        base = "localhost/odahu-pack-base-0123456789abcdef:latest"
        theirs = _told(environ, "from", "--name", "somebody-elses", "scratch")
        _told(environ, "from", "--name", "odahu-pack-base-0123456789abcdef-working-container", "scratch")
        _told(environ, "commit", "--quiet", *theirs, base)

        build(Env("A", "b"))

        assert (
            _told(environ, "containers", "--all", "--noheading", "--format", "{{.ContainerName}}") == theirs
        )
        assert not [line for line in _told(environ, "images", "--noheading") if "odahu-pack-base" in line]

    def test_secrets_are_in_no_command_and_no_file_that_stays(self, environ, bases, facts, pull, tmp_path):
        commands, events = [], []

        def run(command, on_line=None):
            commands.append(command)
            return SubprocessRunner()(command, on_line)

        name = f"{pull.host}/contract/{uuid.uuid4().hex}:1"
        request = build_request(
            [facts], (Env("A", "b"),), ImageOutput("registry"), image=name, push=pull, pull=pull
        )
        published = BuildahEngine(environ, bases, run).execute(request, events.append)

        assert published.digest.startswith("sha256:")
        told = f"{[command.arguments for command in commands]} {events} {commands}"
        assert pull.password not in told
        options = [option for command in commands for option in command.arguments]
        files = {option.partition("=")[2] for option in options if option.startswith("--authfile=")}
        assert files
        assert not [file for file in files if (tmp_path / file).exists()]

    def test_an_image_from_nothing(self, environ, bases, tmp_path):
        scratch = BaseImage(ImageReference("scratch"))
        facts = bases.find(scratch, "linux/amd64", None, lambda _: None).facts
        files = {"model": [TextFile("/model", b"model")]}
        output = ImageOutput("oci", tmp_path / "image")

        request = build_request([facts], (AddLayer("model"),), output, files=files)
        BuildahEngine(environ, bases).execute(request, lambda _: None)

        (image,) = read_layout(tmp_path / "image")
        assert set(image.tree.entries) == {"/model"}

    def test_a_base_that_no_registry_has(self, build, environ, bases, tmp_path):
        first, _ = build(Env("A", "b"))
        (layout,) = [path for path in tmp_path.iterdir() if (path / "index.json").exists()]
        location = BaseLocation("oci", str(layout))
        base = BaseImage(location.reference, location=location)
        facts = bases.find(base, "linux/amd64", None, lambda _: None).facts
        output = ImageOutput("oci", tmp_path / "upon")
        run = Run((*RUNS_SHELL, "cat /model > /seen"))

        request = build_request([facts], (run,), output)
        plan = replace(request.plan.plan, base=replace(base, reference=facts.reference))
        request = replace(request, plan=replace(request.plan, plan=plan))
        BuildahEngine(environ, bases).execute(request, lambda _: None)

        (image,) = read_layout(output.dest)
        assert image.tree["/seen"].content == b"model"
        assert image.diff_ids[: len(first.diff_ids)] == first.diff_ids


def _told(environ, *arguments):
    env = {name: value for name, value in environ.items() if name != "DOCKER_CONFIG"}
    done = subprocess.run(["buildah", *arguments], env=env, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()
