"""The plan of a GPPI model's image: configuration, files, environment, and what is refused."""

import pytest

from odahu_pack_core import ArtifactError, Cmd, EnvironmentLayer, Label, PlanError
from tests.plugins.triton.gppi_artifacts import gppi_artifact, gppi_plan, planned_config, planned_files

NEW = "24.10-py3"
TWO_IN_ONE = """
FEATURES = ["acid", "sugar"]

def init():
    return "matrix"

def predict_on_matrix(input_matrix, provided_columns_names=None):
    return input_matrix, FEATURES

def info():
    inputs = [{"name": name, "type": "number", "required": True, "example": 0} for name in FEATURES]
    return inputs, [dict(inputs[0], name="quality"), dict(inputs[1], name="doubt")]
"""
READS_A_FILE = """
import json

def init():
    return "matrix"

def predict_on_matrix(input_matrix, provided_columns_names=None):
    return input_matrix, None

def info():
    with open("columns.json") as file:
        return json.load(file), []
"""


@pytest.fixture
def plan(tmp_path):
    """Plan a model's image: ``plan("columns", triton_base_image_tag=NEW)``."""

    def plan_model(model, *, written="", name="wine", python="", dependencies=("numpy",), **arguments):
        made = gppi_artifact(
            tmp_path / "artifact", model, name=name, python=python, dependencies=dependencies
        )
        if written:
            (made / "config.pbtxt").write_text(written)
        return gppi_plan(made, **{"triton_base_image_tag": NEW, **arguments})

    return plan_model


def _shapes(tensors):
    return {tensor.name: (tensor.data_type, list(tensor.dims), tensor.optional) for tensor in tensors}


def _decided(plan, subject):
    return next(each for each in plan.decisions if each.subject == subject)


FP64, INT64, STRING, BOOL = 12, 9, 13, 1


def test_columns_of_one_type_are_one_tensor(plan):
    config = planned_config(plan(TWO_IN_ONE))
    assert _shapes(config.input) == {"input-0": (FP64, [2], False)}
    assert {each.name: (each.data_type, list(each.dims)) for each in config.output} == {
        "output-0": (FP64, [2])
    }


def test_other_columns_are_a_tensor_each_and_may_be_left_out_where_the_model_says_so(plan):
    config = planned_config(plan("columns"))
    assert _shapes(config.input) == {
        "name": (STRING, [1], False),
        "age": (INT64, [1], False),
        "member": (BOOL, [1], True),
        "weight": (FP64, [1], True),
        "tags": (STRING, [1], True),
    }


def test_a_release_that_knows_no_optional_inputs_wants_all_and_the_plan_says_so(plan):
    made = plan("columns", triton_base_image_tag="21.12-py3")
    assert {optional for *_, optional in _shapes(planned_config(made).input).values()} == {False}
    assert "21.12 wants every input" in _decided(made, "inputs and outputs in config.pbtxt").reason


def test_triton_batches_with_one_instance_by_default(plan):
    made = plan("columns")
    config = planned_config(made)
    assert (config.backend, config.max_batch_size) == ("python", 1024)
    assert config.HasField("dynamic_batching")
    assert [(group.count, group.kind) for group in config.instance_group] == [(1, 2)]
    assert config.parameters["EXECUTION_ENV_PATH"].string_value == "/opt/model"
    assert "default" in _decided(made, "max_batch_size").reason


def test_without_batches_the_rows_are_a_dimension(plan):
    config = planned_config(plan("objects", maxBatchSize=0))
    assert config.max_batch_size == 0
    assert not config.HasField("dynamic_batching")
    assert _shapes(config.input) == {"objects": (STRING, [-1, 1], False)}


def test_a_configuration_that_is_written_is_completed_and_nothing_of_it_changed(plan):
    written = (
        "# ours\nmax_batch_size: 7\ninstance_group { count: 4 kind: KIND_CPU }\nversion_policy { all { } }"
    )
    made = plan("columns", written=written)
    config = planned_config(made)
    assert (config.max_batch_size, config.instance_group[0].count) == (7, 4)
    assert len(config.instance_group) == 1
    assert len(config.input) == 5
    text = planned_files(made)["/models/wine/config.pbtxt"].content.decode()
    assert text.startswith(written)
    assert "/models/wine/1/artifact/config.pbtxt" not in planned_files(made)


def test_tensors_that_are_written_are_kept(plan):
    written = """
        input { name: "X" data_type: TYPE_FP32 dims: 2 }
        output { name: "Y" data_type: TYPE_FP32 dims: 2 }
    """
    made = plan(READS_A_FILE, written=written, triton_base_image_tag="20.11-py3", python="3.6")
    assert [tensor.name for tensor in planned_config(made).input] == ["X"]
    assert _decided(made, "inputs and outputs in config.pbtxt").choice == "as written"


def test_what_the_source_does_not_tell_is_left_to_triton_and_said(plan):
    made = plan(READS_A_FILE)
    assert not planned_config(made).input
    decision = _decided(made, "inputs and outputs in config.pbtxt")
    assert decision.choice == "added by Triton"
    assert "code/entrypoint.py, line 2: 'json' is imported" in decision.reason


@pytest.mark.parametrize("tag", ["20.11-py3", "22.05-py3"])
def test_a_release_that_asks_no_model_needs_to_be_told(plan, tag):
    with pytest.raises(ArtifactError, match=r"code/entrypoint\.py, line 2: 'json' is imported") as caught:
        plan(READS_A_FILE, triton_base_image_tag=tag)
    assert caught.value.code == "config-missing"
    assert "22.06-py3" in caught.value.hint


