"""The examples do what their READMEs say, as far as neither an engine nor a registry is needed."""

import os
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from odahu_pack_core.cli.entry import run

EXAMPLES = sorted(Path(__file__).parents[3].glob("examples/triton-*/README.md"))
NEEDY = "local pack run"


def _commands(readme):
    lines = [line.strip() for line in readme.read_text().splitlines() if line.startswith("    ")]
    return [line for line in lines if line.startswith(("odahuflowctl ", "tar ")) and NEEDY not in line]


@pytest.mark.parametrize("readme", EXAMPLES, ids=lambda readme: readme.parent.name)
def test_the_commands_of_an_example_succeed(readme, tmp_path, monkeypatch, capsys):
    folder = shutil.copytree(readme.parent, tmp_path / "example")
    monkeypatch.chdir(folder)
    commands = _commands(readme)
    assert any("plan" in command for command in commands)
    for command in commands:
        program, *words = shlex.split(command)
        if program == "tar":
            subprocess.run([program, *words], check=True)
        else:
            code = run(words, os.environ)
            assert code == 0, (command, capsys.readouterr().err)
