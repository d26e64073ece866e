"""Base images of a registry in memory: what is asked for, what is not, and what is refused."""

import json

import pytest

from odahu_pack_core.blob.descriptor import OCI_MANIFEST, BytesBlob
from odahu_pack_core.engine.told_python import python_label
from odahu_pack_core.errors import RegistryError
from odahu_pack_core.events import Notice
from odahu_pack_core.plan.base import BasePython
from tests.core.engine.oci.bases.parts import (
    directory,
    entry_of,
    file,
    image_blobs,
    index_blob,
    link,
    program,
    tar_of,
)
from tests.core.engine.parts import Access

NAME = ("bases/python", "3.11")
BASE = "registry.example/bases/python:3.11"
LOWER = tar_of([directory("etc"), file("etc/motd", b"lower")])
UPPER = tar_of(
    [
        directory("usr"),
        directory("usr/bin"),
        program("usr/bin/python3.11"),
        link("usr/bin/python3", "python3.11"),
    ]
)
SETTINGS = {"Env": ["PATH=/usr/bin", "LANG=C.UTF-8"], "Labels": {"of": "base"}}


@pytest.fixture
def held(memory):
    root, blobs = image_blobs([LOWER, UPPER], SETTINGS)
    memory.hold(NAME, root, blobs)
    return root, blobs


def layers_asked(memory, blobs):
    return [line for line in memory.asked if any(blob.descriptor.digest in line for blob in blobs[1:])]


def test_it_is_pinned_and_described(held, find, memory):
    root, blobs = held

    found = find(BASE, pull=Access("registry.example"))

    assert str(found.reference) == f"{BASE}@{root.descriptor.digest}"
    assert found.manifest_digest == root.descriptor.digest
    assert (found.registry_host, found.repository) == ("registry.example", "bases/python")
    assert found.facts.image_id == blobs[0].descriptor.digest
    assert (found.facts.python, found.facts.interpreter) == ("3.11", "/usr/bin/python3.11")
    assert found.facts.env == {"PATH": "/usr/bin", "LANG": "C.UTF-8"}
    assert found.facts.labels == {"of": "base"}
    assert found.facts.origin == "the registry registry.example"
    assert found.config["config"] == SETTINGS
    assert [layer.descriptor for layer in found.layers] == [blob.descriptor for blob in blobs[1:]]
    assert b"".join(found.layers[0].blob.chunks(20)) == blobs[1].content[20:]
    assert memory.closed == len(memory.opened)


@pytest.mark.usefixtures("held")
def test_the_next_run_asks_for_the_name_only(find, memory, events):
    first = find(BASE)
    assert [event.severity for event in events if isinstance(event, Notice)] == ["note"]
    memory.asked.clear()
    events.clear()

    again = find(BASE)

    assert memory.asked == ["bases/python 3.11"]
    assert again.facts == first.facts
    assert events == []


@pytest.mark.usefixtures("held")
def test_a_digest_that_was_seen_before_asks_for_nothing(find, memory):
    pinned = str(find(BASE).reference)
    memory.asked.clear()

    assert find(pinned).facts.python == "3.11"
    assert memory.asked == []


def test_only_layers_that_are_needed_are_read(held, find, memory):
    find(BASE)

    assert layers_asked(memory, held[1]) == [f"bases/python {held[1][2].descriptor.digest}"]


def test_what_the_publisher_tells_spares_all_layers(held, find, memory):
    found = find(BASE, known=BasePython("3.10", "/usr/bin/python3.10"))

    assert (found.facts.python, found.facts.interpreter) == ("3.10", "/usr/bin/python3.10")
    assert layers_asked(memory, held[1]) == []


def test_what_the_label_tells_spares_all_layers_and_wins(find, memory):
    label = python_label(BasePython("3.12", "/opt/bin/python3.12", "musl"))
    root, blobs = image_blobs([LOWER, UPPER], {"Labels": {"org.odahu.pack.python": label}})
    memory.hold(NAME, root, blobs)

    found = find(BASE, known=BasePython("3.10", "/usr/bin/python3.10"))

    assert (found.facts.python, found.facts.libc) == ("3.12", "musl")
    assert layers_asked(memory, blobs) == []


def test_a_label_of_other_layers_is_not_believed(find, memory):
    label = python_label(BasePython("3.12", "/opt/bin/python3.12"), ["sha256:" + "0" * 64])
    root, blobs = image_blobs([UPPER], {**SETTINGS, "Labels": {"org.odahu.pack.python": label}})
    memory.hold(NAME, root, blobs)

    assert find(BASE).facts.python == "3.11"


def test_layers_beside_somebody_elses_config_are_looked_into_anew(held, find, memory):
    find(BASE)
    other = tar_of([program("usr/bin/python3.8"), link("usr/bin/python3", "python3.8")])
    _, (_, *other_layers) = image_blobs([LOWER, other], SETTINGS)
    document = {**json.loads(held[0].content), "layers": [entry_of(blob) for blob in other_layers]}
    memory.hold(NAME, BytesBlob(OCI_MANIFEST, json.dumps(document).encode()), other_layers)

    assert find(BASE).facts.python == "3.8"


