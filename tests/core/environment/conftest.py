import io
import os
import shutil
import tarfile

import pytest

from odahu_pack_core.command import SubprocessRunner
from odahu_pack_core.environment.cache import Cache
from odahu_pack_core.environment.compiler import CompilerSearch
from odahu_pack_core.environment.environments import Environments
from odahu_pack_core.environment.uv import HostPython
from odahu_pack_core.plan.base import BaseFacts
from odahu_pack_core.plan.environment import Dependencies, EnvironmentLayer
from odahu_pack_core.plan.reference import ImageReference
from tests.core.environment.wheelhouse import build_house


@pytest.fixture(scope="session")
def house(tmp_path_factory):
    """A folder of wheels, in place of an index."""
    return build_house(tmp_path_factory.mktemp("wheelhouse"))


class Recorder:
    """Runs programs, and remembers what was run and told."""

    def __init__(self):
        self.commands = []
        self.events = []
        self._run = SubprocessRunner()

    def __call__(self, command, on_line=None):
        self.commands.append(command)
        return self._run(command, on_line)

    def emit(self, event):
        self.events.append(event)

    def of(self, kind):
        return [event for event in self.events if isinstance(event, kind)]


@pytest.fixture
def recorder():
    return Recorder()


@pytest.fixture
def environ(house, home):
    """An environment in which the wheels of the house are all there is, on a narrow terminal."""
    settings = home / "uv.toml"
    settings.write_text(f'no-index = true\nfind-links = ["{house}"]\n')
    return {**os.environ, "UV_CONFIG_FILE": str(settings), "COLUMNS": "20"}


@pytest.fixture(scope="session")
def known_pythons(tmp_path_factory):
    """What a search has noted of the interpreter that runs the tests, so that not every test starts it."""
    cache = Cache(tmp_path_factory.mktemp("pythons"))
    assert CompilerSearch(cache, os.environ, SubprocessRunner()).find(HostPython.own().version)
    return cache.folder_of("pythons")


@pytest.fixture
def cache_dir(tmp_path, known_pythons):
    cache = Cache(tmp_path / "cache")
    shutil.copytree(known_pythons, cache.folder_of("pythons"))
    return cache.folder


@pytest.fixture
def environments(cache_dir, environ, recorder):
    return Environments(cache_dir, environ, recorder)


def facts(python=None, interpreter=None, **other):
    """A base image with the interpreter that runs the tests, or another."""
    own = HostPython.own()
    return BaseFacts(
        ImageReference.parse("python:test"),
        "sha256:test",
        other.pop("platform", "linux/amd64"),
        python or own.version,
        interpreter or own.path,
        **other,
    )


def wanted(*pip, prefix="/opt/model", layout="venv", activate=False, **other):
    """An environment with these requirements."""
    return EnvironmentLayer("environment", str(prefix), layout, Dependencies(pip=pip, **other), activate)


class Made:
    """The layers of an environment, in order, ready to be sent."""

    def __init__(self, names, layers):
        self.names = names
        self.layers = layers

    @property
    def digests(self):
        return [layer.descriptor.digest for layer in self.layers]

    @property
    def paths(self):
        return [layer.blob.path for layer in self.layers]

    @property
    def content(self):
        return b"".join(b"".join(layer.chunks()) for layer in self.layers)

    @property
    def files(self):
        """What each file holds, a later layer's in place of an earlier one's."""
        found = {}
        for archive in self.archives():
            for member in archive:
                found[member.name] = archive.extractfile(member).read() if member.isreg() else member.linkname
        return found

    def archives(self):
        for layer in self.layers:
            with tarfile.open(fileobj=io.BytesIO(b"".join(layer.chunks()))) as archive:
                yield archive


def pack(environments, layer, resolved, base, artifact_root, emit):
    """Make all parts of a resolved environment."""
    layers = [
        environments.tar(layer, resolved, part, base, artifact_root).packed(emit) for part in resolved.parts
    ]
    return Made([part.name for part in resolved.parts], layers)


@pytest.fixture
def made(environments, recorder, tmp_path):
    """Resolve an environment and make its layers."""

    def make(layer, base=None, artifact_root=tmp_path):
        base = base or facts()
        resolved = environments.resolve(layer, base, artifact_root, recorder.emit)
        return pack(environments, layer, resolved, base, artifact_root, recorder.emit)

    return make


@pytest.fixture
def unpacked(made, tmp_path):
    """Make an environment whose prefix is a folder of the test, unpack it there and return the folder."""

    def unpack(*pip, base=None, **other):
        prefix = tmp_path / "opt" / "model"
        unpack_to(made(wanted(*pip, prefix=prefix, **other), base), prefix)
        return prefix

    return unpack


def unpack_to(made, prefix):
    """Unpack what is below a prefix, and leave the folders above it alone."""
    inside = str(prefix).removeprefix("/")
    for archive in made.archives():
        for member in archive:
            if member.name == inside or member.name.startswith(inside + "/"):
                archive.extract(member, "/", filter="fully_trusted")


def members(made):
    return [member for archive in made.archives() for member in archive]
