"""Rules that compare a configuration with the model file: each fault, and the nearest good form."""

import time
from pathlib import Path

import pytest
from onnx import TensorProto, helper

from odahu_pack_triton.lint import lint
from tests.plugins.triton.model_subjects import subject_of, told
from tests.plugins.triton.onnx_graphs import GRAPHS, classifier, identity, model, sequence, value
from tests.plugins.triton.protobuf_writer import graph_def, saved_model, signature

TORCH = Path(__file__).parent / "torch_files"
FLOAT, INT64 = 1, 9
GOOD = """\
backend: "onnxruntime"
max_batch_size: 8
input {
  name: "features"
  data_type: TYPE_FP32
  dims: [ 4 ]
}
output {
  name: "scores"
  data_type: TYPE_FP32
  dims: [ 3 ]
}
"""


@pytest.fixture
def found(tmp_path):
    """Lint a model whose file is ONNX unless said otherwise, and tell what the rules about signatures say."""

    def lint_it(config, made, path="1/model.onnx", **more):
        content = made if isinstance(made, bytes) else made.SerializeToString()
        return told(subject_of(tmp_path, config, {path: content}, **more), "TR61")

    return lint_it


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("", "", []),
        (
            '"features"',
            '"feature"',
            [
                "TR612 3:1: 1/model.onnx needs the input 'features', which is not configured",
                "TR610 4:3: 1/model.onnx has no input 'feature'; did you mean 'features'?",
            ],
        ),
        ('"scores"', '"score"', ["TR611 9:3: 1/model.onnx has no output 'score'; did you mean 'scores'?"]),
        (
            "TYPE_FP32\n  dims: [ 4",
            "TYPE_FP64\n  dims: [ 4",
            ["TR613 5:3: input 'features' is TYPE_FP64, but TYPE_FP32 in 1/model.onnx"],
        ),
        (
            "[ 4 ]",
            "[ 5 ]",
            ["TR614 6:3: input 'features' has dims [ 5 ], but shape [ -1, 4 ] in 1/model.onnx"],
        ),
        (
            "[ 4 ]",
            "[ -1 ]",
            ["TR614 6:3: input 'features' has dims [ -1 ], but shape [ -1, 4 ] in 1/model.onnx"],
        ),
        (
            "[ 3 ]",
            "[ -1, 3 ]",
            ["TR614 11:3: output 'scores' has dims [ -1, 3 ], but shape [ -1, 3 ] in 1/model.onnx"],
        ),
        ("[ 4 ]", "[ 2, 2 ] reshape { shape: [ 4 ] }", []),
        (
            "[ 4 ]",
            "[ 2, 2 ] reshape { shape: [ 2, 2 ] }",
            ["TR614 6:28: input 'features' has reshape [ 2, 2 ], but shape [ -1, 4 ] in 1/model.onnx"],
        ),
        (
            "dims: [ 4 ]",
            "dims: [ 4 ] optional: true",
            ["TR612 3:1: 1/model.onnx needs the input 'features', which is configured as optional"],
        ),
    ],
)
def test_an_onnx_model_and_its_configuration(found, before, after, expected):
    assert found(GOOD.replace(before, after, 1) if before else GOOD, classifier()) == expected


@pytest.mark.parametrize(
    ("dims", "hint"),
    [
        ("[ -1, 4 ]", "write dims: [ 4 ]; max_batch_size stands for the first size"),
        ("[ 5 ]", "write dims: [ 4 ]"),
    ],
)
def test_the_size_of_a_batch_that_is_written_is_told_from_another_wrong_size(tmp_path, dims, hint):
    files = {"1/model.onnx": classifier().SerializeToString()}
    [finding] = lint(subject_of(tmp_path, GOOD.replace("[ 4 ]", dims), files))
    assert finding.hint == hint


def test_sizes_that_the_model_leaves_open_may_be_fixed(found):
    config = GOOD.replace("[ 4 ]", "[ 5, 8 ]").replace("[ 3 ]", "[ 7, 8 ]").replace("scores", "y")
    assert found(config.replace("features", "x"), GRAPHS["more sizes that vary"]) == []


