"""Wheels that hold real parts, fetched from the package index and unpacked once."""

import importlib.util
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from workbench.command import run
from workbench.errors import PartMissingError

__all__ = ["unpacked_wheels"]


def unpacked_wheels(wheels: Sequence[str], pantry: Path, environ: Mapping[str, str]) -> Path:
    """Return a folder with the files of wheels, unpacked beside each other.

    What Python runs this does not matter: the wheels are only unpacked.

    Args:
        wheels: Pinned requirements, such as ``nvidia-pytriton==0.7.0``; what they depend on is left out.
        pantry: Where such folders are kept.
        environ: The environment variables of the installer.

    Raises:
        PartMissingError: There is neither uv nor pip.
        WorkbenchError: The wheels cannot be had.
    """
    folder = pantry / "+".join(wheel.replace("==", "-") for wheel in wheels)
    if folder.exists():
        return folder
    unfinished = folder.with_name(f"{folder.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    options = ["--no-deps", "--only-binary", ":all:", "--target", str(unfinished)]
    run([*_installer(wheels), *options, *wheels], environ=environ, timeout=900)
    return unfinished.rename(folder)


def _installer(wheels: Sequence[str]) -> list[str]:
    beside = Path(sys.executable).with_name("uv")
    uv = str(beside) if beside.exists() else shutil.which("uv")
    if uv is not None:
        # A link into uv's cache would let a change here reach every later install.
        return [uv, "pip", "install", "--quiet", "--python", sys.executable, "--link-mode", "copy"]
    if importlib.util.find_spec("pip") is None:
        raise PartMissingError(f"neither uv nor pip is there to fetch {', '.join(wheels)}")
    return [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
