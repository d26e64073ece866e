"""The command run in this process, a model to package, and a packager that needs nothing outside."""

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from odahu_pack_core.cli.entry import run

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Finished:
    code: int
    out: str
    err: str


@pytest.fixture
def odahuflowctl(capsys):
    """Run a command line: ``odahuflowctl("local", "pack", "plan", …)``."""

    def call(*words, **environ):
        capsys.readouterr()
        code = run([str(word) for word in words], {**os.environ, **environ})
        captured = capsys.readouterr()
        return Finished(code, captured.out, captured.err)

    return call


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Install a distribution as pip would leave it; its module is announced as a plugin."""
    site = tmp_path / "site-packages"
    site.mkdir()
    monkeypatch.syspath_prepend(str(site))
    installed = []

    def put(name, source, *, target=None):
        module = name.replace("-", "_")
        (site / f"{module}.py").write_text(source, encoding="utf-8")
        info = site / f"{module}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n", encoding="utf-8"
        )
        (info / "entry_points.txt").write_text(
            f"[odahu_pack]\n{name} = {target or module}\n", encoding="utf-8"
        )
        installed.append(module)
        return site

    yield put
    for module in installed:
        sys.modules.pop(module, None)


@pytest.fixture
def paper(install):
    """The folder in which a packager and an engine are installed that need nothing outside."""
    return install("paper-press", (HERE / "paper_press.py").read_text(encoding="utf-8"))


@pytest.fixture
def project(tmp_path, monkeypatch):
    """The current folder: a GPPI model in ``wine/``, and ``pack.yaml`` that packages it with ``paper``."""
    folder = tmp_path / "project"
    shutil.copytree(HERE / "project", folder)
    monkeypatch.chdir(folder)
    return folder