def test_without_batches_all_dims_are_compared(found):
    config = GOOD.replace("max_batch_size: 8", "max_batch_size: 0")
    assert [line[:10] for line in found(config, classifier())] == ["TR614 6:3:", "TR614 11:3"]
    assert found(config.replace("[ 4 ]", "[ -1, 4 ]").replace("[ 3 ]", "[ -1, 3 ]"), classifier()) == []


def test_a_batch_needs_a_first_size_that_varies(found):
    made = GOOD.replace("features", "x").replace("scores", "y").replace("[ 4 ]", "[ 3 ]")
    assert found(made, identity([1, 3])) == [
        (
            "TR615 2:1: max_batch_size is 8, but input 'x' has shape [ 1, 3 ] in 1/model.onnx, "
            "which takes no batches"
        )
    ]


SCALAR = """\
backend: "onnxruntime"
input { name: "x" data_type: TYPE_FP32 dims: [ 1 ] }
output { name: "y" data_type: TYPE_FP32 dims: [ 1 ] }
"""


def test_a_scalar_has_a_single_one(found):
    assert found(SCALAR, identity([])) == []
    [line] = found(SCALAR.replace("[ 1 ]", "[ 2 ]", 1), identity([]))
    assert line == "TR614 2:40: input 'x' has dims [ 2 ], but shape [ ] in 1/model.onnx"


def test_a_scalar_needs_a_release_that_serves_it(found):
    assert [line.split(":")[0] for line in found(SCALAR, identity([]), release="22.12")] == [
        "TR618 2",
        "TR618 3",
    ]
    assert found(SCALAR, identity([]), release="23.10") == []
    assert found(SCALAR, identity([1]), release="22.12") == []


def test_sequence_controls_are_inputs_of_the_model(found):
    config = """\
backend: "onnxruntime"
max_batch_size: 8
sequence_batching {
  control_input { name: "begin" control { kind: CONTROL_SEQUENCE_START fp32_false_true: [ 0, 1 ] } }
}
input { name: "x" data_type: TYPE_FP32 dims: [ 1 ] }
output { name: "y" data_type: TYPE_FP32 dims: [ 1 ] }
"""
    node = helper.make_node("Add", ["x", "start"], ["y"])
    made = model([node], [value("x", ["n", 1]), value("start", ["n", 1])], [value("y", ["n", 1])])
    assert found(config, made) == [
        "TR610 4:19: 1/model.onnx has no input 'begin'; known: start, x",
        "TR612 6:1: 1/model.onnx needs the input 'start', which is not configured",
    ]
    assert found(config.replace("begin", "start"), made) == []


def test_an_input_with_a_value_is_optional(found):
    config = """\
backend: "onnxruntime"
input { name: "x" data_type: TYPE_FP32 dims: [ -1, 3 ] }
input { name: "w" data_type: TYPE_FP32 dims: [ 3 ] optional: true }
output { name: "y" data_type: TYPE_FP32 dims: [ -1, 3 ] }
"""
    made = GRAPHS["an input with a value"]
    assert found(config, made) == []
    assert found(config.replace(" optional: true", ""), made) == [
        "TR612 3:7: 1/model.onnx has a value for the input 'w'"
    ]
    without = "".join(line for line in config.splitlines(keepends=True) if '"w"' not in line)
    assert found(without, made) == []


def test_types_that_the_runtime_does_not_serve_are_told(found):
    expected = "TR616 1/model.onnx: 1/model.onnx has 'y' as sequence, which is not served"
    assert found('backend: "onnxruntime"\n', sequence()) == [expected]
    lines = found('backend: "onnxruntime"\n', identity([2], TensorProto.BFLOAT16))
    assert [line.partition(" has ")[2] for line in lines] == [
        "'x' as bfloat16, which is not served",
        "'y' as bfloat16, which is not served",
    ]


def test_a_configuration_without_tensors_is_left_to_the_backend(found):
    assert found('backend: "onnxruntime"\n', classifier()) == []


