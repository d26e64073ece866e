"""The tour of the README, followed: hermetically as far as it needs nothing, and to its end on real parts."""

import os
import re
import subprocess
import sys
from doctest import ELLIPSIS, NORMALIZE_WHITESPACE, OutputChecker
from importlib.util import find_spec
from pathlib import Path

import pytest
from sybil import Sybil
from sybil.parsers.markdown import CodeBlockParser, PythonCodeBlockParser

from odahu_pack_core import load_entities
from tests.docs.reading import README, REPOSITORY, blocks, commands

SAME = OutputChecker()
CLEAN_UP = """
docker rm --force wine
docker image ls --filter "reference=$REGISTRY/*/*/*" --quiet | xargs --no-run-if-empty docker image rm --force
"""


def keep_manifest(example):
    Path("packaging.yaml").write_text(example.parsed)
    assert load_entities("packaging.yaml")


def run_commands(example):
    for command, shown in commands(example.parsed):
        printed = subprocess.run(
            ["bash", "-c", command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if not SAME.check_output(shown, printed.stdout, ELLIPSIS | NORMALIZE_WHITESPACE):
            return f"$ {command}\nprinted\n{printed.stdout}\nbut the document shows\n{shown}"
    return None


SYBIL = Sybil(
    [
        PythonCodeBlockParser(),
        CodeBlockParser("yaml", keep_manifest),
        CodeBlockParser("console", run_commands),
    ],
    path=str(REPOSITORY),
)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder that looks like a checkout to whoever follows the documents."""
    (tmp_path / "examples").symlink_to(REPOSITORY / "examples")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("COLUMNS", "100")
    return tmp_path


def own_registry(registry, text):
    """Put the registry of the tests in the place of the one that is shown."""
    return text.replace("gcr.io", registry.host).replace("packer", registry.username)


def follow(document):
    for example in SYBIL.parse(document).examples():
        example.evaluate()


def test_what_needs_nothing_works_as_shown(folder):
    if find_spec("sklearn") is None:
        pytest.skip("the tour trains with scikit-learn")
    follow(README)
    assert (folder / "packaging.yaml").exists()


def test_the_code_about_plugins_runs(folder):
    follow(REPOSITORY / "docs" / "plugins.md")
    assert not list(folder.glob("*.yaml"))


@pytest.mark.engine
@pytest.mark.registry
def test_what_needs_an_engine_works_to_the_end(folder, registry, base_python, monkeypatch):
    base_python("{}.{}".format(*sys.version_info))
    monkeypatch.setenv("REGISTRY_PASSWORD", registry.password)
    monkeypatch.setenv("REGISTRY", registry.host)
    train = [sys.executable, "examples/wine/train.py", "--output", "out"]
    subprocess.run(train, check=True)
    (folder / "packaging.yaml").write_text(own_registry(registry, blocks(README, "yaml")[0].text))
    script = own_registry(registry, "\n".join(block.text for block in blocks(README, "bash")))

    followed = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", f"trap '{CLEAN_UP}' EXIT\n{script}"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert followed.returncode == 0, followed.stdout + followed.stderr
    answers = re.findall(r'"prediction":\s*\[\s*\[\s*(-?\d+\.\d+)', followed.stdout)
    assert len(answers) == len(["without a container", "a service", "a command"]), followed.stdout
    assert len(set(answers)) == 1
