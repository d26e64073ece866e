"""The engine contract, kept by each engine that comes with the product."""

import subprocess

import pytest

from odahu_pack_core.engine.buildah.engine import BuildahEngine
from odahu_pack_core.engine.docker.engine import DockerEngine
from odahu_pack_core.engine.oci.bases.sources import BaseSources
from odahu_pack_core.engine.oci.engine import OciEngine
from odahu_pack_core.engine.record import buildah_engine, docker_engine, oci_engine
from odahu_pack_core.registry.distribution.opening import registry_opener
from odahu_pack_core.testing import EngineContract, KnownRegistry
from tests.core.engine.parts import Cli, shell_image, storage_of_buildah


class OnRealParts(EngineContract):
    """An engine of ours with the registry of the workbench."""

    @pytest.fixture(scope="class")
    @classmethod
    def registry(cls, start_registry):
        running = start_registry(username="packer")
        return KnownRegistry(running.host, running.username, running.password)

    @pytest.fixture(scope="class")
    @classmethod
    def shell_base(cls, registry):
        registry.push("contract/shell", "1", *shell_image())
        return f"{registry.host}/contract/shell:1"

    @pytest.fixture(scope="class")
    @classmethod
    def environ(cls, tmp_path_factory):
        """The environment variables of an engine's runs, with a cache of its own."""
        folder = tmp_path_factory.mktemp("engine")
        return {"PATH": "/usr/bin:/bin", "HOME": str(folder), "ODAHU_PACK_CACHE_DIR": str(folder / "cache")}


@pytest.mark.registry
class TestOci(OnRealParts):
    record = oci_engine(registry_opener)

    @pytest.fixture(scope="class")
    @classmethod
    def subject(cls, environ):
        opener = registry_opener(environ)
        return OciEngine(environ, opener, BaseSources(environ, opener))


@pytest.mark.engine
@pytest.mark.registry
class TestDocker(OnRealParts):
    record = docker_engine()

    @pytest.fixture(scope="class")
    @classmethod
    def cli(cls, engine):
        return Cli(engine.environ)

    @pytest.fixture(scope="class")
    @classmethod
    def subject(cls, cli, engine, environ, registry):
        yield DockerEngine({**environ, "DOCKER_HOST": engine.host})
        for name in ("base", "shell"):
            for reference in cli.references(f"{registry.host}/contract/{name}"):
                cli.remove(reference)

    @pytest.fixture
    def left(self, cli, registry):
        def held():
            # Others may use this engine, too: what counts is what is built upon our bases.
            bases = (f"ancestor={registry.host}/contract/{name}:1" for name in ("base", "shell"))
            containers = {container for base in bases for container in cli.containers(base)}
            return containers | set(cli("image", "ls", "--quiet", "contract/*").split())

        return held


@pytest.mark.engine
@pytest.mark.registry
class TestBuildah(OnRealParts):
    record = buildah_engine(registry_opener)

    @pytest.fixture(scope="class")
    @classmethod
    def own_storage(cls, program, environ, tmp_path_factory):
        """The environment variables that make buildah use a storage of its own."""
        program("buildah")
        return {**environ, **storage_of_buildah(tmp_path_factory.mktemp("storage"))}

    @pytest.fixture(scope="class")
    @classmethod
    def subject(cls, environ, own_storage):
        return BuildahEngine(own_storage, BaseSources(environ, registry_opener(environ)))

    @pytest.fixture
    def left(self, own_storage):
        def told(*arguments):
            done = subprocess.run(
                ["buildah", *arguments], env=own_storage, capture_output=True, text=True, check=True
            )
            return done.stdout.splitlines()

        def held():
            # What was pulled stays, as in any engine, and what is kept for the next build.
            images = told("images", "--all", "--noheading")
            unnamed = ("<none>", "localhost/odahu-pack-base", "localhost/odahu-pack-built")
            return {line for line in images if line.startswith(unnamed)} | set(told("containers", "--all"))

        return held
