"""``odahuflowctl triton``: findings, exit codes, configurations, pages."""

import json
import os
import pty
import shutil
import subprocess
import sys
from dataclasses import dataclass

import onnx
import pytest

from odahu_pack_core.cli.entry import run
from odahu_pack_core.testing import write_files
from odahu_pack_triton.commands.wording import Told, as_github, as_text
from odahu_pack_triton.config import Place, parse_config
from odahu_pack_triton.lint import RULES, Finding, Severity
from tests.plugins.triton.onnx_graphs import classifier

MODEL = "class TritonPythonModel:\n    def execute(self, requests):\n        return []\n"
GOOD = """\
backend: "python"
max_batch_size: 4
input { name: "X" data_type: TYPE_FP32 dims: [ 2 ] }
output { name: "Y" data_type: TYPE_FP32 dims: [ 2 ] }
"""
MISSPELT = GOOD.replace("TYPE_FP32 dims: [ 2 ] }\noutput", "FP32 dims: [ 2 ] }\noutput")
NEWER = ("--triton-base-image-tag", "24.10-py3")


@dataclass(frozen=True)
class Finished:
    code: int
    out: str
    err: str


@pytest.fixture
def triton(capsys, tmp_path, monkeypatch):
    """Run ``odahuflowctl triton`` in a folder of its own: ``triton("lint", "wine")``."""
    monkeypatch.chdir(tmp_path)

    def call(*words):
        capsys.readouterr()
        code = run(["triton", *map(str, words)], os.environ)
        captured = capsys.readouterr()
        return Finished(code, captured.out, captured.err)

    return call


def python_model(root, config, **models):
    """Write a repository of Python models; the one called wine has the configuration."""
    for name, text in {"wine": config, **models}.items():
        write_files(root, {f"{name}/1/model.py": MODEL, f"{name}/config.pbtxt": text})


def test_nothing_is_wrong(triton, tmp_path):
    python_model(tmp_path, GOOD)
    finished = triton("lint", "wine")
    assert (finished.code, finished.out) == (0, "")
    assert finished.err == "1 model, Triton 20.11 (server 2.5.0, the default): 0 errors, 0 warnings\n"


def test_an_error_is_told_with_its_place(triton, tmp_path):
    python_model(tmp_path, MISSPELT, beer=GOOD)
    finished = triton("lint", tmp_path, *NEWER)
    expected = "config.pbtxt:3:30: error TR001: unknown value 'FP32' of DataType; did you mean 'TYPE_FP32'?"
    assert (finished.code, finished.out) == (13, f"{tmp_path}/wine/{expected}\n")
    assert finished.err == "2 models, Triton 24.10 (server 2.51.0): 1 error, 0 warnings\n"


@pytest.mark.parametrize("form", ["wine", "wine/config.pbtxt", ".", "wine.zip", "wine.tar.gz"])
def test_every_form_of_a_path(triton, tmp_path, form):
    python_model(tmp_path, MISSPELT)
    if form.startswith("wine."):
        kind = {"wine.zip": "zip", "wine.tar.gz": "gztar"}[form]
        shutil.make_archive(str(tmp_path / "wine"), kind, tmp_path, "wine")
    finished = triton("lint", form)
    assert finished.code == 13
    assert "config.pbtxt:3:30: error TR001: unknown value 'FP32'" in finished.out


def test_flat_files_are_a_model_of_the_default_name(triton, tmp_path):
    write_files(tmp_path / "flat", {"model.py": MODEL, "config.pbtxt": GOOD})
    assert triton("lint", "flat").code == 0
    write_files(tmp_path / "flat", {"config.pbtxt": f'name: "other"\n{GOOD}'})
    assert "flat/config.pbtxt:1:1: error TR101" in triton("lint", "flat").out


ENSEMBLE = """\
name: "both"
platform: "ensemble"
input { name: "X" data_type: TYPE_FP32 dims: [ 2 ] }
output { name: "Z" data_type: TYPE_FP32 dims: [ 2 ] }
ensemble_scheduling {
  step {
    model_name: "wine" model_version: -1
    input_map { key: "X" value: "X" } output_map { key: "Y" value: "Z" }
  }
}
"""


@pytest.mark.parametrize("version", ["both/1", "both"])
def test_the_folder_of_an_ensemble_has_its_name_without_any_file_of_a_model(triton, tmp_path, version):
    write_files(tmp_path, {"both/config.pbtxt": ENSEMBLE})
    (tmp_path / version).mkdir(exist_ok=True)
    finished = triton("lint", "both")
    assert (finished.code, "TR101" in finished.out) == (0, False)


