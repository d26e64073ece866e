"""Hostile and unlucky models at the command line: no crash, no forged line, no file that is lost."""

import errno
import os
import resource
from contextlib import contextmanager

import pytest

from odahu_pack_core.cli.entry import run
from odahu_pack_core.testing import write_files
from odahu_pack_triton.commands.wording import Told, as_text
from odahu_pack_triton.lint import Finding, Severity
from tests.plugins.triton.onnx_graphs import classifier

MODEL = "class TritonPythonModel:\n    def execute(self, requests):\n        return []\n"
TENSORS = "input { name: 'x' data_type: TYPE_FP32 dims: 1 } output { name: 'y' data_type: TYPE_FP32 dims: 1 }"
TAG = "--tag=24.10-py3"


@pytest.fixture
def triton(capsys):
    def call(*words):
        code = run(["triton", *map(str, words)], {})
        return code, *capsys.readouterr()

    return call


@pytest.fixture
def graph(tmp_path):
    """A model whose configuration is to be completed from an ONNX graph."""
    write_files(tmp_path, {"m/config.pbtxt": "# mine\n"})
    (tmp_path / "m/1").mkdir()
    (tmp_path / "m/1/model.onnx").write_bytes(classifier().SerializeToString())
    return tmp_path / "m"


@pytest.fixture
def no_room():
    """Let no file grow beyond a few bytes, as if the disk were full."""

    @contextmanager
    def limited():
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (8, before[1]))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)

    return limited


def test_half_a_character_in_a_name_that_the_source_makes_is_no_text(triton, tmp_path):
    source = (
        "class TritonPythonModel:\n"
        "    @staticmethod\n"
        "    def auto_complete_config(config):\n"
        "        config.add_input({'name': '\\udc80', 'data_type': 'TYPE_FP32', 'dims': [1]})\n"
        "        return config\n"
        "    def execute(self, requests):\n"
        "        return []\n"
    )
    write_files(tmp_path, {"m/1/model.py": source})
    code, _, err = triton("config", tmp_path / "m", TAG)
    assert code == 12
    assert "auto_complete_config cannot be followed" in err
    assert triton("lint", tmp_path / "m", TAG)[0] in {0, 13}


def test_a_comment_in_another_encoding_is_no_error(triton, tmp_path):
    write_files(tmp_path, {"m/1/model.py": MODEL})
    (tmp_path / "m/config.pbtxt").write_bytes(b"backend: 'python' # caf\xe9\n" + TENSORS.encode())
    code, out, _ = triton("lint", tmp_path / "m", TAG)
    assert code == 0
    assert "TR007" in out
    assert "error" not in out


def test_no_value_begins_a_line_of_a_builds_log(triton, tmp_path):
    value = r"$TRITON_MODEL_DIRECTORY/\n::error::taken"
    config = f"parameters {{ key: 'EXECUTION_ENV_PATH' value {{ string_value: '{value}' }} }}"
    backend = r"backend: 'a\n::error::taken'"
    for name, text in {"path": f"backend: 'python' {config}", "backend": backend}.items():
        write_files(tmp_path, {f"{name}/config.pbtxt": f"{text} {TENSORS}", f"{name}/1/model.py": MODEL})
    code, out, _ = triton("lint", tmp_path / "path", tmp_path / "backend", TAG)
    assert code == 13
    assert r"\n::error::taken" in out
    assert not [line for line in out.splitlines() if line.lstrip().startswith("::")]


def test_no_files_name_begins_a_line_of_a_builds_log():
    finding = Finding("TR603", Severity.ERROR, "m", "cut off", "1/\n::error::x.onnx")
    assert "\n" not in as_text(Told(finding, finding.file), with_line=False)


def test_a_full_disk_costs_no_configuration_that_is_there(triton, graph, no_room):
    with no_room():
        code, _, err = triton("config", graph, TAG, "--write", "--force")
    assert code == 12
    assert f"cannot write {graph}/config.pbtxt: {os.strerror(errno.EFBIG)}" in err
    assert (graph / "config.pbtxt").read_text() == "# mine\n"
    assert sorted(path.name for path in graph.iterdir()) == ["1", "config.pbtxt"]


def test_a_configuration_is_replaced_whole(triton, graph):
    code, _, _ = triton("config", graph, TAG, "--write", "--force")
    assert code == 0
    assert (graph / "config.pbtxt").read_text().startswith("# mine\n")
    assert sorted(path.name for path in graph.iterdir()) == ["1", "config.pbtxt"]
