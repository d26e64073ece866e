"""The same files make the same blob: by any process, Python and processor."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.core.plan.test_layer_tar import PYTHONS

REPOSITORY = Path(__file__).parents[3]
PACK_FILES = Path(__file__).with_name("pack_files.py")


def packed_by(command, draft, environ=os.environ, libraries=(), **options):
    path = os.pathsep.join(map(str, [REPOSITORY, *libraries]))
    environ = {**environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
    made = subprocess.run(
        [*command, PACK_FILES, draft], env=environ, stdout=subprocess.PIPE, text=True, check=True, **options
    )
    return made.stdout, draft.read_bytes()


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    return packed_by([sys.executable], tmp_path_factory.mktemp("here") / "blob")


def test_surroundings_do_not_matter(tmp_path, here):
    odd = {"PYTHONHASHSEED": "7", "TZ": "Pacific/Apia", "LC_ALL": "C", "PYTHONUTF8": "0"}
    assert packed_by([sys.executable], tmp_path / "odd", odd, umask=0o077, cwd="/") == here
    assert "+gzip" in here[0]


def test_one_processor_or_all(tmp_path, here):
    def one_only():
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})

    assert packed_by([sys.executable], tmp_path / "one", preexec_fn=one_only) == here


@pytest.mark.slow
@pytest.mark.parametrize("processor", ["Nehalem", "max"])
def test_the_type_of_processor_does_not_matter(program, tmp_path, here, processor):
    """The compressor has other code for each; `-cpu` hides what Nehalem does not have, such as AVX2."""
    qemu = program("qemu-x86_64")
    assert packed_by([qemu, "-cpu", processor, sys.executable], tmp_path / "there") == here


@pytest.mark.slow
@pytest.mark.parametrize("python", PYTHONS, ids=lambda python: python.parts[-3])
def test_the_release_of_python_does_not_matter(tmp_path, here, python):
    isal = tmp_path / "isal"
    uv = Path(sys.executable).with_name("uv")
    install = [uv, "pip", "install", "--quiet", "--target", isal, "--python", python, "isal"]
    subprocess.run(install, check=True)
    assert packed_by([python], tmp_path / "there", libraries=[isal]) == here
