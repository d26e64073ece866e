"""config.pbtxt: read with Triton's schema, checked against the model, completed for the image."""

import pytest
from google.protobuf import text_format
from hypothesis import given
from hypothesis import strategies as st
from tritonclient.grpc import model_config_pb2

from odahu_pack_core import ArtifactError, PlanError
from odahu_pack_triton.config import parse_config

NEW = {"triton_base_image_tag": "24.10-py3"}
MANIFEST = {"odahuflow.model.yaml": "name: wine\nversion: 3\n"}
COMPLETING = """\
class TritonPythonModel:
    @staticmethod
    def auto_complete_config(config):
        return config
"""
LABELLED = """\
platform: "onnxruntime_onnx"
output [ { name: "y" data_type: TYPE_FP32 dims: [ 2 ] label_filename: "l.txt" } ]
"""


def _config_of(plan):
    files = [file for layer in plan.layers if layer.name == "model" for file in layer.files]
    configs = [file for file in files if file.path.endswith("/config.pbtxt")]
    return configs[0].content.decode() if configs else None


def _message(text):
    return text_format.Parse(text, model_config_pb2.ModelConfig())


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (
            'name: "x"\ninputt [ ]',
            "config.pbtxt, line 2, column 1: unknown field 'inputt' of ModelConfig; did you mean 'input'?",
        ),
        (
            'input [ { name: "a" data_typ: TYPE_FP32 } ]',
            "column 21: unknown field 'data_typ' of ModelInput; did you mean 'data_type'?",
        ),
        (
            "input { data_type: TYPE_FLOAT32 }",
            "unknown value 'TYPE_FLOAT32' of DataType; did you mean 'TYPE_FP32'?",
        ),
        ("instance_group { kind: KIND_GPUS }", "unknown value 'KIND_GPUS' of Kind; did you mean 'KIND_GPU'?"),
        ("max_batch_size: eight", "line 1, column 17"),
        ("max_batch_size: 9999999999", "9999999999 is out of the range of max_batch_size"),
        ('name: "wine', "line 1, column 7"),
        ('backend: "python"\nbackend: "python"', "line 2, column 1: backend is written twice"),
        ("input [ {", "line 1"),
        ('name: "\\377"', "line 1"),
        ("max_batch_size: ${BATCH}", "line 1, column 17"),
        ("[a.b]: 1", "line 1"),
    ],
)
def test_a_fault_is_told_with_its_place_and_the_near_match(plan, text, fault):
    with pytest.raises(ArtifactError) as caught:
        plan({"model.onnx": "", "config.pbtxt": text})
    assert caught.value.code == "config-syntax"
    assert caught.value.message.startswith("config.pbtxt, line ")
    assert fault in caught.value.message


@pytest.mark.parametrize(
    "text", ["{" * 50_000, "input [" * 20_000, "input { reshape " + "{" * 20_000, "x" * 1_000_000]
)
def test_a_fault_of_a_large_text_is_a_short_error(text):
    with pytest.raises(ArtifactError) as caught:
        parse_config(text)
    assert len(caught.value.message) < 900


def test_a_huge_file_is_refused_before_it_is_parsed():
    with pytest.raises(ArtifactError, match="larger than"):
        parse_config("# " + "x" * 2_000_000)


@pytest.mark.property
@given(st.text(max_size=80) | st.text(alphabet="abdeinmptu_ :{}[]\"'\\0123456789-.<>,;#/\n", max_size=80))
def test_no_text_does_more_than_be_refused(text):
    try:
        parse_config(text)
    except ArtifactError as error:
        if error.code != "config-syntax":
            raise


def test_the_name_is_that_of_the_model(plan):
    with pytest.raises(ArtifactError, match="name is 'beer', but the model is called 'wine'"):
        plan({**MANIFEST, "model.onnx": "", "config.pbtxt": 'name: "beer"'})
    assert _config_of(plan({"config.pbtxt": 'name: "wine"\nplatform: "onnxruntime_onnx"'}))


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
    ],
)
def test_a_configuration_that_names_its_backend_stays_byte_for_byte(plan, file, line):
    text = f"# ours\n{line}\nmax_batch_size: 4"
    assert _config_of(plan({file: "", "config.pbtxt": text}, **NEW)) == text


@pytest.mark.parametrize(
    ("file", "line", "fault"),
    [
        ("model.py", 'backend: "pyhton"', "unknown backend 'pyhton'; did you mean 'python'?"),
        (
            "model.onnx",
            'platform: "onnxruntime"',
            "unknown platform 'onnxruntime'; did you mean 'onnxruntime_onnx'?",
        ),
        (
            "model.onnx",
            'backend: "python"',
            "backend 'python' does not serve model.onnx; write platform: \"onnxruntime_onnx\"",
        ),
        (
            "model.py",
            'platform: "tensorrt_plan"',
            "platform 'tensorrt_plan' does not serve model.py; write backend: \"python\"",
        ),
        ("model.pt", 'platform: "ensemble"', "platform 'ensemble' does not serve model.pt"),
        ("model.graphdef", 'platform: "tensorflow_savedmodel"', "does not serve model.graphdef"),
        (
            "model.onnx",
            'backend: "tensorrt" platform: "onnxruntime_onnx"',
            "backend 'tensorrt' does not serve model.onnx",
        ),
    ],
)
def test_a_backend_that_does_not_serve_the_model_file_is_refused(plan, file, line, fault):
    with pytest.raises(ArtifactError) as caught:
        plan({file: "", "config.pbtxt": line}, **NEW)
    assert fault in caught.value.message


