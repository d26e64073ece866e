"""The folders of an image, laid out in a temporary folder as the packagers lay them out in ``/opt``."""

import json
import shutil
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path
from typing import NamedTuple

from packaging.requirements import Requirement

from odahu_pack_docker_rest.ui import page_files

REPOSITORY = Path(__file__).parents[2]
ISLAND = REPOSITORY / "odahu_pack_core" / "gppi_runtime"
SERVER = REPOSITORY / "plugins" / "docker_rest" / "odahu_pack_docker_rest" / "server"
COMMAND = REPOSITORY / "plugins" / "docker_cli" / "odahu_pack_docker_cli" / "cli"
MODELS = Path(__file__).parent / "models"
FRONT_REQUIREMENTS = ("h11>=0.13", "prometheus-client>=0.17", "httptools>=0.2", "uvloop>=0.14", "orjson>=3.6")


class Runtime(NamedTuple):
    """An interpreter and the folders of ours that it runs."""

    python: str
    home: Path

    def argv(self, folder, *arguments, site=True):
        flags = ["-I"] if site else ["-I", "-S"]
        return [self.python, *flags, str(self.home / folder), *map(str, arguments)]


class PackedModel(NamedTuple):
    """An unpacked artifact and the facts about the model in it."""

    artifact: Path
    facts: Path

    @property
    def options(self):
        return ["--model-json", str(self.facts), "--artifact", str(self.artifact)]


def pack_model(folder, source, *, name="wine", version="1.0", entrypoint="entrypoint"):
    """Lay out a model from one of the folders in ``models``, or from a dictionary of files."""
    work_dir = folder / "artifact" / "model"
    if isinstance(source, dict):
        work_dir.mkdir(parents=True)
        for path, text in source.items():
            (work_dir / path).parent.mkdir(parents=True, exist_ok=True)
            (work_dir / path).write_text(text)
    else:
        shutil.copytree(MODELS / source, work_dir, ignore=_NO_BYTECODE)
    facts = folder / "model.json"
    facts.write_text(
        json.dumps({"name": name, "version": version, "workDir": "model", "entrypoint": entrypoint})
    )
    return PackedModel(folder / "artifact", facts)


def lay_out(home):
    """Copy what goes into images, without the packages of the front."""
    for folder in ("front", "worker"):
        _copy(SERVER / folder, home / folder)
        _copy(SERVER / "wire", home / folder)
    _copy(COMMAND, home / "cli")
    for folder in ("worker", "cli"):
        _copy(ISLAND, home / folder / "gppi_runtime")
    for file in page_files(str(home / "front" / "pages")):
        Path(file.path).parent.mkdir(exist_ok=True)
        Path(file.path).write_bytes(file.content)


def install_from_this_environment(folder):
    """Put the front's packages of the running interpreter into a flat folder."""
    wanted = [Requirement(line) for line in FRONT_REQUIREMENTS]
    for requirement in wanted:
        installed = distribution(requirement.name)
        for file in installed.files or ():
            if file.parts[0] != ".." and file.suffix != ".pyc":
                target = folder / file
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file.locate(), target)
        needed = (Requirement(line) for line in installed.requires or ())
        wanted += [each for each in needed if not each.marker or each.marker.evaluate({"extra": ""})]


def install(folder, minor, *requirements):
    """Install wheels for another Python into a flat folder, as the packagers do."""
    command = [sys.executable, "-m", "uv", "pip", "install", "-q", "--no-config", "--link-mode", "copy"]
    target = ["--target", str(folder), "--python-version", minor, "--only-binary", ":all:"]
    platform = ["--python-platform", "x86_64-unknown-linux-gnu"]
    subprocess.run([*command, *target, *platform, *requirements], check=True)


def make_venv(folder, python, minor, *requirements):
    """Make a virtual environment as it is in an image: a link, a marker and site-packages."""
    install(folder / "lib" / f"python{minor}" / "site-packages", minor, *requirements)
    (folder / "pyvenv.cfg").write_text("include-system-site-packages = false\n")
    (folder / "bin").mkdir()
    (folder / "bin" / "python3").symlink_to(python)
    return str(folder / "bin" / "python3")


def _copy(source, target):
    shutil.copytree(source, target, ignore=_NO_BYTECODE, dirs_exist_ok=True)


_NO_BYTECODE = shutil.ignore_patterns("__pycache__")