def test_the_platforms_manifest_is_chosen_and_the_index_pinned(find, memory):
    images = {}
    for platform in ("linux/arm64/v8", "linux/amd64"):
        root, blobs = image_blobs([UPPER], SETTINGS, platform)
        memory.hold((NAME[0], root.descriptor.digest), root, blobs)
        images[platform] = root
    index = index_blob(*(entry_of(root, platform) for platform, root in images.items()))
    memory.hold(NAME, index)

    found = find(BASE, "linux/arm64")

    assert found.reference.digest == index.descriptor.digest
    assert found.manifest_digest == images["linux/arm64/v8"].descriptor.digest
    assert found.facts.platform == "linux/arm64"


@pytest.mark.usefixtures("held")
def test_a_platform_that_is_not_there_is_told_without_asking_elsewhere(find):
    with pytest.raises(RegistryError) as caught:
        find(BASE, "linux/arm64")

    assert caught.value.code == "base-platform"
    assert caught.value.hint.startswith("name a base image that is there for linux/arm64")
    assert caught.value.message == f"the base image {BASE} is for linux/amd64, not linux/arm64"


def test_an_index_of_indexes_has_an_end(find, memory):
    inner = index_blob()
    for _ in range(6):
        memory.hold((NAME[0], inner.descriptor.digest), inner)
        inner = index_blob(entry_of(inner, "linux/amd64"))
    memory.hold(NAME, inner)

    with pytest.raises(RegistryError, match="index of indexes without end"):
        find(BASE)


def test_a_config_that_tells_of_other_layers_is_refused(find, memory):
    root, blobs = image_blobs([LOWER, UPPER], SETTINGS, layers=[])
    memory.hold(NAME, root, blobs)

    with pytest.raises(RegistryError, match="has 0 layers, but its config tells of 2"):
        find(BASE)


def test_a_name_that_is_nowhere_names_both_places(find, tmp_path):
    with pytest.raises(RegistryError) as caught:
        find("registry.example/no/such:1")

    assert caught.value.message == (
        "the base image registry.example/no/such:1 cannot be had: "
        "the registry registry.example has no no/such:1; "
        f"no Docker engine answers at unix://{tmp_path}/no-engine.sock: No such file or directory"
    )
    assert (caught.value.code, caught.value.exit_code) == ("base-missing", 16)
    assert caught.value.hint == "check the name and the tag of the base image"


def test_scratch_is_nothing_at_all(find, memory):
    found = find("scratch")

    assert (found.layers, found.config, found.facts.python) == ((), {}, None)
    assert memory.opened == []


@pytest.mark.usefixtures("held")
def test_credentials_go_to_their_own_registry_only(find, memory):
    access = Access("other.example")

    find(BASE, pull=access)

    assert {pull for _, pull in memory.opened} == {None}


@pytest.mark.usefixtures("held")
def test_damaged_notes_are_looked_up_again(find, tmp_path):
    first = find(BASE)
    for path in (tmp_path / "cache").rglob("*.json"):
        path.write_bytes(path.read_bytes()[:-3] + b"...")

    assert find(BASE).facts == first.facts


@pytest.mark.usefixtures("held")
def test_a_cache_that_cannot_be_written_only_forgets(find, environ, tmp_path):
    (tmp_path / "blocked").write_text("a file")
    environ["ODAHU_PACK_CACHE_DIR"] = str(tmp_path / "blocked")

    assert find(BASE).facts.python == "3.11"


@pytest.mark.parametrize(
    "write", [lambda e, text: e.update(ODAHU_PACK_MIRRORS=f"quay.io=q.example {text}"), None]
)
class TestMirrors:
    """Mirrors of the environment, and of the user's configuration file."""

    @pytest.fixture
    def mirrored(self, environ, tmp_path, write):
        def use(registry, mirror):
            if write is not None:
                write(environ, f"{registry}={mirror}")
                return
            folder = tmp_path / ".config/odahu-pack"
            folder.mkdir(parents=True)
            (folder / "config.yaml").write_text(f"mirrors:\n  quay.io: q.example\n  {registry}: {mirror}\n")

        return use

    @pytest.mark.parametrize(
        "name", ["python:3.11", "docker.io/library/python:3.11", "index.docker.io/python:3.11"]
    )
    def test_an_image_is_pulled_from_there_and_keeps_its_name(self, *, mirrored, find, memory, name):
        mirrored("docker.io", "mirror.example/hub")
        root, blobs = image_blobs([UPPER], SETTINGS)
        memory.hold(("hub/library/python", "3.11"), root, blobs)

        found = find(name, pull=Access("docker.io"))

        assert str(found.reference) == f"{name}@{root.descriptor.digest}"
        assert (found.registry_host, found.repository) == ("mirror.example", "hub/library/python")
        assert found.facts.origin == "the registry mirror.example, a mirror of docker.io"
        assert set(memory.opened) == {("mirror.example", None)}

    @pytest.mark.usefixtures("held")
    def test_other_registries_are_left_alone(self, mirrored, find, memory):
        mirrored("ghcr.io", "mirror.example")

        find(BASE)

        assert {host for host, _ in memory.opened} == {"registry.example"}
