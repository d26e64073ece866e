"""Images as other programs see them: Docker, podman, skopeo, container-structure-test."""

import json
import os
import subprocess
import sys
import tempfile
import uuid
from pathlib import Path

import pytest

from odahu_pack_core.engine.oci.bases.sources import BaseSources
from odahu_pack_core.engine.oci.engine import OciEngine
from odahu_pack_core.errors import ArtifactError
from odahu_pack_core.events import Notice
from odahu_pack_core.plan.base import BaseImage, BasePython
from odahu_pack_core.plan.files import TextFile
from odahu_pack_core.plan.instruction import Cmd, Entrypoint, Expose, Workdir
from odahu_pack_core.plan.reference import ImageReference
from odahu_pack_core.plugins.protocols import ImageOutput
from odahu_pack_core.registry.distribution.opening import registry_opener
from tests.core.engine.oci.parts import base_image, blob_path, for_platforms, oci_engine, with_zstd
from tests.core.engine.parts import Access, build_request

pytestmark = [pytest.mark.engine, pytest.mark.registry]

TO_REGISTRY = ImageOutput("registry")
TO_DOCKER = ImageOutput("docker")
MORE = (Entrypoint(("/bin/cat",)), Cmd(("/opt/odahu/hello.txt",)), Expose(8080), Workdir("/srv/work"))
# What podman needs on a machine with cgroups of both versions and without CAP_SYS_RESOURCE.
CONTAINERS_CONF = """
[containers]
default_ulimits = ["nofile=1024:4096", "nproc=4096:4096"]
netns = "host"
[engine]
cgroup_manager = "cgroupfs"
events_logger = "none"
runtime = "runc"
"""
STRUCTURE = {
    "schemaVersion": "2.0.0",
    "commandTests": [
        {"name": "reads", "command": "cat", "args": ["/opt/odahu/hello.txt"], "expectedOutput": ["hello"]}
    ],
    "fileExistenceTests": [
        {
            "name": "script",
            "path": "/opt/odahu/run.sh",
            "shouldExist": True,
            "permissions": "-rwxr-xr-x",
            "uid": 0,
        },
        {"name": "workdir", "path": "/srv/work", "shouldExist": True, "permissions": "drwxr-xr-x"},
    ],
    "metadataTest": {
        "envVars": [{"key": "MODEL", "value": 'a "b" $c \\'}],
        "labels": [{"key": "org.odahu.pack.test", "value": "engine"}],
        "entrypoint": ["/bin/cat"],
        "cmd": ["/opt/odahu/hello.txt"],
        "exposedPorts": ["8080"],
        "workdir": "/srv/work",
        "user": "65532:0",
    },
}


@pytest.fixture(scope="session")
def base_in_registry(engine, base, anonymous_registry):
    """The name of a base image in an open registry; the engine has it by another name only."""
    name = f"{anonymous_registry.host}/bases/debian:1"
    environ = engine.environ
    subprocess.run(["docker", "tag", base("debian"), name], env=environ, check=True)
    subprocess.run(["docker", "push", "--quiet", name], env=environ, check=True, capture_output=True)
    subprocess.run(
        ["docker", "image", "rm", "--no-prune", name], env=environ, check=True, capture_output=True
    )
    return ImageReference.parse(name)


@pytest.fixture
def package(environ, engine, base_in_registry, events):
    """Make an image on that base: ``package(name, output)``."""
    environ["DOCKER_HOST"] = engine.host
    opener = registry_opener(environ)

    def make(name, output, **request):
        oci = OciEngine(environ, opener, BaseSources(environ, opener))
        wanted = BaseImage(base_in_registry, known=BasePython("3.11", "/usr/bin/python3.11"))
        facts = oci.inspect_base(wanted, "linux/amd64", None, events.append)
        return oci.execute(build_request(name, output, facts=facts, more=MORE, **request), events.append)

    return make