def test_strict_counts_warnings(triton, tmp_path):
    python_model(tmp_path, GOOD + "max_batch_size: 4".replace("4", "0"))
    write_files(tmp_path, {"wine/config.pbtxt": f"# odahu-pack: skip TR101\n{GOOD}"})
    mild, strict = triton("lint", "wine"), triton("lint", "wine", "--strict")
    assert (mild.code, strict.code) == (0, 13)
    assert "wine/config.pbtxt:1:1: warning TR006: unknown remark 'skip'" in mild.out
    assert strict.out == mild.out


def test_a_rule_is_left_out_by_the_command(triton, tmp_path):
    python_model(tmp_path, f'name: "beer"\n{GOOD}')
    assert triton("lint", "wine").code == 13
    finished = triton("lint", "wine", "--ignore", "tr101")
    assert (finished.code, finished.out) == (0, "")
    assert finished.err.endswith("0 errors, 0 warnings, 1 ignored\n")


def test_a_rule_is_left_out_by_a_comment_and_told_so(triton, tmp_path):
    python_model(tmp_path, f'# odahu-pack: ignore TR101\nname: "beer"\n{GOOD}', beer='name: "wine"\n' + GOOD)
    finished = triton("lint", ".", "-o", "json")
    assert finished.code == 13
    told = {
        one["model"]: one["ignored"] for one in json.loads(finished.out)["findings"] if one["code"] == "TR101"
    }
    assert told == {"wine": True, "beer": False}


def test_what_cannot_be_read_is_no_syntax_that_a_comment_forgives(triton, tmp_path):
    python_model(tmp_path, f"# odahu-pack: ignore TR001\n{MISSPELT}")
    assert triton("lint", "wine", "--ignore", "TR305").code == 13


def test_findings_for_programs(triton, tmp_path):
    python_model(tmp_path, MISSPELT)
    document = json.loads(triton("lint", "wine", "-o", "json", *NEWER).out)
    assert {name: document[name] for name in ("release", "server", "models")} == {
        "release": "24.10",
        "server": "2.51.0",
        "models": ["wine"],
    }
    assert document["findings"] == [
        {
            "code": "TR001",
            "name": "syntax",
            "severity": "error",
            "model": "wine",
            "message": "unknown value 'FP32' of DataType; did you mean 'TYPE_FP32'?",
            "hint": "",
            "file": "wine/config.pbtxt",
            "line": 3,
            "column": 30,
            "ignored": False,
            "page": "docs/triton/rules/TR001.md",
        }
    ]


def test_findings_for_github():
    finding = Finding(
        "TR101", Severity.WARNING, "m", "100% wrong\nreally", "a,b:c\x1b/f", Place(3, 4), "mend it"
    )
    assert as_github(Told(finding, finding.file)) == (
        "::warning file=a%2Cb%3Ac\\x1b/f,line=3,col=4,title=TR101::100%25 wrong%0Areally%0Amend it"
    )


def test_nothing_of_a_model_drives_the_terminal():
    finding = Finding(
        "TR101", Severity.ERROR, "m", "name \x1b[2J", "evil\x1b]0;x\x07/config.pbtxt", Place(1, 9)
    )
    shown = as_text(Told(finding, finding.file, "\tname: \x1b[31m 'x'"), with_line=True)
    assert "\x1b" not in shown
    assert "\x07" not in shown
    lines = shown.splitlines()
    assert lines[0] == r"evil\x1b]0;x\x07/config.pbtxt:1:9: error TR101: name \x1b[2J"
    assert lines[1] == "     name:  [31m 'x'"
    assert lines[2].index("^") == 4 + 9 - 1  # each character of the line is shown as wide as it is counted


def test_a_long_line_is_cut_around_the_place():
    line = "x" * 5000 + "HERE" + "y" * 5000
    finding = Finding("TR001", Severity.ERROR, "m", "wrong", "f", Place(1, 5001))
    _, excerpt, mark = as_text(Told(finding, "f", line), with_line=True).splitlines()
    assert len(excerpt) < 110
    assert excerpt[mark.index("^") :].startswith("HERE")


