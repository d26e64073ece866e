"""The config.pbtxt of an image: as it was written, completed, or made."""

import pytest
from google.protobuf import text_format
from tritonclient.grpc import model_config_pb2

from odahu_pack_core import ArtifactError, PlanError
from odahu_pack_triton.config import CONFIG
from odahu_pack_triton.releases import RELEASES
from odahu_pack_triton.repository import read_repository
from odahu_pack_triton.triton_model import choose_model, complete_model
from tests.plugins.triton.conftest import PYTHON_MODEL, model_files
from tests.plugins.triton.onnx_graphs import identity

NEW = {"triton_base_image_tag": "24.10-py3"}
TENSORS = """\
input { name: "X" data_type: TYPE_FP32 dims: [ 1 ] }
output { name: "Y" data_type: TYPE_FP32 dims: [ 1 ] }
"""
COMPLETING = """\
class TritonPythonModel:
    @staticmethod
    def auto_complete_config(config):
        return later(config)
"""


@pytest.fixture
def completed(read):
    """Return the one model of some files as it will stand in the image of a release."""

    def complete(files, release="24.10", environment=None):
        (folder,) = read_repository(read(files)).models.values()
        return complete_model(choose_model(folder), environment, RELEASES[release])

    return complete


def _message(text):
    return text_format.Parse(text, model_config_pb2.ModelConfig())


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("model.py", 'backend: "python"'),
        ("model.plan", 'platform: "tensorrt_plan"'),
        ("model.plan", 'backend: "tensorrt"'),
        ("model.savedmodel/saved_model.pb", 'platform: "tensorflow_savedmodel"'),
        ("model.graphdef", 'backend: "tensorflow" platform: "tensorflow_graphdef"'),
        ("model.onnx", 'backend: "onnxruntime"'),
        ("model.pt", 'platform: "pytorch_libtorch"'),
        ("anything", 'backend: "our_own"'),
    ],
)
def test_a_configuration_that_says_all_stays_byte_for_byte(completed, file, line):
    text = f"# ours\n{line}\nmax_batch_size: 4\n{TENSORS} "
    model = completed({file: "", CONFIG: text})
    assert model.config.text == text
    assert model.folder.read_text(CONFIG) == text


@pytest.mark.parametrize(
    ("files", "line"),
    [
        ({"model.py": ""}, 'backend: "python"'),
        ({"model.plan": ""}, 'platform: "tensorrt_plan"'),
        ({"model.graphdef": ""}, 'platform: "tensorflow_graphdef"'),
    ],
)
@pytest.mark.parametrize(
    "text",
    [
        "max_batch_size: 2",
        "max_batch_size: 2 # rows",
        "max_batch_size: 2\r\n",
        f"max_batch_size: 2\n{TENSORS}",
    ],
)
def test_a_configuration_without_a_backend_gets_that_of_its_model_file(completed, files, line, text):
    model = completed({**files, CONFIG: text})
    assert model.config.text == f"{text.rstrip(chr(10))}\n{line}\n"
    assert model.folder.read_text(CONFIG) == model.config.text
    assert _message(model.config.text).max_batch_size == 2
    assert any(line in f"{decision.choice} {decision.reason}" for decision in model.decisions)


@pytest.mark.parametrize("files", [{"model.plan": ""}, {"model.savedmodel/": None}, {"model.onnx": ""}])
@pytest.mark.parametrize("release", ["20.11", "24.10"])
def test_a_model_that_describes_itself_needs_no_configuration(completed, files, release):
    model = completed(files, release)
    assert _message(model.config.text).platform
    assert not _message(model.config.text).input


@pytest.mark.parametrize(
    "files",
    [{"model.graphdef": ""}, {"model.pt": ""}, {"model.netdef": "", "init_model.netdef": ""}],
)
def test_other_models_need_one(completed, files):
    with pytest.raises(ArtifactError) as caught:
        completed(files, "20.10")
    assert CONFIG in caught.value.message


