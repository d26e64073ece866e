"""The four wheels: each holds the files of its package that are under version control, and nothing else."""

import subprocess
import sys
import zipfile
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


def project(folder):
    return tomllib.loads((ROOT / folder / "pyproject.toml").read_text())["project"]


def test_the_distributions_have_one_version():
    assert len({project(folder)["version"] for folder in DISTRIBUTIONS}) == 1


@pytest.mark.slow
@pytest.mark.parametrize(("folder", "package"), DISTRIBUTIONS.items())
def test_a_wheel_holds_exactly_its_package(folder, package, tmp_path):
    uv = Path(sys.executable).with_name("uv")
    subprocess.run([uv, "build", "--quiet", "--wheel", "--out-dir", tmp_path, ROOT / folder], check=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    tracked = subprocess.run(
        ["git", "ls-files", package], cwd=ROOT / folder, check=True, capture_output=True, text=True
    ).stdout.split()
    assert names == set(tracked)
    assert f"{package}/py.typed" in names
