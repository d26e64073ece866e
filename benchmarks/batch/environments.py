"""Environments of models: with nothing but what the model needs, with pandas, with pyarrow."""

import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from benchmarks.against.models import REQUIREMENTS
from benchmarks.peers import UV
from workbench.state import StateFolder

_PANDAS = f"pandas=={version('pandas')}"
PACKAGES = {
    "neither": REQUIREMENTS,
    "pandas": (*REQUIREMENTS, _PANDAS),
    "pyarrow": (*REQUIREMENTS, "pyarrow"),
}


def environment(name: str) -> Path:
    """Make an environment unless it is there, and return its interpreter.

    Args:
        name: One of `PACKAGES`.
    """
    folder = StateFolder.of(os.environ).folder("batch") / name
    wanted, installed = "\n".join(PACKAGES[name]), folder / "installed"
    python = folder / "bin" / "python"
    if not installed.exists() or installed.read_text() != wanted:
        subprocess.run([UV, "venv", "--quiet", "--clear", "--python", sys.executable, folder], check=True)
        subprocess.run([UV, "pip", "install", "--quiet", "--python", python, *PACKAGES[name]], check=True)
        subprocess.run([python, "-m", "compileall", "-q", "-j", "0", folder / "lib"], check=False)
        installed.write_text(wanted)
    return python