def test_a_file_that_cannot_be_read_says_nothing_of_tensors(found):
    assert found(GOOD, b"") == []


SAVED = """\
platform: "tensorflow_savedmodel"
max_batch_size: 8
input { name: "x" data_type: TYPE_FP32 dims: [ 4 ] }
output { name: "y" data_type: TYPE_FP32 dims: [ -1 ] }
"""
SERVING = signature({"x": (FLOAT, [-1, 4])}, {"y": (FLOAT, [-1, -1])})
SAVED_FILE = "1/model.savedmodel/saved_model.pb"


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("", "", []),
        ('"x"', '"dense_input"', ["TR612 3:1", "TR610 3:9"]),
        ("TYPE_FP32", "TYPE_INT32", ["TR613 3:19"]),
        ("[ 4 ]", "[ 5 ]", ["TR614 3:40"]),
        ("[ -1 ]", "[ 3 ]", ["TR614 4:41"]),  # what an output leaves open must be left open
        ("max_batch_size: 8", "", ["TR614 3:40", "TR614 4:41"]),
    ],
)
def test_a_saved_model_and_its_configuration(found, before, after, expected):
    config = SAVED.replace(before, after, 1) if before else SAVED
    lines = found(config, saved_model({"serving_default": SERVING}), SAVED_FILE)
    assert [":".join(line.split(":")[:2]) for line in lines] == expected


def test_what_a_saved_model_does_not_say_is_not_compared(found):
    unknown = signature({"x": (FLOAT, None)}, {"y": (FLOAT, [])})
    assert found(SAVED, saved_model({"serving_default": unknown}), SAVED_FILE) == []
    several = {"a": SERVING, "b": SERVING}
    assert found(SAVED.replace('"x"', '"z"'), saved_model(several), SAVED_FILE) == []


FROZEN = """\
platform: "tensorflow_graphdef"
input { name: "x" data_type: TYPE_FP32 dims: [ 4 ] }
output { name: "dense/Softmax" data_type: TYPE_FP32 dims: [ 3 ] }
"""


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("", "", []),
        ('"x"', '"x:0"', ["TR610 2:9: 1/model.graphdef has no input 'x:0'; known: other, x"]),
        (
            "Softmax",
            "Softmx",
            ["TR611 3:10: 1/model.graphdef has no output 'dense/Softmx'; did you mean 'dense/Softmax'?"],
        ),
    ],
)
def test_a_frozen_graph_and_its_configuration(found, before, after, expected):
    made = graph_def({"x": (INT64, [7]), "other": (FLOAT, [])}, ["dense/MatMul", "dense/Softmax"])
    assert found(FROZEN.replace(before, after, 1) if before else FROZEN, made, "1/model.graphdef") == expected


SCRIPT = """\
platform: "pytorch_libtorch"
input { name: "INPUT__0" data_type: TYPE_FP32 dims: [ 1, 3 ] }
input { name: "INPUT__1" data_type: TYPE_FP32 dims: [ 1 ] }
output { name: "OUTPUT__0" data_type: TYPE_FP32 dims: [ 1, 2 ] }
"""


def test_torch_script_takes_as_many_inputs_as_forward(found):
    content = (TORCH / "script.pt").read_bytes()
    assert found(SCRIPT, content, "1/model.pt") == []
    one = "".join(line for line in SCRIPT.splitlines(keepends=True) if "INPUT__1" not in line)
    assert found(one, content, "1/model.pt") == [
        "TR617 2:1: 1 inputs are configured, but forward in 1/model.pt takes x, scale"
    ]


def test_many_wrong_names_are_told_soon(found):
    """The near match of each of thousands of names would take minutes."""
    config = 'backend: "onnxruntime"\n' + "".join(
        f'input {{ name: "i{number}" }}\n' for number in range(5000)
    )
    inputs = [value(f"x{number}", [1]) for number in range(2000)]
    begin = time.process_time()
    lines = found(config, model([], inputs, [value("y", [1])]))
    assert time.process_time() - begin < 10
    assert len([line for line in lines if line.startswith("TR610")]) == 20
