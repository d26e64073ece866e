"""Real base images: what is found without an engine equals what the Docker engine finds."""

from dataclasses import replace

import pytest

from odahu_pack_core.engine.docker.engine import DockerEngine
from odahu_pack_core.engine.oci.bases.sources import BaseSources
from odahu_pack_core.events import Decision
from odahu_pack_core.plan.base import BaseImage
from odahu_pack_core.plan.reference import ImageReference
from odahu_pack_core.registry.distribution.opening import registry_opener

pytestmark = [pytest.mark.engine, pytest.mark.registry]


@pytest.fixture
def environ(engine, tmp_path):
    return {
        "DOCKER_HOST": engine.host,
        "HOME": str(tmp_path),
        "ODAHU_PACK_CACHE_DIR": str(tmp_path / "cache"),
    }


@pytest.fixture
def find(environ, events):
    def found(name):
        base = BaseImage(ImageReference.parse(name))
        sources = BaseSources(environ, registry_opener(environ))
        return sources.find(base, "linux/amd64", None, events.append)

    return found


@pytest.fixture
def pushed(base, docker_cli, anonymous_registry):
    """Push a base of the workbench to a registry under a name of the test: ``pushed("python3.11")``."""
    names = []

    def push(name):
        names.append(f"{anonymous_registry.host}/bases/{name}:1")
        docker_cli("tag", base(name), names[-1])
        docker_cli("push", "--quiet", names[-1])
        return names[-1]

    yield push
    for name in names:
        docker_cli.remove(name)


@pytest.mark.parametrize("name", ["python3.6", "python3.7", "python3.11", "debian", "triton"])
def test_the_facts_are_those_that_the_docker_engine_finds(name, pushed, find, environ, events):
    reference = pushed(name)

    found = find(reference)

    asked = BaseImage(ImageReference.parse(reference))
    assert found.facts == DockerEngine(environ).inspect_base(asked, "linux/amd64", None, events.append)
    assert found.facts.python is not None


def test_what_only_the_engine_holds_is_exported_once(base, find, docker_cli, events, tmp_path):
    reference = base("python3.11")

    found = find(reference)

    (decision,) = [event for event in events if isinstance(event, Decision)]
    assert decision.choice.startswith(f"{reference} of the Docker engine at ")
    assert found.facts.image_id == docker_cli.inspect(reference)["Id"]
    layers = tmp_path / "cache/v1/bases/layers"
    assert not layers.exists(), "nothing is exported before a layer is asked for"
    assert [layer.diff_id for layer in found.layers] == docker_cli.inspect(reference)["RootFS"]["Layers"]
    sizes = [sum(map(len, layer.blob.chunks())) for layer in found.layers]
    assert sizes == [layer.descriptor.size for layer in found.layers]
    written = {path: path.stat().st_mtime_ns for path in layers.glob("*.blob")}
    again = find(reference)
    assert [layer.descriptor for layer in again.layers] == [layer.descriptor for layer in found.layers]
    assert written == {path: path.stat().st_mtime_ns for path in layers.glob("*.blob")}


def test_a_layer_that_two_bases_share_is_exported_once(base, find, tmp_path):
    first, second = find(base("python3.11")), find(base("debian"))
    shared = first.layers[0]
    assert shared.diff_id == second.layers[0].diff_id

    assert shared.descriptor == second.layers[0].descriptor
    assert len(list((tmp_path / "cache/v1/bases/layers").glob(f"{shared.diff_id[7:]}.blob"))) == 1


def test_the_registrys_and_the_engines_image_are_one(pushed, base, find):
    of_registry, of_engine = find(pushed("python3.7")), find(base("python3.7"))

    assert of_registry.config["rootfs"] == of_engine.config["rootfs"]
    assert of_registry.config["config"]["Env"] == of_engine.config["config"]["Env"]
    same = replace(of_engine.facts, reference=of_registry.facts.reference, origin=of_registry.facts.origin)
    assert of_registry.facts == same


@pytest.mark.triton
def test_no_layer_of_a_base_that_tells_its_python_is_read(pushed, environ, events):
    read = []

    class Watched:
        """The real registry, with a note of what is read."""

        def __init__(self, registry):
            self._registry = registry

        def __getattr__(self, name):
            return getattr(self._registry, name)

        def open_blob(self, repository, descriptor):
            read.append(descriptor.digest)
            return self._registry.open_blob(repository, descriptor)

    open_registry = registry_opener(environ)
    sources = BaseSources(environ, lambda host, access: Watched(open_registry(host, access)))

    found = sources.find(
        BaseImage(ImageReference.parse(pushed("triton"))), "linux/amd64", None, events.append
    )

    assert (found.facts.python, found.facts.interpreter) == ("3.11", "/usr/bin/python3.11")
    assert read == [found.facts.image_id]
    assert found.layers
