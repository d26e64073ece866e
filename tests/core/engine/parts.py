"""Small plans to build, a way into a registry, and the docker command."""

import hashlib
import io
import json
import re
import resource
import subprocess
import tarfile
import uuid
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from odahu_pack_core.engine.single import SingleBuild
from odahu_pack_core.plan.base import BaseFacts, BaseImage
from odahu_pack_core.plan.build_plan import Block, BuildPlan, FilesLayer, ResolvedImage, ResolvedPlan
from odahu_pack_core.plan.files import TextFile
from odahu_pack_core.plan.instruction import AddLayer, Env, From, Label, User
from odahu_pack_core.plan.layer_tar import PlannedTar
from odahu_pack_core.plan.reference import ImageReference
from odahu_pack_core.plugins.protocols import BuildRequest, Credentials, ImageOutput

SMALL = 65536
FILES = (TextFile("/opt/odahu/hello.txt", b"hello"), TextFile("/opt/odahu/run.sh", b"#!/bin/sh\n", 0o755))


@dataclass
class Access:
    """A way into a registry with fixed credentials; notes what it was asked to prepare."""

    host: str
    username: str | None = None
    password: str = ""
    was_base64: bool = False
    plain_http: bool = False
    prepared: list = field(default_factory=list)

    def credentials(self):
        if self.username is None:
            return None
        return Credentials(self.username, self.password, "connection my-registry", self.was_base64)

    def prepare_push(self, image):
        self.prepared.append(str(image))


def planned_tar(*files):
    layer = FilesLayer.of("layer", files)
    return PlannedTar(layer.files, lambda path: io.BytesIO(path.encode()))


def build_request(
    image="models/wine:1",
    output=None,
    *,
    facts=None,
    files=FILES,
    more=(),
    extra=None,
    layers=None,
    push=None,
    pull=None,
):
    """Return a request for an image of one layer."""
    facts = facts or BaseFacts(ImageReference.parse("python:3.11-slim"), "", "linux/amd64", "3.11", "/x")
    layer = FilesLayer.of("model", files)
    instructions = (
        From(str(facts.reference)),
        AddLayer("model"),
        *more,
        Env("MODEL", 'a "b" $c \\'),
        Label("org.odahu.pack.test", "engine"),
        User("65532:0"),
    )
    blocks = (Block("base", instructions[:1]), Block("rest", instructions[1:]))
    plan = BuildPlan("test", ImageReference.parse(image), BaseImage(facts.reference), blocks, (layer,))
    resolved = ResolvedPlan(plan, (ResolvedImage(facts, (), blocks, files=extra or {}),))
    layers = {"model": planned_tar(*files)} if layers is None else layers
    return BuildRequest(resolved, {facts.platform: layers}, output or ImageOutput("docker"), push, pull)


def single_build(**more):
    """Return the one image of `build_request`."""
    return SingleBuild.of(build_request(**more))


@dataclass
class Cli:
    """The ``docker`` command."""

    environ: dict

    def __call__(self, *arguments, **extra):
        done = subprocess.run(
            ["docker", *arguments], env={**self.environ, **extra}, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def inspect(self, name):
        return json.loads(self("image", "inspect", name))[0]

    def exists(self, name):
        return bool(self("image", "ls", "-q", name))

    def references(self, repository):
        """Return every name of images of a repository, by tag or, where there is none, by digest."""
        form = "{{.Tag}} {{.Digest}}"
        listed = self("image", "ls", "--digests", "--format", form, repository).splitlines()
        named = (line.split() for line in listed)
        return {f"{repository}:{t}" if t != "<none>" else f"{repository}@{d}" for t, d in named}

    def containers(self, *filters):
        arguments = [argument for text in filters for argument in ("--filter", text)]
        return self("ps", "--all", "--quiet", *arguments).split()

    def make(self, name, folder, dockerfile):
        (folder / "Dockerfile").write_text(dockerfile)
        self("build", "--quiet", "--force-rm", "--tag", name, str(folder), DOCKER_BUILDKIT="0")

    def remove(self, name):
        self("image", "rm", "--force", "--no-prune", name)


def write_archive(path, name, architecture):
    """Write an image of one file as an archive that ``docker load`` reads."""
    layer = b"".join(planned_tar(TextFile("/hello", b"hello")).chunks())
    diff_id = f"sha256:{hashlib.sha256(layer).hexdigest()}"
    config = {"architecture": architecture, "os": "linux", "config": {}}
    config["rootfs"] = {"type": "layers", "diff_ids": [diff_id]}
    manifest = [{"Config": "config.json", "RepoTags": [name], "Layers": ["layer.tar"]}]
    members = {"manifest.json": json.dumps(manifest), "config.json": json.dumps(config), "layer.tar": layer}
    with tarfile.open(path, "w") as tar:
        for member, content in members.items():
            body = content if isinstance(content, bytes) else content.encode()
            entry = tarfile.TarInfo(member)
            entry.size = len(body)
            tar.addfile(entry, io.BytesIO(body))


@contextmanager
def small_files():
    """Let no file grow beyond `SMALL`, as on a full disk, while a block runs: pytest writes files, too."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (SMALL, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def storage_of_buildah(folder):
    """Return the environment variables that make buildah keep everything in a folder."""
    settings = folder / "storage.conf"
    settings.write_text(f'[storage]\ngraphroot="{folder}/root"\nrunroot="{folder}/run"\n')
    return {"CONTAINERS_STORAGE_CONF": str(settings)}


def shell_image():
    """Return config and layer of an image of this machine's shell, ``cat`` and what they are linked to."""
    programs = [Path("/bin/sh"), Path("/bin/cat")]
    paths = set(programs)
    for program in programs:
        linked = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
        paths |= {Path(path) for path in re.findall(r"(/\S+) \(0x", linked)}
    files = [TextFile(str(path), path.read_bytes(), 0o755) for path in paths]
    layer = b"".join(FilesLayer.of("shell", files).tar(open).chunks())
    config = {
        "os": "linux",
        "architecture": "amd64",
        "config": {"Env": ["PATH=/bin"]},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(layer).hexdigest()}"]},
        "history": [{"created": "1970-01-01T00:00:00Z", "created_by": "tests"}],
    }
    return json.dumps(config).encode(), (layer,)


def unique_file():
    """Return a file that no image has had before."""
    return TextFile("/opt/odahu/unique", uuid.uuid4().bytes)