@pytest.fixture
def podman(program):
    """The ``podman`` command with storage of its own."""
    program("podman")
    # Its folder of running things must have a short path.
    with tempfile.TemporaryDirectory(prefix="podman-") as folder:
        (Path(folder) / "containers.conf").write_text(CONTAINERS_CONF)
        (Path(folder) / "config.json").write_text("{}")
        own = {"CONTAINERS_CONF": f"{folder}/containers.conf", "DOCKER_CONFIG": folder}
        environ = {**os.environ, **own}
        places = ["--root", f"{folder}/o", "--runroot", f"{folder}/r", "--storage-driver", "overlay"]

        def run(*arguments):
            command = ["podman", *places, *arguments]
            done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr
            return done.stdout.strip()

        yield run
        run("image", "rm", "--all", "--force")


def told(events):
    return [event.message for event in events if isinstance(event, Notice)][-1]


def unique():
    return (*build_request().plan.plan.layers[0].files, TextFile("/opt/odahu/unique", uuid.uuid4().bytes))


class TestRegistry:
    def test_docker_pulls_and_runs_it(self, package, registry, docker_cli, new_name, monkeypatch, tmp_path):
        name = new_name(registry.host)
        access = Access(registry.host, registry.username, registry.password)

        published = package(name, TO_REGISTRY, push=access)

        monkeypatch.setitem(docker_cli.environ, "DOCKER_CONFIG", str(tmp_path / "docker"))
        docker_cli("login", "-u", registry.username, "-p", registry.password, registry.host)
        docker_cli("pull", "--quiet", f"{name}@{published.digest}")
        docker_cli("pull", "--quiet", name)
        assert docker_cli("run", "--rm", name) == "hello"
        assert docker_cli.inspect(name)["Config"]["WorkingDir"] == "/srv/work"

    def test_skopeo_inspects_and_copies_it(self, package, anonymous_registry, new_name, tmp_path):
        name = new_name(anonymous_registry.host)

        published = package(name, TO_REGISTRY)

        inspect = ["skopeo", "inspect", "--tls-verify=false", f"docker://{name}"]
        inspected = json.loads(subprocess.run(inspect, check=True, capture_output=True).stdout)
        copy = [
            "skopeo",
            "copy",
            "-q",
            "--src-tls-verify=false",
            f"docker://{name}",
            f"oci:{tmp_path / 'copy'}",
        ]
        subprocess.run(copy, check=True)
        [copied] = json.loads((tmp_path / "copy" / "index.json").read_text())["manifests"]
        assert inspected["Digest"] == copied["digest"] == published.digest
        assert inspected["Created"] == "1970-01-01T00:00:00Z"

    def test_the_second_push_sends_nothing(self, package, anonymous_registry, new_name, events):
        name = new_name(anonymous_registry.host)

        digests = {package(name, TO_REGISTRY).digest for _ in range(2)}

        assert len(digests) == 1
        assert told(events) == f"{name} is there already, nothing was sent"

    def test_the_structure_is_as_planned(self, package, anonymous_registry, new_name, docker_cli, tmp_path):
        name = new_name(anonymous_registry.host)
        package(name, TO_REGISTRY)
        docker_cli("pull", "--quiet", name)
        (tmp_path / "structure.json").write_text(json.dumps(STRUCTURE))
        tool = Path(sys.executable).with_name("container-structure-test")

        test = [str(tool), "test", "--image", name, "--config", str(tmp_path / "structure.json")]
        done = subprocess.run(test, env=docker_cli.environ, capture_output=True, text=True, check=False)

        assert done.returncode == 0, done.stdout + done.stderr

    def test_podman_pulls_and_runs_it(self, package, anonymous_registry, new_name, podman):
        name = new_name(anonymous_registry.host)
        package(name, TO_REGISTRY)

        podman("pull", "--quiet", "--tls-verify=false", name)

        assert podman("run", "--rm", "--read-only", "--user", "12345:0", name) == "hello"


