"""Which of several wheels is the best: the one that uv takes."""

import subprocess
import sys

import pytest
from packaging.tags import parse_tag
from uv import find_uv_bin

from odahu_pack_core.environment.target import Target
from odahu_pack_core.environment.wheel_tags import preference, runs_on
from tests.core.environment.conftest import facts, wanted
from tests.core.environment.wheelhouse import build_wheel

LADDER = [
    "cp311-cp311-manylinux_2_28_x86_64",
    "cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64",
    "cp311-abi3-manylinux_2_17_x86_64",
    "cp311-none-manylinux_2_28_x86_64",
    "cp38-abi3-manylinux_2_28_x86_64",
    "cp38-abi3-manylinux1_x86_64",
    "cp36-abi3-manylinux2014_x86_64",
    "py311-none-manylinux_2_17_x86_64",
    "py3-none-manylinux_2_28_x86_64",
    "py3-none-manylinux2010_x86_64",
    "py310-none-manylinux_2_17_x86_64",
    "cp311-none-any",
    "py311-none-any",
    "py3-none-any",
    "py2.py3-none-any",
    "py38-none-any",
]
OTHER = {
    ("3.6", "linux/amd64", "glibc"): ["cp36-cp36m-manylinux1_x86_64", "cp36-abi3-manylinux2014_x86_64"],
    ("3.12", "linux/amd64", "musl"): ["cp312-cp312-musllinux_1_2_x86_64", "cp38-abi3-musllinux_1_1_x86_64"],
    ("3.13", "linux/arm64", "glibc"): [
        "cp313-cp313-manylinux_2_27_aarch64",
        "cp39-abi3-manylinux2014_aarch64",
    ],
}


def target(python="3.11", platform="linux/amd64", libc="glibc"):
    return Target.of(facts(python, "/x", platform=platform, libc=libc))


def best(tags, sought):
    return max((f"several-1.0-{tag}.whl" for tag in tags), key=lambda name: preference(name, sought))


def taken_by_uv(house, tags, sought, tmp_path):
    """Have uv itself choose, knowing nothing of any digest."""
    for tag in tags:
        build_wheel(house, "several", "1.0", {"several.py": f"TAG = {tag!r}\n"}, tag=tag)
    where = tmp_path / "taken"
    options = ("--python-version", sought.full_python, "--python-platform", sought.uv_platform)
    subprocess.run(
        [
            *(find_uv_bin(), "pip", "install", "--target", where, "--python", sys.executable, *options),
            *("--no-index", "--find-links", house, "--only-binary", ":all:", "--no-config", "several"),
        ],
        check=True,
        capture_output=True,
    )
    namespace = {}
    exec((where / "several.py").read_text(), namespace)
    return f"several-1.0-{namespace['TAG']}.whl"


@pytest.mark.parametrize("start", range(len(LADDER) - 1))
def test_the_best_is_what_uv_takes(tmp_path, start):
    chosen = best(LADDER[start:], target())
    assert chosen == taken_by_uv(tmp_path / "house", LADDER[start:], target(), tmp_path)
    assert chosen == f"several-1.0-{LADDER[start]}.whl"


@pytest.mark.parametrize("sought", OTHER, ids="-".join)
def test_the_best_is_what_uv_takes_for_other_targets(tmp_path, sought):
    tags = [*OTHER[sought], "py3-none-any", "cp311-cp311-manylinux_2_28_x86_64"]
    chosen = best(tags, target(*sought))
    assert chosen == taken_by_uv(tmp_path / "house", tags, target(*sought), tmp_path)
    assert chosen == f"several-1.0-{tags[0]}.whl"


def test_a_higher_build_number_is_better():
    names = ["a-1-2-py3-none-any.whl", "a-1-10-py3-none-any.whl", "a-1-py3-none-any.whl"]
    assert max(names, key=lambda name: preference(name, target())) == "a-1-10-py3-none-any.whl"


def test_what_has_no_wheels_name_is_the_worst():
    assert preference("rubbish", target()) < preference("a-1-cp27-cp27m-win32.whl", target())


@pytest.mark.parametrize(
    ("tag", "runs"),
    [
        ("py2.py3-none-any", True),
        ("cp38-abi3-manylinux2014_x86_64", True),
        ("cp311-cp311-linux_x86_64", True),
        ("cp310-cp310-manylinux_2_17_x86_64", False),
        ("cp311-cp311-musllinux_1_1_x86_64", False),
        ("cp311-cp311-manylinux_2_17_aarch64", False),
        ("cp27-none-any", False),
    ],
)
def test_what_runs_on_a_target(tag, runs):
    assert runs_on(parse_tag(tag), target()) is runs


def test_the_lock_names_one_wheel_with_its_digest(environments, recorder, environ, tmp_path):
    house = tmp_path / "several"
    for tag in LADDER:
        build_wheel(house, "several", "1.0", {"several.py": f"TAG = {tag!r}\n"}, tag=tag)
    environ["UV_FIND_LINKS"] = str(house)
    [package] = environments.resolve(wanted("several"), facts("3.11", "/x"), tmp_path, recorder.emit).packages
    assert package.file == f"several-1.0-{LADDER[0]}.whl"
    assert len(package.hashes) == 1
