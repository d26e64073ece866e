"""The same model, lock and base make the same image, whoever packages it, where and with what."""

import io
import os
import shutil
import tarfile
import tempfile
import zipfile
from pathlib import Path

import pytest

from odahu_pack_core import ImageOutput, load_entities, package_model
from odahu_pack_core.errors import UsageError
from odahu_pack_core.testing import KnownRegistry, read_archive, read_layout
from tests.core.plan.test_layer_tar import PYTHONS
from tests.e2e.hosts import NOBODY, Host, install, labelled_base, written_request
from tests.e2e.parts import THREE_FEATURES, connection, gppi_project, packaging
from workbench.command import locate

pytestmark = [pytest.mark.registry]

DEBIANS = Path("/usr/bin/python3.11")
# A script, native code, and a wheel that is large enough for a layer of its own.
PACKAGES = ["tabulate==0.9.0", "markupsafe==2.1.5", "pydantic-core==2.27.2", "typing-extensions==4.12.2"]
ODD = {
    "TZ": "Pacific/Apia",
    "LC_ALL": "C",
    "LANG": "tr_TR.UTF-8",
    "PYTHONHASHSEED": "7",
    "COLUMNS": "40",
}


@pytest.fixture(scope="module")
def place():
    """Give a folder with a short path that every user may read."""
    with tempfile.TemporaryDirectory(prefix="odahu-pack-hosts-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture(scope="module")
def artifact(place):
    files = {"odahuflow_model/weights.bin": bytes(range(256)) * 300, "données.txt": "naïve".encode()}
    return gppi_project(place / "model", THREE_FEATURES, pip=PACKAGES, **files)


@pytest.fixture(scope="module")
def base(place):
    return labelled_base(place / "base")


@pytest.fixture(scope="module")
def request_file(place, base):
    return written_request(place / "packaging.json", base)


@pytest.fixture
def digest_by(place, request_file, artifact):
    """Package as a host does, in a folder of its own."""

    def digest(host, **changed):
        folder = Path(tempfile.mkdtemp(prefix="run-", dir=place))
        folder.chmod(0o755)
        return host.digest(folder / "of it", request_file, changed.get("artifact", artifact))

    return digest


@pytest.fixture(scope="module")
def here(place, request_file, artifact):
    """The digest to be had, of a run as most are."""
    return Host().digest(place / "here", request_file, artifact)


def test_another_folder_home_zone_umask_locale_and_one_processor(digest_by, here, tmp_path):
    taskset = (locate("taskset"), "--cpu-list", str(min(os.sched_getaffinity(0))))
    assert digest_by(Host(prefix=taskset, environ=ODD, umask=0o077, cwd=str(tmp_path))) == here


@pytest.mark.slow
@pytest.mark.parametrize("umask", [0o000, 0o027])
def test_any_umask(digest_by, here, umask):
    assert digest_by(Host(umask=umask)) == here


@pytest.mark.parametrize("form", ["zip", "stored zip", "tar.gz", "strict modes"])
def test_a_folder_and_its_archives_make_the_same_image(digest_by, here, artifact, tmp_path, form):
    assert digest_by(Host(), artifact=_in_another_form(form, artifact, tmp_path)) == here


def _in_another_form(form, artifact, folder):
    paths = sorted(artifact.rglob("*"), reverse=True)
    path = folder / "model.zip"
    match form:
        case "strict modes":
            path = shutil.copytree(artifact, folder / "model")
            for each in path.rglob("*"):
                each.chmod(0o700 if each.is_dir() else 0o600)
        case "tar.gz":
            with tarfile.open(path, "w:gz") as archive:
                archive.add(artifact, ".")
        case _:
            method = zipfile.ZIP_STORED if form == "stored zip" else zipfile.ZIP_DEFLATED
            with zipfile.ZipFile(path, "w", method) as archive:
                for each in paths:
                    archive.write(each, each.relative_to(artifact))
    return path


@pytest.fixture
def package(request_file, artifact, tmp_path, monkeypatch):
    """Package in this process, with a cache of its own."""
    monkeypatch.setenv("ODAHU_PACK_CACHE_DIR", str(tmp_path / "cache"))
    (unpushed,) = load_entities(request_file)

    def run(output=None, connections=()):
        request = packaging("docker-rest", **unpushed.spec.arguments) if connections else unpushed
        return package_model(request, artifact=artifact, connections=connections, output=output).image

    return run


def test_a_python_that_misreads_file_names_is_refused(digest_by):
    """In a locale of Latin-1, say, names would be others in the image."""
    with pytest.raises(AssertionError, match="takes file names to be ascii") as caught:
        digest_by(Host(environ={"LC_ALL": "C", "PYTHONUTF8": "0"}))
    assert "PYTHONUTF8=1" in str(caught.value)


def test_every_output_holds_the_same_image_from_a_cold_cache_and_from_a_warm_one(
    registry, package, here, tmp_path
):
    ways = [connection(registry)]
    cold, warm = package(connections=ways), package(connections=ways)
    package(ImageOutput("oci", tmp_path / "image.tar"))
    package(ImageOutput("docker-archive", tmp_path / "archive.tar"))

    (layout,) = read_layout(tmp_path / "image.tar")
    archived = read_archive(tmp_path / "archive.tar")
    known = KnownRegistry(registry.host, registry.username, registry.password)
    published = known.image(cold.reference.repository, here)
    assert cold.digest == warm.digest == layout.manifest_digest == here
    assert archived.config_digest == layout.config_digest == published.config_digest
    assert archived.layers == layout.layers == published.layers


def test_source_date_epoch_is_the_time_of_the_image_and_of_the_models_files(package, tmp_path, monkeypatch):
    times = {}
    for epoch, created in (("", "1970-01-01T00:00:00Z"), ("1700000000", "2023-11-14T22:13:20Z")):
        monkeypatch.setenv("SOURCE_DATE_EPOCH", epoch)
        package(ImageOutput("oci", tmp_path / f"at{epoch}"))
        (image,) = read_layout(tmp_path / f"at{epoch}")
        assert image.config["created"] == created
        assert image.config["history"][-1]["created"] == created
        times[epoch] = _times(image)
    assert set(times[""].values()) == {0}
    later = times["1700000000"]
    assert {time for path, time in later.items() if path.startswith("opt/model/lib/")} == {0}
    assert {time for path, time in later.items() if path.endswith("/entrypoint.py")} == {1700000000}
    assert set(later.values()) == {0, 1700000000}


def _times(image):
    times = {}
    for layer in image.layers:
        with tarfile.open(fileobj=io.BytesIO(layer)) as members:
            times |= {member.name: member.mtime for member in members}
    return times


@pytest.mark.parametrize("text", ["yesterday", "-1", "1.5", "9" * 30])
def test_source_date_epoch_is_a_number_of_seconds(package, tmp_path, monkeypatch, text):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", text)
    with pytest.raises(UsageError, match="SOURCE_DATE_EPOCH"):
        package(ImageOutput("oci", tmp_path / "image"))


@pytest.mark.slow
@pytest.mark.parametrize("processor", ["Nehalem", "max"])
def test_any_type_of_processor(digest_by, here, processor):
    assert digest_by(Host(prefix=(locate("qemu-x86_64"), "-cpu", processor))) == here


@pytest.mark.slow
@pytest.mark.parametrize("python", PYTHONS, ids=lambda python: python.parts[-3])
def test_any_python_that_runs_it(digest_by, here, python, place):
    installed = install(place / python.parts[-3], python)
    assert digest_by(Host(python=installed)) == here


@pytest.mark.slow
@pytest.mark.parametrize("uid", [NOBODY, 12345])
def test_any_user(digest_by, here, place, uid):
    if os.geteuid() or not DEBIANS.exists():
        pytest.skip("only root may become another user, who needs a Python in reach")
    installed = place / "debians" / "bin" / "python"
    if not installed.exists():
        install(place / "debians", DEBIANS)
    setpriv = (locate("setpriv"), f"--reuid={uid}", f"--regid={uid}", "--clear-groups")
    # What root has fetched is out of other users' reach.
    own = {"UV_CACHE_DIR": str(place / f"uv-of-{uid}"), "PYTHONDONTWRITEBYTECODE": "1"}
    (place / f"uv-of-{uid}").mkdir()
    os.chown(place / f"uv-of-{uid}", uid, uid)
    assert digest_by(Host(python=installed, prefix=setpriv, environ=own, uid=uid)) == here