def test_a_python_model_that_completes_itself_gets_a_configuration(completed):
    model = completed({"model.py": COMPLETING})
    assert model.config.text == 'backend: "python"\n'
    assert any("auto_complete_config" in decision.reason for decision in model.decisions)


@pytest.mark.parametrize(
    ("source", "release", "fault", "hint"),
    [
        (COMPLETING, "20.11", "Triton 20.11 does not call auto_complete_config", "22.06-py3 or newer"),
        (COMPLETING, "22.05", "Triton 22.05 does not call auto_complete_config", "22.06-py3 or newer"),
        (
            "class TritonPythonModel: pass",
            "24.10",
            "model.py defines no auto_complete_config",
            "add config.pbtxt",
        ),
        ("def auto_complete_config(): pass", "24.10", "no auto_complete_config", "TritonPythonModel."),
        ("class Other:\n def auto_complete_config(): pass", "24.10", "no auto_complete_config", "add"),
        ("x = (\n", "24.10", "model.py, line 1: '(' was never closed", ""),
        ("x = '\0'", "24.10", "model.py", ""),
        ("(" * 5000, "24.10", "model.py", ""),
        ("-" * 100_000 + "1", "24.10", "model.py", ""),
        (b"\xff", "24.10", "model.py of the artifact is not UTF-8 text", ""),
    ],
)
def test_a_python_model_that_cannot_be_completed_is_an_error(completed, source, release, fault, hint):
    with pytest.raises(ArtifactError) as caught:
        completed({"model.py": source}, release)
    assert fault in caught.value.message
    assert hint in caught.value.hint


def test_an_ensemble_without_a_version_gets_one(completed):
    model = completed({"config.pbtxt": 'platform: "ensemble"', "labels.txt": ""})
    assert model.folder.versions == (1,)


def test_the_file_of_labels_is_where_triton_looks_for_it(plan):
    config = PYTHON_MODEL[CONFIG].replace('name: "Y"', 'name: "Y" label_filename: "l.txt"')
    made = plan({**PYTHON_MODEL, CONFIG: config, "l.txt": "red\n"}, **NEW)
    assert {"/models/model/l.txt", "/models/model/1/l.txt"} <= set(model_files(made))


NAMING_AN_ENVIRONMENT = f"""\
{PYTHON_MODEL[CONFIG]}
parameters {{ key: "EXECUTION_ENV_PATH" value {{ string_value: "$$TRITON_MODEL_DIRECTORY/1/env.tar.gz" }} }}
"""


@pytest.mark.parametrize("tag", ["20.11-py3", "24.10-py3"])
def test_two_environments_are_an_error(plan, tag):
    files = {**PYTHON_MODEL, CONFIG: NAMING_AN_ENVIRONMENT, "conda.yml": "dependencies: [numpy]"}
    with pytest.raises(PlanError, match=r"env\.tar\.gz', but conda\.yml makes one, too"):
        plan(files, triton_base_image_tag=tag)


def test_a_configuration_without_its_last_line_break_gets_its_environment(plan):
    files = {**PYTHON_MODEL, CONFIG: PYTHON_MODEL[CONFIG].rstrip(), "conda.yml": "dependencies: [numpy]"}
    config = model_files(plan(files, **NEW))["/models/model/config.pbtxt"].content.decode()
    assert _message(config).parameters["EXECUTION_ENV_PATH"].string_value == "/opt/model"


def test_what_triton_sees_better_is_left_to_it(completed):
    """The graph names no size where ONNX Runtime may find one."""
    made = identity(["batch", 3])
    made.graph.output[0].type.tensor_type.shape.dim[1].dim_param = "found"
    files = {"model.onnx": made.SerializeToString()}
    assert completed(files, "24.10").config.text == 'platform: "onnxruntime_onnx"\n'
    assert "dims: [ -1 ]" in completed(files, "22.05").config.text