@pytest.mark.parametrize(
    ("tag", "options"),
    [
        (
            "20.11-py3",
            ["--strict-model-config=false", "--backend-config=python,python-runtime=/opt/model/bin/python3"],
        ),
        ("22.06-py3", ["--strict-model-config=false"]),
        (NEW, []),
    ],
)
def test_every_release_serves_a_model_whose_source_tells_all(plan, tag, options):
    made = plan("columns", triton_base_image_tag=tag)
    command = made.instructions[-1]
    assert command == Cmd(("tritonserver", "--model-repository=/models", *options))
    assert len(planned_config(made).input) == 5


def test_the_image_holds_our_code_and_the_artifact_as_it_is(plan):
    files = planned_files(plan("wine"))
    version = "/models/wine/1"
    assert {
        f"{version}/model.py",
        f"{version}/model.json",
        f"{version}/odahu_triton/answering.py",
        f"{version}/gppi_runtime/tensors/layout.py",
        f"{version}/artifact/odahuflow.project.yaml",
        f"{version}/artifact/code/learned.json",
    } <= set(files)
    assert files[f"{version}/artifact/code/learned.json"].source == "code/learned.json"


def test_labels_tell_the_model_s_own_version(plan):
    labels = {each.name: each.value for each in plan("wine").instructions if isinstance(each, Label)}
    assert labels["org.odahu.pack.model.version"] == "1.10"
    assert labels["org.odahu.pack.triton.models"] == '{"wine":[1]}'


def test_the_environment_holds_what_the_conda_file_asks_for_and_numpy(plan):
    made = plan("columns", dependencies=["attrs=23.1"])
    (layer,) = (layer for layer in made.layers if isinstance(layer, EnvironmentLayer))
    assert layer.prefix == "/opt/model"
    assert {line.partition("=")[0].partition("<")[0] for line in layer.dependencies.pip} == {"attrs", "numpy"}


@pytest.mark.parametrize(
    ("name", "folder"),
    [("wine", "wine"), ("Wine_2.5", "Wine_2.5"), ("a wine/of 1999", "a-wine-of-1999"), ("..x..", "x")],
)
def test_a_model_is_named_as_a_folder_can_be(plan, name, folder):
    made = plan("columns", name=name)
    assert f"/models/{folder}/config.pbtxt" in planned_files(made)
    assert any(each.subject == "name for Triton" for each in made.decisions) == (name != folder)


def test_a_name_of_which_nothing_is_left_is_refused(plan):
    with pytest.raises(ArtifactError, match="'葡萄酒'"):
        plan("columns", name="葡萄酒")


def test_another_python_than_that_of_the_release_is_refused(plan):
    with pytest.raises(
        PlanError, match=r"Python ==3\.8\.\*, but .* Triton 24\.10 runs Python 3\.10"
    ) as caught:
        plan("columns", python="3.8")
    assert "triton_base_image_tag" in caught.value.hint


@pytest.mark.parametrize(
    ("written", "arguments", "reason"),
    [
        ("max_batch_size: 8", {"maxBatchSize": 4}, "maxBatchSize is 4, but config.pbtxt"),
        (
            'parameters { key: "EXECUTION_ENV_PATH" value { string_value: "/x" } }',
            {},
            "names the environment",
        ),
        ('name: "other"', {}, "TR1"),
        ('backend: "onnxruntime"', {}, "TR"),
    ],
)
def test_a_written_configuration_that_contradicts_is_refused(plan, written, arguments, reason):
    with pytest.raises(PlanError, match=reason):
        plan("columns", written=written, **arguments)


def test_the_same_batch_size_in_both_places_is_no_contradiction(plan):
    assert planned_config(plan("columns", written="max_batch_size: 8", maxBatchSize=8)).max_batch_size == 8


@pytest.mark.parametrize("size", [-1, 65537, "4"])
def test_batch_sizes_have_bounds(plan, size):
    with pytest.raises(ValueError, match="maxBatchSize"):
        plan("columns", maxBatchSize=size)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("def init():\n    return 'rows'\n", "init() returns neither 'matrix' nor 'objects'"),
        ("def init():\n    return 'matrix'\n\ndef info():\n    return 1, 2\n", "something else than lists"),
        (
            "def init():\n    return 'matrix'\n\ndef info():\n    return [{'type': 'x'}], []\n",
            "something else",
        ),
        ("def init():\n    return load()\n", "'load' is not defined"),
        ("def predict():\n    return 1\n", "'init' is not defined"),
        ("def init(:\n", "line 1"),
        (
            "def init():\n    return 'matrix'\n\n@cached\ndef info():\n    return [], []\n",
            "info() is decorated",
        ),
    ],
)
def test_sources_that_tell_nothing_are_left_to_triton(plan, source, reason):
    assert reason in _decided(plan(source), "inputs and outputs in config.pbtxt").reason


def test_what_init_changes_is_seen_by_info(plan):
    source = """
STATE = {"columns": []}

def init():
    STATE["columns"].append({"name": "x", "type": "string"})
    return "matrix"

def get_info():
    return STATE["columns"], []
"""
    made = plan(source)
    assert _shapes(planned_config(made).input) == {"x": (STRING, [1], False)}
    assert "get_info() in code/entrypoint.py" in _decided(made, "inputs and outputs in config.pbtxt").reason
