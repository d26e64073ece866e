"""One name for images of several platforms: an index whose images hold wheels of their own."""

import io
import json
import os
import re
import shutil
import struct
import subprocess
import tarfile

import pytest

from odahu_pack_core import Connection, ImageOutput
from odahu_pack_core.errors import DependencyError, EngineError
from odahu_pack_core.pipeline.jobs import Request
from odahu_pack_core.pipeline.run import package_request
from odahu_pack_core.pipeline.surroundings import Surroundings
from odahu_pack_core.testing import KnownRegistry, read_layout
from tests.core.engine.oci.parts import Layout
from tests.core.environment.wheelhouse import build_wheel
from tests.e2e.hosts import digest_in, labelled_base, merged_layout
from tests.e2e.parts import call, connection, gppi_project, packaging, pull_by_digest, served
from workbench.command import locate
from workbench.rootless import debian_base
from workbench.state import StateFolder

BOTH = ("linux/amd64", "linux/arm64")
MACHINES = {"linux/amd64": 62, "linux/arm64": 183}
"""What an ELF file says of its machine: https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html."""

MODEL = """
    import json, os
    import numpy, tabulate

    def init():
        with open(os.path.join(os.environ["MODEL_LOCATION"], "weights.json")) as stream:
            globals()["WEIGHTS"] = numpy.array(json.load(stream))
        return "matrix"

    def predict_on_matrix(input_matrix, provided_columns_names=None):
        return (numpy.array(input_matrix) @ WEIGHTS).reshape(-1, 1), ["predictions"]
"""
PREDICT = """\
import os, platform, sys
sys.path.insert(0, os.environ["MODEL_LOCATION"])
import entrypoint
entrypoint.init()
matrix, names = entrypoint.predict_on_matrix([[1.0, 2.0, 3.0]])
print(platform.machine(), sys.prefix, matrix.tolist(), names)
"""


def package(artifact, base, platforms=BOTH, *, output=None, push: Connection | None = None):
    """Package for platforms, into a registry or where `output` says."""
    request = packaging("docker-rest", dockerfileBaseImage=f"oci:{base}")
    if push is None:
        spec = request.spec.model_copy(update={"targets": ()})
        request = request.model_copy(update={"spec": spec})
    ways = (push,) if push else ()
    return package_request(
        Request(request, artifact, ways, output=output, platforms=platforms), Surroundings()
    )


@pytest.fixture
def labelled(tmp_path):
    """Give a base of both platforms that tells of a Python, and holds none."""
    bases = [labelled_base(tmp_path / f"base{n}", platform) for n, platform in enumerate(BOTH)]
    return merged_layout(tmp_path / "base", dict(zip(BOTH, bases, strict=True)))


@pytest.fixture
def native_project(tmp_path):
    """A project that needs a package whose wheels are for the platforms of some machines."""

    def project(*machines):
        folder = gppi_project(
            tmp_path / "project", MODEL, pip=["--no-index", "--find-links ../wheels", "native==1.0"]
        )
        for machine in machines:
            files = {"native.py": f"MACHINE = {machine!r}\n"}
            tag = f"cp311-cp311-manylinux_2_17_{machine}"
            build_wheel(folder / "wheels", "native", "1.0", files, tag=tag)
        return folder

    return project


@pytest.mark.slow
def test_a_dependency_without_a_wheel_for_one_platform_is_named_with_it(labelled, native_project, tmp_path):
    project = native_project("x86_64")
    with pytest.raises(DependencyError) as caught:
        package(project, labelled, output=ImageOutput("oci", tmp_path / "image"))
    assert caught.value.code == "no-wheel"
    assert re.search(r"native\S* has no wheel for Python 3\.11 on linux/arm64", caught.value.message)
    assert "another version" in caught.value.hint
    assert not (tmp_path / "image").exists()


@pytest.mark.parametrize("output", ["docker-archive", "docker", "context"])
def test_an_output_of_one_platform_says_so(labelled, tmp_path, output, monkeypatch):
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    project = gppi_project(tmp_path / "project", "def init():\n    return 'objects'\n")
    dest = tmp_path / "image" if output != "docker" else None
    with pytest.raises(EngineError, match="linux/amd64, linux/arm64") as caught:
        package(project, labelled, output=ImageOutput(output, dest))
    assert caught.value.code == "several-platforms"
    assert not (tmp_path / "image").exists()


@pytest.mark.registry
@pytest.mark.slow
def test_a_base_of_several_platforms_in_a_registry(registry, labelled, tmp_path):
    """Another tool has brought the base there; each platform's layers are taken from there."""
    copied = f"docker://{registry.host}/bases/python:3.11"
    skopeo = [locate("skopeo"), "copy", "--quiet", "--all", "--dest-tls-verify=false"]
    skopeo += ["--dest-creds", f"{registry.username}:{registry.password}"]
    subprocess.run([*skopeo, f"oci:{labelled}", copied], check=True)
    project = gppi_project(tmp_path / "project", "def init():\n    return 'objects'\n")
    before = len(registry.requests())

    request = packaging("docker-rest", pull="bases", dockerfileBaseImage="python:3.11")
    ways = (connection(registry), connection(registry, "bases", "bases"))
    published = package_request(Request(request, project, ways, platforms=BOTH), Surroundings()).image

    known = KnownRegistry(registry.host, registry.username, registry.password)
    assert sum("mount=" in path and status == 201 for _, path, status in registry.requests()[before:]) == 1
    for manifest, platform in zip(_manifests(registry, published), BOTH, strict=True):
        image = known.image(published.reference.repository, manifest)
        assert f"{image.config['os']}/{image.config['architecture']}" == platform


