"""odahu-pack and scikit-learn in a virtual environment of the demo's own."""

from __future__ import annotations

import hashlib
import importlib.util
import sys
from pathlib import Path

from workbench.command import run
from workbench.demo.stage import ROOT, DemoError, Stage
from workbench.rootless.apt import Apt

__all__ = ["install_distributions"]

_DISTRIBUTIONS = (".", "plugins/docker_rest", "plugins/docker_cli", "plugins/triton")


def install_distributions(stage: Stage) -> str:
    """Install what the demo runs, unless the environment holds it already; return the outcome in words.

    Raises:
        DemoError: pip failed.
        WorkbenchError: There is no pip, and apt brings none.
    """
    inputs = [(ROOT / each / "pyproject.toml").read_bytes() for each in _DISTRIBUTIONS]
    wanted = hashlib.sha256(b"".join(inputs) + f"{ROOT} {sys.version}".encode()).hexdigest()
    stamp = stage.folder / "venv" / "installed"
    if stamp.is_file() and stamp.read_text() == wanted:
        return f"there already, in {stage.folder.name}/venv"
    pip = _make_environment(stage)
    # uv is among the dependencies, and installs the others in a tenth of pip's time.
    stage.run(*pip, "install", "--disable-pip-version-check", "--progress-bar", "off", "uv")
    editables = (word for each in _DISTRIBUTIONS for word in ("--editable", each))
    stage.run(
        stage.bin / "uv", "pip", "install", "--python", stage.bin / "python", *editables, "scikit-learn"
    )
    stamp.write_text(wanted)
    return f"in {stage.folder.name}/venv"


def _make_environment(stage: Stage) -> tuple[str | Path, ...]:
    """Make a virtual environment and return the command that is its pip."""
    venv = (sys.executable, "-m", "venv", "--clear")
    if importlib.util.find_spec("ensurepip") is not None:
        stage.run(*venv, stage.folder / "venv")
        return (stage.bin / "python", "-m", "pip")
    # Debian has venv and pip in packages of their own, which only root can install, but anybody can read.
    stage.run(*venv, "--without-pip", stage.folder / "venv")
    return (stage.bin / "python", _pip_wheel(stage) / "pip")


def _pip_wheel(stage: Stage) -> Path:
    folder = stage.folder / "pip"
    for archive in Apt(folder / "apt", stage.environ).download(["python3-pip-whl"]):
        run(["dpkg-deb", "--extract", archive, folder], environ=stage.environ)
    wheels = sorted(folder.glob("usr/share/python-wheels/pip-*.whl"))
    if not wheels:
        raise DemoError("there is no pip here: install python3-venv")
    return wheels[-1]