class TestDocker:
    def test_an_engine_with_the_base_is_sent_our_layers_only(
        self, package, base, docker_cli, new_name, events
    ):
        name = new_name()
        base("debian")

        published = package(name, TO_DOCKER, files=unique())

        assert docker_cli.inspect(name)["Id"] == published.digest
        assert docker_cli("run", "--rm", name) == "hello"
        assert " kB to the Docker engine" in told(events)
        assert told(events).endswith("2 of 4 layers were there")

    def test_an_engine_that_has_the_image_is_sent_nothing(self, package, new_name, events):
        name = new_name()
        first = package(name, TO_DOCKER)

        second = package(name, TO_DOCKER)

        assert first.digest == second.digest
        assert told(events) == f"{name} is in the Docker engine already, nothing was sent"

    def test_a_name_that_meant_another_image_means_this_one(self, package, docker_cli, new_name):
        name = new_name()
        first, second = (package(name, TO_DOCKER, files=unique()) for _ in range(2))

        assert first.digest != second.digest
        assert docker_cli.inspect(name)["Id"] == second.digest
        docker_cli("image", "rm", first.digest)

    def test_a_layer_that_changes_leaves_nothing(self, package, docker_cli, new_name):
        name = new_name()

        class Shrinking:
            size = 1_000_000

            def __init__(self):
                self.reads = 0

            def chunks(self):
                self.reads += 1
                yield os.urandom(1_000_000 if self.reads == 1 else 10)

        with pytest.raises(ArtifactError, match="changed"):
            package(name, TO_DOCKER, layers={"model": Shrinking()})

        assert not docker_cli.exists(name)

    def test_a_base_with_zstd_is_loaded(self, environ, engine, docker_cli, new_name, tmp_path, events):
        environ["DOCKER_HOST"] = engine.host
        base, names = (
            with_zstd(base_image(TextFile("/etc/zstd", uuid.uuid4().bytes))),
            [new_name(), new_name()],
        )
        archive = ImageOutput("docker-archive", tmp_path / "image.tar")

        loaded = [
            oci_engine(environ, base).execute(build_request(name, output, facts=base.facts), events.append)
            for name, output in zip(names, (archive, TO_DOCKER), strict=True)
        ]

        docker_cli("load", "--quiet", "--input", str(archive.dest))
        assert {docker_cli.inspect(name)["Id"] for name in names} == {image.digest for image in loaded}

    def test_an_archive_is_loaded(self, package, docker_cli, new_name, tmp_path):
        name = new_name()

        published = package(name, ImageOutput("docker-archive", tmp_path / "image.tar"))

        docker_cli("load", "--quiet", "--input", str(tmp_path / "image.tar"))
        assert docker_cli.inspect(name)["Id"] == published.digest
        assert docker_cli("run", "--rm", name) == "hello"


@pytest.mark.parametrize(("output", "scheme"), [("docker-archive", "docker-archive"), ("oci", "oci-archive")])
def test_podman_loads_archives(*, package, new_name, tmp_path, podman, output, scheme):
    package(new_name(), ImageOutput(output, tmp_path / "image.tar"))

    loaded = podman("pull", "--quiet", f"{scheme}:{tmp_path / 'image.tar'}")

    assert podman("run", "--rm", "--read-only", loaded) == "hello"


@pytest.mark.parametrize("output", ["registry", "oci"])
def test_skopeo_copies_an_index_with_all_its_images(environ, anonymous_registry, new_name, tmp_path, output):
    opener = registry_opener(environ)
    bases = [base_image(platform=f"linux/{arch}") for arch in ("amd64", "arm64")]
    name = new_name(anonymous_registry.host)
    engine = oci_engine(environ, *bases, open_registry=opener)
    request = for_platforms(build_request(name, ImageOutput(output, tmp_path / "image.tar")), bases)

    published = engine.execute(request, lambda _: None)

    source = f"docker://{name}" if output == "registry" else f"oci-archive:{tmp_path / 'image.tar'}"
    copy = ["skopeo", "copy", "-q", "--all", "--src-tls-verify=false", source, f"oci:{tmp_path / 'copy'}"]
    subprocess.run(copy, check=True)
    [root] = json.loads((tmp_path / "copy" / "index.json").read_text())["manifests"]
    assert root["digest"] == published.digest
    copied = json.loads((tmp_path / "copy" / blob_path(root["digest"])).read_text())
    assert [entry["platform"]["architecture"] for entry in copied["manifests"]] == ["amd64", "arm64"]