def _manifests(registry, published):
    """Return the digest of each image of an index, as the registry keeps it."""
    digest = published.digest.removeprefix("sha256:")
    (data,) = registry.storage.rglob(f"blobs/sha256/{digest[:2]}/{digest}/data")
    return [entry["digest"] for entry in json.loads(data.read_text())["manifests"]]


@pytest.fixture(scope="module")
def debian():
    """Give Debian's own Python as a base of both platforms."""
    if shutil.which("apt-get") is None:
        pytest.skip("the bases are made of Debian packages")
    state = StateFolder.of(os.environ).folder("rootless")
    bases = {
        platform: debian_base(state, os.environ, platform.removeprefix("linux/")).layout for platform in BOTH
    }
    names = sorted(layout.name for layout in bases.values())
    merged = state / "-".join(["both", *(name.removeprefix("debian-") for name in names)])
    return merged if merged.exists() else merged_layout(merged, bases)


@pytest.fixture
def project(tmp_path):
    weights = {"odahuflow_model/weights.json": json.dumps([0.25, 0.125, 0.0625]).encode()}
    pip = ["numpy==1.26.4", "tabulate==0.9.0"]
    return gppi_project(tmp_path / "project", MODEL, pip=pip, **weights)


@pytest.mark.engine
@pytest.mark.registry
@pytest.mark.slow
def test_the_image_of_each_platform_has_wheels_of_its_own(client, registry, debian, project, tmp_path):
    result = package(project, debian, push=connection(registry))
    image = result.image
    package(project, debian, output=ImageOutput("oci", tmp_path / "image"))

    # The layout holds the same index, valid by the specification's own schemas.
    assert digest_in(tmp_path / "image") == image.digest
    manifests = [manifest for manifest, _ in Layout.of(tmp_path / "image").images()]
    amd64, arm64 = read_layout(tmp_path / "image")
    assert [each.config["architecture"] for each in (amd64, arm64)] == ["amd64", "arm64"]

    # Native code is each platform's own; a layer without any is the same blob for both.
    same = {layer["digest"] for layer in manifests[0]["layers"]}
    same &= {layer["digest"] for layer in manifests[1]["layers"]}
    for platform, each, manifest in zip(BOTH, (amd64, arm64), manifests, strict=True):
        machines = [_machines(layer) for layer in each.layers]
        assert {machine for layer in machines for machine in layer.values()} == {MACHINES[platform]}
        assert any("/numpy/" in path for layer in machines[1:] for path in layer)
        assert same == {
            layer["digest"] for layer, own in zip(manifest["layers"], machines, strict=True) if not own
        }

    # The registry hands each machine the image for it.
    assert _inspected(registry, image, "arm64") == "arm64"
    assert _inspected(registry, image, "amd64") == "amd64"
    with served(client, pull_by_digest(client, registry, image)) as address:
        document = {"columns": ["a", "b", "c"], "data": [[1, 2, 3]]}
        assert call(f"{address}/api/model/invoke", document) == (
            200,
            {"prediction": [[0.6875]], "columns": ["predictions"]},
        )
    told = _predicted_in(tmp_path / "root", arm64)
    assert told == "aarch64 /opt/model [[0.6875]] ['predictions']"


def _machines(layer):
    """Return the machine of each ELF file in a layer."""
    found = {}
    with tarfile.open(fileobj=io.BytesIO(layer)) as members:
        for member in filter(tarfile.TarInfo.isreg, members):
            start = members.extractfile(member).read(20)
            if start.startswith(b"\x7fELF"):
                (found[member.name],) = struct.unpack("<H", start[18:20])
    return found


def _inspected(registry, image, architecture):
    skopeo = [locate("skopeo"), "--override-arch", architecture, "inspect", "--tls-verify=false"]
    skopeo += ["--creds", f"{registry.username}:{registry.password}"]
    reference = f"docker://{image.reference.name}@{image.digest}"
    told = subprocess.run([*skopeo, reference], stdout=subprocess.PIPE, check=True).stdout
    return json.loads(told)["Architecture"]


def _predicted_in(root, image):
    """Unpack an image of another machine and let an emulator of that predict."""
    for layer in image.layers:
        with tarfile.open(fileobj=io.BytesIO(layer)) as members:
            members.extractall(root, filter="tar")
    emulator = [locate("qemu-aarch64"), "-L", root, "-0", "/opt/model/bin/python3"]
    python = (root / "usr" / "bin" / "python3").resolve()
    done = subprocess.run(
        [*emulator, python, "-c", PREDICT],
        env={**image.env, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()
