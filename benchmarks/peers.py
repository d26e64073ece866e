"""Other packagers and servers, each in an environment of its own below the workbench's state folder."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from workbench.state import StateFolder

UV = Path(sys.executable).with_name("uv")
_BESIDE = {"bentoml": ("uv",)}  # `bentoml build` calls it, and would install it with a pip that is not there


def peer(name: str) -> Path:
    """Install a peer unless it is there, and return the folder of its programs.

    Args:
        name: A distribution in the index, such as ``mlflow``.
    """
    return environment(name, (name, *_BESIDE.get(name, ())))


def environment(name: str, wanted: Sequence[str]) -> Path:
    """Make an environment of this Python unless it is there, and return the folder of its programs.

    Args:
        name: What it is called below the workbench's state folder.
        wanted: Requirements of all that is installed; the same ones are not looked for again.
    """
    folder = StateFolder.of(os.environ).folder("peers") / name
    installed = folder / "installed"
    if not installed.exists() or installed.read_text() != " ".join(wanted):
        subprocess.run([UV, "venv", "--quiet", "--clear", "--python", sys.executable, folder], check=True)
        python = folder / "bin" / "python"
        subprocess.run([UV, "pip", "install", "--quiet", "--python", python, *wanted], check=True)
        subprocess.run([python, "-m", "compileall", "-q", "-j", "0", folder / "lib"], check=False)
        installed.write_text(" ".join(wanted))
    return folder / "bin"


def version_of(python: Path, name: str) -> str:
    """Return the version of a distribution that a Python has."""
    asked = [str(python), "-c", f"from importlib.metadata import version; print(version({name!r}))"]
    return subprocess.run(asked, check=True, capture_output=True, text=True).stdout.strip()