def test_a_terminal_is_shown_the_line(tmp_path):
    python_model(tmp_path, MISSPELT)
    command = [sys.executable, "-m", "odahu_pack_core.cli", "triton", "lint", "wine"]
    program = "import sys; from odahu_pack_core.cli import main; sys.argv[0] = 'odahuflowctl'; main()"
    command = [sys.executable, "-c", program, "triton", "lint", "wine"]
    ours, theirs = pty.openpty()
    finished = subprocess.run(command, stdout=theirs, stderr=subprocess.PIPE, cwd=tmp_path, check=False)
    os.close(theirs)
    with os.fdopen(ours, "rb", buffering=0) as terminal:
        shown = terminal.read(10000).decode().splitlines()
    assert finished.returncode == 13
    assert shown[1].strip() == MISSPELT.splitlines()[2]
    assert shown[1][shown[2].index("^") :].startswith("FP32")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["lint", "nothing"], 2, "does not exist"),
        (["lint"], 2, "Missing argument 'PATH...'"),
        (["lint", "text"], 12, "text: the artifact is no archive"),
        (["lint", "text"], 12, "or the folder that the model is in"),
        (["lint", "empty"], 12, "empty: not a model artifact"),
        (["lint", "wine", "--ignore", "TR999"], 2, "there is no rule 'TR999'"),
        (["lint", "wine", "--triton-base-image-tag", "24.1-py3"], 2, "did you mean"),
        (["rule", "TR1001"], 2, "there is no rule 'TR1001'; did you mean 'TR101'?"),
        (["config", "."], 2, "there are several models: beer, wine"),
        (["config", ".", "--model", "wien"], 2, "did you mean 'wine'?"),
    ],
)
def test_a_call_that_cannot_be_answered(triton, tmp_path, words, code, said):
    python_model(tmp_path, GOOD, beer=GOOD)
    (tmp_path / "text").write_text("no archive")
    (tmp_path / "empty").mkdir()
    finished = triton(*words)
    assert finished.code == code
    assert said in finished.err
    assert finished.out == ""


def test_a_path_that_cannot_be_read_keeps_no_other_from_being_judged(triton, tmp_path):
    python_model(tmp_path, MISSPELT)
    (tmp_path / "text").write_text("no archive")
    finished = triton("lint", "text", "wine")
    assert finished.code == 12
    assert "TR001" in finished.out


def test_a_model_that_cannot_be_packaged_is_an_error(triton, tmp_path):
    write_files(tmp_path, {"wine/1/model.py": MODEL})
    finished = triton("lint", "wine", "-o", "json")
    assert finished.code == 13
    [error] = [one for one in json.loads(finished.out)["findings"] if one["severity"] == "error"]
    assert error["code"] == "config-missing"
    assert "defines no auto_complete_config" in error["message"]


@pytest.fixture
def graph(tmp_path):
    """A model folder with nothing but an ONNX graph."""
    folder = tmp_path / "iris"
    (folder / "1").mkdir(parents=True)
    onnx.save(classifier(), folder / "1" / "model.onnx")
    return folder


@pytest.mark.usefixtures("graph")
def test_a_configuration_is_made_of_a_graph(triton):
    finished = triton("config", "iris", "--max-batch-size", "16")
    message = parse_config(finished.out).message
    assert (finished.code, message.max_batch_size, message.input[0].name) == (0, 16, "features")
    assert finished.err.startswith("iris/config.pbtxt: made from 1/model.onnx\n")
    assert triton("lint", "iris", "--strict", *NEWER).code == 0


def test_a_configuration_is_written_once(triton, graph):
    target = graph / "config.pbtxt"
    assert triton("config", "iris", "--write").code == 0
    written = target.read_text()
    assert parse_config(written).message.input
    assert triton("config", "iris", "--write").code == 0
    target.write_text("max_batch_size: 2\n")
    refused = triton("config", "iris", "--write")
    assert (refused.code, target.read_text()) == (13, "max_batch_size: 2\n")
    assert "config.pbtxt is there already" in refused.err
    assert triton("config", "iris", "--write", "--force").code == 0
    assert target.read_text().startswith("max_batch_size: 2\n")
    assert parse_config(target.read_text()).message.input


def test_a_configuration_is_written_through_no_link(triton, graph, tmp_path):
    (tmp_path / "secret").write_text("")
    (graph / "config.pbtxt").symlink_to("../secret")
    assert triton("config", "iris", "--write", "--force").code != 0
    assert (tmp_path / "secret").read_text() == ""


def test_a_rule_is_explained(triton):
    finished = triton("rule", "tr002")
    assert finished.out.startswith("# TR002: template-not-filled\n\nError. A template such as")
    listed = triton("rule").out.splitlines()
    assert [line.split()[0] for line in listed] == sorted(RULES)


@pytest.mark.parametrize("command", ["lint", "config", "rule"])
def test_help_ends_with_an_example(triton, command):
    finished = triton(command, "--help")
    assert finished.code == 0
    assert f"  odahuflowctl triton {command}" in finished.out.partition("Example")[2]


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("triton l", "plain,lint"),
        ("triton lint --tag 24.1", "plain,24.12-py3"),
        ("triton rule TR00", "plain,TR001"),
    ],
)
def test_completion(capsys, monkeypatch, words, offered):
    monkeypatch.setenv("COMP_WORDS", f"odahuflowctl {words}")
    monkeypatch.setenv("COMP_CWORD", str(len(words.split())))
    run([], {**os.environ, "_ODAHUFLOWCTL_COMPLETE": "bash_complete"})
    assert offered in capsys.readouterr().out.split()