@pytest.mark.parametrize(
    ("files", "line"),
    [
        ({"model.py": ""}, 'backend: "python"'),
        ({"model.onnx": ""}, 'platform: "onnxruntime_onnx"'),
        ({"model.graphdef": ""}, 'platform: "tensorflow_graphdef"'),
    ],
)
@pytest.mark.parametrize("text", ["max_batch_size: 2", "max_batch_size: 2 # rows", "max_batch_size: 2\r\n"])
def test_a_configuration_without_a_backend_gets_that_of_its_model_file(plan, files, line, text):
    made = plan({**files, "config.pbtxt": text}, **NEW)
    assert _config_of(made) == f"{text}\n{line}\n"
    assert _message(_config_of(made)).max_batch_size == 2
    assert any(decision.choice == f"{line} added" for decision in made.decisions)


@pytest.mark.parametrize("files", [{"model.plan": ""}, {"model.savedmodel/": None}, {"model.onnx": ""}])
@pytest.mark.parametrize("tag", ["20.11-py3", "24.10-py3"])
def test_a_model_that_describes_itself_needs_no_configuration(plan, files, tag):
    made = plan(files, triton_base_image_tag=tag)
    assert _config_of(made) is None
    assert any(d.subject == "config.pbtxt" and d.choice == "none" for d in made.decisions)


@pytest.mark.parametrize(
    ("files", "title"),
    [
        ({"model.graphdef": ""}, "TensorFlow GraphDef"),
        ({"model.pt": ""}, "TorchScript"),
        ({"model.netdef": "", "init_model.netdef": ""}, "Caffe2 NetDef"),
    ],
)
def test_other_models_need_one(plan, files, title):
    with pytest.raises(ArtifactError, match=f"config.pbtxt is required for {title} models"):
        plan(files, triton_base_image_tag="20.10-py3")


def test_a_python_model_that_completes_itself_gets_a_configuration(plan):
    made = plan({"model.py": COMPLETING}, **NEW)
    assert _config_of(made) == 'backend: "python"\n'
    assert any("auto_complete_config" in decision.reason for decision in made.decisions)


@pytest.mark.parametrize(
    ("source", "tag", "fault", "hint"),
    [
        (COMPLETING, "20.11-py3", "Triton 20.11 does not call auto_complete_config", "22.06-py3 or newer"),
        (COMPLETING, "22.05-py3", "Triton 22.05 does not call auto_complete_config", "22.06-py3 or newer"),
        (
            "class TritonPythonModel: pass",
            "24.10-py3",
            "model.py defines no auto_complete_config",
            "add config.pbtxt",
        ),
        (
            "def auto_complete_config(): pass",
            "24.10-py3",
            "defines no auto_complete_config",
            "TritonPythonModel.",
        ),
        (
            "class Other:\n def auto_complete_config(): pass",
            "24.10-py3",
            "defines no auto_complete_config",
            "add",
        ),
        ("x = (\n", "24.10-py3", "model.py, line 1: '(' was never closed", ""),
        ("x = '\0'", "24.10-py3", "model.py", ""),
        ("(" * 5000, "24.10-py3", "model.py", ""),
        ("-" * 100_000 + "1", "24.10-py3", "model.py", ""),
        (b"\xff", "24.10-py3", "model.py of the artifact is not UTF-8 text", ""),
    ],
)
def test_a_python_model_that_cannot_be_completed_is_an_error(plan, source, tag, fault, hint):
    with pytest.raises(ArtifactError) as caught:
        plan({"model.py": source}, triton_base_image_tag=tag)
    assert fault in caught.value.message
    assert hint in caught.value.hint


def test_the_file_of_labels_is_where_triton_looks_for_it(plan):
    made = plan({"model.onnx": "", "l.txt": "red\nwhite\n", "config.pbtxt": LABELLED})
    paths = {file.path for layer in made.layers for file in layer.files}
    assert {"/models/model/l.txt", "/models/model/1/l.txt"} <= paths


def test_a_file_of_labels_that_is_missing_is_an_error(plan):
    with pytest.raises(ArtifactError, match=r"label_filename names '\.\./l\.txt', which the artifact lacks"):
        plan({"model.onnx": "", "config.pbtxt": 'output { name: "y" label_filename: "../l.txt" }'})


NAMING_AN_ENVIRONMENT = """\
backend: "python"
parameters { key: "EXECUTION_ENV_PATH" value { string_value: "$$TRITON_MODEL_DIRECTORY/1/env.tar.gz" } }
"""


@pytest.mark.parametrize("tag", ["20.11-py3", "24.10-py3"])
def test_two_environments_are_an_error(plan, tag):
    files = {"model.py": "", "config.pbtxt": NAMING_AN_ENVIRONMENT, "conda.yml": "dependencies: [numpy]"}
    with pytest.raises(PlanError, match=r"env\.tar\.gz', but conda\.yml makes one, too"):
        plan(files, triton_base_image_tag=tag)


def test_an_environment_that_the_release_ignores_is_an_error(plan):
    files = {"model.py": "", "env.tar.gz": "", "config.pbtxt": NAMING_AN_ENVIRONMENT}
    with pytest.raises(PlanError, match=r"Triton 21\.05 ignores EXECUTION_ENV_PATH") as caught:
        plan(files, triton_base_image_tag="21.05-py3")
    assert "21.06-py3 or newer" in caught.value.hint
    assert _config_of(plan({}, triton_base_image_tag="21.06-py3")) == NAMING_AN_ENVIRONMENT
