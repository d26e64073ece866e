"""The four wheels: each holds its package as version control has it, and Swagger UI where that belongs."""

import subprocess
import sys
import zipfile
from importlib.metadata import distribution
from pathlib import Path

import pytest
import tomllib

ROOT = Path(__file__).parents[1]
DISTRIBUTIONS = {
    ".": "odahu_pack_core",
    "plugins/docker_rest": "odahu_pack_docker_rest",
    "plugins/docker_cli": "odahu_pack_docker_cli",
    "plugins/triton": "odahu_pack_triton",
}


SWAGGER_UI = [
    f"odahu_pack_docker_rest/swagger_ui/{name}"
    for name in ("swagger-ui-bundle.js.gz", "swagger-ui.LICENSE", "swagger-ui.css.gz")
]
ADDED = {"odahu_pack_docker_rest": SWAGGER_UI}
"""What building adds to a package."""


def project(folder):
    return tomllib.loads((ROOT / folder / "pyproject.toml").read_text())["project"]


def test_the_distributions_have_one_version():
    assert len({project(folder)["version"] for folder in DISTRIBUTIONS}) == 1


def built(folder, target, *options):
    uv = Path(sys.executable).with_name("uv")
    subprocess.run([uv, "build", "--quiet", *options, "--out-dir", target, ROOT / folder], check=True)
    (wheel,) = target.glob("*.whl")
    return zipfile.ZipFile(wheel)


@pytest.mark.slow
@pytest.mark.parametrize(("folder", "package"), DISTRIBUTIONS.items())
def test_a_wheel_holds_exactly_its_package(folder, package, tmp_path):
    with built(folder, tmp_path, "--wheel") as wheel:
        names = {name for name in wheel.namelist() if ".dist-info/" not in name}
    tracked = subprocess.run(
        ["git", "ls-files", package], cwd=ROOT / folder, check=True, capture_output=True, text=True
    ).stdout.split()
    assert names == {*tracked, *ADDED.get(package, ())}
    assert f"{package}/py.typed" in names


@pytest.mark.slow
def test_swagger_ui_has_the_same_bytes_however_it_is_installed(tmp_path):
    """From the sources, from their archive (which is built first), and here, where it is editable."""
    here = distribution("odahu-pack-docker-rest")
    with built("plugins/docker_rest", tmp_path / "a", "--wheel") as wheel:
        directly = {name: wheel.read(name) for name in SWAGGER_UI}
    with built("plugins/docker_rest", tmp_path / "b") as wheel:
        by_archive = {name: wheel.read(name) for name in SWAGGER_UI}
    assert directly == by_archive == {name: Path(here.locate_file(name)).read_bytes() for name in SWAGGER_UI}
