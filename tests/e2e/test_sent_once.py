"""What a registry holds is not sent to it again, counted at the registry."""

import re

import pytest

from odahu_pack_core import package_model
from odahu_pack_core.pipeline.cache_image import cache_image
from odahu_pack_core.pipeline.surroundings import Surroundings
from odahu_pack_core.testing import ImageTree, KnownRegistry
from tests.e2e.hosts import labelled_base
from tests.e2e.parts import THREE_FEATURES, connection, gppi_project, packaging

pytestmark = [pytest.mark.registry]

PACKAGES = ["tabulate==0.9.0", "markupsafe==2.1.5", "pydantic-core==2.27.2", "typing-extensions==4.12.2"]
PULL = "bases"
_UPLOADED = re.compile(r"[?&]digest=sha256(?::|%3A)([0-9a-f]{64})")


@pytest.fixture
def ours(start_registry):
    """Give a registry that nobody else asks."""
    return start_registry()


@pytest.fixture
def base(tmp_path):
    return labelled_base(tmp_path / "base")


@pytest.fixture
def project(tmp_path):
    """Make a project with weights of its own: ``project("wine")``."""

    def make(name):
        weights = {"odahuflow_model/weights.bin": name.encode() * 100_000}
        return gppi_project(tmp_path / name, THREE_FEATURES, name=name, pip=PACKAGES, **weights)

    return make


class Watched:
    """What goes into a registry while a block runs."""

    def __init__(self, registry):
        self._registry = registry
        self._before = len(registry.requests())

    @property
    def uploaded(self):
        """The digests of the blobs that were uploaded so far."""
        asked = self._registry.requests()[self._before :]
        puts = [_UPLOADED.search(path) for method, path, _ in asked if method == "PUT"]
        return [f"sha256:{found[1]}" for found in puts if found]


def run(registry, artifact, base, *, pull=None, **arguments):
    """Package a model; return the image's manifest digest and blobs, and what the run told."""
    events = []
    connections = [connection(registry), connection(registry, PULL, "bases")]
    request = packaging("docker-rest", pull=pull, dockerfileBaseImage=base, **arguments)
    image = package_model(
        request, artifact=artifact, connections=connections, engine="oci", on_event=events.append
    ).image
    return image, [event.message for event in events if event.type == "notice"]


def test_a_second_model_with_the_same_dependencies_sends_its_own_bytes_only(ours, base, project):
    first, _ = run(ours, project("wine"), f"oci:{base}", imageName="first:1")
    watched = Watched(ours)

    second, told = run(ours, project("beer"), f"oci:{base}", imageName="second/of/another/name:1")

    known = KnownRegistry(ours.host)
    images = [known.image(each.reference.repository, each.digest) for each in (first, second)]
    own = set(images[1].diff_ids) - set(images[0].diff_ids)
    assert len(own) == 1
    assert len(watched.uploaded) == 2  # the layer of the model, and the config
    assert images[1].config_digest in watched.uploaded
    blobs = len(images[1].diff_ids) + 1
    assert any(f"{blobs - 2} of {blobs} blobs were there" in message for message in told)


def test_the_same_model_again_sends_nothing_and_says_so(ours, base, project):
    wine = project("wine")
    first, _ = run(ours, wine, f"oci:{base}", imageName="wine:1")
    watched = Watched(ours)
    second, told = run(ours, wine, f"oci:{base}", imageName="wine:1")
    assert second.digest == first.digest
    assert watched.uploaded == []
    assert any("nothing was sent" in message for message in told)


def test_what_a_dependency_cache_holds_is_neither_sent_nor_added_again(ours, base, project, tmp_path):
    conda = tmp_path / "cache" / "conda.yaml"
    conda.parent.mkdir()
    conda.write_text(f"dependencies: [python=3.11, {{pip: [{', '.join(PACKAGES)}]}}]")
    surroundings = Surroundings(engine="oci")
    bases = connection(ours, PULL, "bases")
    built_on = f"oci:{base}"
    cache = cache_image(conda, image="cache:1", base=built_on, push=bases, surroundings=surroundings).image
    watched = Watched(ours)

    image, _ = run(ours, project("wine"), "cache:1", pull=PULL)

    known = KnownRegistry(ours.host)
    holds, made = (known.image(each.reference.repository, each.digest) for each in (cache, image))
    count = len(holds.diff_ids)
    assert made.diff_ids[:count] == holds.diff_ids
    assert len(watched.uploaded) == len(set(made.diff_ids[count:])) + 1
    added = ImageTree.of(made.layers[count:]).entries
    for package in ("tabulate", "markupsafe", "pydantic_core"):
        assert any(f"/{package}" in path for path in holds.tree.entries)
        assert not any(path.startswith("/opt/model/") and f"/{package}" in path for path in added)
