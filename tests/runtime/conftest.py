"""Interpreters with the folders of an image, and models in them."""

import os
import shutil
import subprocess
import sys
from functools import cache
from itertools import count

import pytest

from tests.pythons import pyenv_pythons
from tests.runtime import layout

_OLDEST_TO_NEWEST = ("3.6", "3.8", "3.11", "3.13")


def _interpreter(minor):
    found = pyenv_pythons(f"{minor}.*")
    python = str(found[-1]) if found else shutil.which(f"python{minor}")
    if python is None:
        pytest.skip(f"there is no CPython {minor}")
    return python


@pytest.fixture(scope="session")
def _laid_out(tmp_path_factory):
    """Lay out the runtime of a Python, once, however often tests come back to it."""

    @cache
    def laid_out(minor):
        home = tmp_path_factory.mktemp(f"image-{minor}")
        layout.lay_out(home)
        if minor == "current":
            layout.install_from_this_environment(home / "front")
            return layout.Runtime(sys.executable, home)
        python = _interpreter(minor)
        # One of them goes without the fast parts, as an image does for which there are no wheels of them.
        wanted = layout.FRONT_REQUIREMENTS[:2] if minor == "3.8" else layout.FRONT_REQUIREMENTS
        layout.install(home / "front", minor, *wanted)
        return layout.Runtime(layout.make_venv(home / "model", python, minor, "numpy"), home)

    return laid_out


@pytest.fixture(scope="session")
def _without_fast_parser(tmp_path_factory):
    """Copy a runtime as it is where there is no wheel of the fast parser, once."""

    @cache
    def copied(runtime):
        home = tmp_path_factory.mktemp("image-h11") / "home"
        fast = shutil.ignore_patterns("httptools*", "uvloop*")
        shutil.copytree(runtime.home, home, symlinks=True, ignore=fast)
        return runtime._replace(home=home)

    return copied


@pytest.fixture(
    scope="session",
    params=["current", *(pytest.param(minor, marks=pytest.mark.slow) for minor in _OLDEST_TO_NEWEST)],
)
def runtime(request, _laid_out):
    """An interpreter with front, worker and cli beside each other; numpy is there for the model."""
    return _laid_out(request.param)


@pytest.fixture(scope="session", params=["as installed", "with h11"])
def parser_runtime(request, runtime, _without_fast_parser):
    """An interpreter as `runtime`, and once more where there is no wheel of the fast parser."""
    return runtime if request.param == "as installed" else _without_fast_parser(runtime)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """Lay out a model: ``model("wine")``, ``model({"entrypoint.py": "…"})``."""
    numbers = count()
    folder = tmp_path_factory.mktemp("models")
    return lambda source, **facts: layout.pack_model(folder / str(next(numbers)), source, **facts)


@pytest.fixture
def run(runtime, model, tmp_path):
    """Run the command of docker-cli images with a model: ``run("wine", "info")``."""

    def run(source, *arguments, prefix=(), env=None, **options):
        packed = source if hasattr(source, "options") else model(source)
        argv = [*prefix, *runtime.argv("cli", *packed.options, *arguments)]
        given = {"stdin": subprocess.DEVNULL, **options} if "input" not in options else options
        environ = {**os.environ, **(env or {})}
        captured = {"capture_output": True, "text": True, "timeout": 30}
        return subprocess.run(argv, cwd=tmp_path, env=environ, check=False, **captured, **given)

    return run
