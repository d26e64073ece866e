"""What an image is never planned for: whoever finds the fault, the plan says it."""

import pytest

from odahu_pack_core import ArtifactError, PlanError

TENSORS = """
input { name: "X" data_type: TYPE_FP32 dims: [ 1 ] }
output { name: "Y" data_type: TYPE_FP32 dims: [ 1 ] }
"""
MODELS = {
    "Caffe2": {"model.netdef": "", "init_model.netdef": "", "config.pbtxt": TENSORS},
    "TensorFlow SavedModel": {"model.savedmodel/saved_model.pb": "", "config.pbtxt": TENSORS},
    "TensorFlow GraphDef": {"model.graphdef": "", "config.pbtxt": TENSORS},
    "ONNX": {"model.onnx": "", "config.pbtxt": TENSORS},
}


NAMING_AN_ENVIRONMENT = f"""{TENSORS}
backend: "python"
parameters {{ key: "EXECUTION_ENV_PATH" value {{ string_value: "$$TRITON_MODEL_DIRECTORY/1/env.tar.gz" }} }}
"""


@pytest.fixture
def refusal(plan):
    """Plan an image of files that must be refused; return what is said."""

    def refused(files, tag="24.10-py3"):
        with pytest.raises((ArtifactError, PlanError)) as caught:
            plan(files, triton_base_image_tag=tag)
        return str(caught.value)

    return refused


@pytest.mark.parametrize(
    ("files", "tag", "said"),
    [
        ({"model.savedmodel": ""}, "24.10-py3", ["model.savedmodel", "folder"]),
        ({"model.plan/": None}, "24.10-py3", ["model.plan", "file"]),
        ({"model.py/__init__.py": ""}, "24.10-py3", ["model.py", "irectory"]),
        ({"model.netdef": "", "config.pbtxt": TENSORS}, "20.10-py3", ["init_model.netdef"]),
    ],
)
def test_a_model_file_of_the_wrong_shape(refusal, files, tag, said):
    message = refusal(files, tag)
    assert all(words in message for words in said), message


@pytest.mark.parametrize(
    ("title", "tag", "other"),
    [
        ("Caffe2", "20.11-py3", "20.10"),
        ("TensorFlow SavedModel", "25.03-py3", "25.02"),
        ("TensorFlow GraphDef", "26.08-py3", "25.02"),
        ("ONNX", "24.02-py3", "24.0"),
    ],
)
def test_a_release_without_the_backend_and_one_that_has_it(refusal, title, tag, other):
    message = refusal(MODELS[title], tag)
    assert f"Triton {tag[:5]}" in message
    assert other in message


@pytest.mark.parametrize(
    ("file", "line", "said"),
    [
        ("model.py", 'backend: "pyhton"', "did you mean 'python'?"),
        ("model.onnx", 'platform: "onnxruntime"', "onnxruntime'"),
        ("model.onnx", 'backend: "python"', "model.onnx"),
        ("model.py", 'platform: "tensorrt_plan"', "model.py"),
        ("model.pt", 'platform: "ensemble"', "ensemble_scheduling"),
        ("model.graphdef", 'platform: "tensorflow_savedmodel"', "model.graphdef"),
        ("model.onnx", 'backend: "tensorrt" platform: "onnxruntime_onnx"', "tensorrt"),
    ],
)
def test_a_backend_that_does_not_serve_the_model_file(refusal, file, line, said):
    assert said in refusal({file: "", "config.pbtxt": f"{line}\n{TENSORS}"})


def test_another_name_than_the_models(refusal):
    manifest = {"odahuflow.model.yaml": "name: wine\n"}
    message = refusal(
        {**manifest, "model.py": "", "config.pbtxt": f'name: "beer" backend: "python"\n{TENSORS}'}
    )
    assert "'beer'" in message
    assert "'wine'" in message


def test_a_file_of_labels_that_is_missing(refusal):
    config = f'backend: "python"\n{TENSORS}'.replace('name: "Y"', 'name: "Y" label_filename: "l.txt"')
    assert "l.txt" in refusal({"model.py": "", "config.pbtxt": config})


def test_an_environment_that_the_release_ignores(refusal):
    files = {"model.py": "", "env.tar.gz": "", "config.pbtxt": NAMING_AN_ENVIRONMENT}
    message = refusal(files, "21.05-py3")
    assert "EXECUTION_ENV_PATH" in message
    assert "21.06" in message


@pytest.mark.parametrize(
    "text", ["input {", "max_batch_size: ${BATCH}", "\x00", "name: 'wine", "x" * 2_000_000, b"\xff\xfe", "{}"]
)
def test_what_is_no_configuration(refusal, text):
    message = refusal({"model.py": "", "config.pbtxt": text})
    assert "config.pbtxt" in message
    assert len(message) < 1000


def test_a_configuration_that_is_a_folder(refusal):
    assert "config.pbtxt" in refusal({"model.py": "", "config.pbtxt/x": ""})
