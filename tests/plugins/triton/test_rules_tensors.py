"""Rules on inputs and outputs: names, types, dims, reshapes and the settings beside them."""

import pytest

from tests.plugins.triton.marked_config import COMPLETING, marked, told_of_one

PYTHON = 'backend: "python"\n'
X = 'input { name: "X" data_type: TYPE_FP32 dims: [ 3 ] }\n'
Y = 'output { name: "Y" data_type: TYPE_FP32 dims: [ 3 ] }\n'
BATCHED = "max_batch_size: 8\n"

FAULTS = [
    ("TR201", X + "output §{ data_type: TYPE_FP32 dims: [ 3 ] }", "an output has no name"),
    ("TR202", 'input §{ name: "X" dims: [ 3 ] }\n' + Y, "input 'X' has no data_type"),
    ("TR202", 'input { name: "X" §data_type: TYPE_INVALID dims: [ 3 ] }\n' + Y, "input 'X' has no data_type"),
    ("TR203", X + 'output §{ name: "Y" data_type: TYPE_FP32 }', "output 'Y' has no dims"),
    ("TR203", X + 'output { name: "Y" data_type: TYPE_FP32 §dims: [ ] }', "output 'Y' has no dims"),
    ("TR204", 'input { name: "X" data_type: TYPE_FP32 dims: [ 3, §0 ] }\n' + Y, "has a dimension of 0"),
    ("TR204", X + 'output {\n  name: "Y"\n  data_type: TYPE_FP32\n  dims: §-2\n}', "has a dimension of -2"),
    (
        "TR205",
        X + 'input { §name: "X" data_type: TYPE_FP32 dims: [ 3 ] }\n' + Y,
        "a second input is called 'X'",
    ),
    (
        "TR206",
        X + Y + 'output { §name: "Y" data_type: TYPE_FP32 dims: [ 3 ] }',
        "a second output is called 'Y'",
    ),
    ("TR210", 'input { name: "X" data_type: TYPE_FP32 §format: FORMAT_NHWC dims: [ 3, 3 ] }\n' + Y, "2 dims"),
    (
        "TR211",
        'input { name: "X" data_type: TYPE_INT32 dims: [ 3 ] §is_shape_tensor: true }\n' + Y,
        "is for TensorRT, not for python",
    ),
    (
        "TR212",
        X + 'output { name: "Y" data_type: TYPE_FP32 dims: [ 3 ] §is_non_linear_format_io: true }',
        "is for TensorRT, not for python",
    ),
    (
        "TR213",
        'input { name: "X" data_type: TYPE_FP32 dims: [ -1 ] §allow_ragged_batch: true }\n' + Y,
        "max_batch_size is 0",
    ),
    (
        "TR213",
        BATCHED + 'input { name: "X" data_type: TYPE_FP32 dims: [ -1 ] §allow_ragged_batch: true }\n' + Y,
        "there is no dynamic_batching",
    ),
    (
        "TR214",
        X + 'output { name: "Y" data_type: TYPE_FP16 dims: [ 3 ] §label_filename: "labels.txt" }',
        "output 'Y' has labels, but is TYPE_FP16",
    ),
    ("TR215", 'input { name: "X" §data_type: TYPE_BF16 dims: [ 3 ] }\n' + Y, "which NumPy lacks"),
    (
        "TR216",
        BATCHED
        + 'input { name: "X" data_type: TYPE_FP32 dims: [ §-1, 3 ] }\n'
        + 'output { name: "Y" data_type: TYPE_FP32 dims: [ -1, 1 ] }',
        "begin with a dimension of -1, although max_batch_size is 8",
    ),
    (
        "TR216",
        BATCHED
        + 'input { name: "X" data_type: TYPE_FP32 dims: [ §8, -1 ] }\n'
        + 'output { name: "Y" data_type: TYPE_FP32 dims: [ 8, 1 ] }',
        "begin with a dimension of 8",
    ),
    (
        "TR220",
        'input { name: "X" data_type: TYPE_FP32 dims: [ 3 ] reshape { shape: [ 3, §0 ] } }\n' + Y,
        "the reshape of input 'X' has a dimension of 0",
    ),
    (
        "TR221",
        'input { name: "X" data_type: TYPE_FP32 dims: [ 1 ] §reshape { shape: [ ] } }\n' + Y,
        "reshaped to no dims, but max_batch_size is 0",
    ),
    (
        "TR222",
        X + 'output { name: "Y" data_type: TYPE_FP32 dims: [ 3 ] reshape { §shape: [ 2, 2 ] } }',
        "output 'Y' has dims [ 3 ], which cannot become [ 2, 2 ]",
    ),
    (
        "TR222",
        'input { name: "X" data_type: TYPE_FP32 dims: [ 2, 4, -1, 6 ] reshape { §shape: [ 6, -1, 8 ] } }\n'
        + Y,
        "cannot become [ 6, -1, 8 ]",
    ),
    (
        "TR222",
        BATCHED + 'input { name: "X" data_type: TYPE_FP32 dims: [ -1 ] §reshape { } }\n' + Y,
        "cannot become [ ]",
    ),
    (
        "TR223",
        'input { name: "X" data_type: TYPE_FP32 dims: [ -1, -1 ] reshape { §shape: [ -1 ] } }\n' + Y,
        "input 'X' has 2 variable dims, but 1 after its reshape",
    ),
]

GOOD = {
    "plain": X + Y,
    "with batches": BATCHED + X + Y,
    "an input that is an output too": X + Y.replace('"Y"', '"X"'),
    "an optional input twice": X
    + 'input { name: "X" data_type: TYPE_FP32 dims: [ 3 ] optional: true }\n'
    + Y,
    "variable dims": 'input { name: "X" data_type: TYPE_FP32 dims: [ -1 ] }\n' + Y,
    "an image": 'input { name: "X" data_type: TYPE_FP32 dims: [ 3, 9, 9 ] format: FORMAT_NCHW }\n' + Y,
    "a scalar of a batch": BATCHED
    + 'input { name: "X" data_type: TYPE_FP32 dims: [ 1 ] reshape { shape: [ ] } }\n'
    + Y,
    "a reshape of the same size": 'input { name: "X" data_type: TYPE_FP32 dims: [ 6 ] '
    "reshape { shape: [ 2, 3 ] } }\n" + Y,
    "a reshape around a variable one": 'input { name: "X" data_type: TYPE_FP32 dims: [ 2, 4, -1, 6 ] '
    "reshape { shape: [ 8, -1, 1, 6 ] } }\n" + Y,
    "ragged in batches": BATCHED
    + "dynamic_batching { }\n"
    + 'input { name: "X" data_type: TYPE_FP32 dims: [ -1 ] allow_ragged_batch: true }\n'
    + Y,
    "labels of numbers": X
    + 'output { name: "Y" data_type: TYPE_FP32 dims: [ 3 ] label_filename: "labels.txt" }',
    "words of any number": BATCHED
    + 'input { name: "X" data_type: TYPE_INT64 dims: [ -1 ] }\n'
    + 'output { name: "Y" data_type: TYPE_FP32 dims: [ -1, 768 ] }',
    "an image of any size": BATCHED
    + 'input { name: "X" data_type: TYPE_FP32 dims: [ -1, -1, 3 ] }\n'
    + 'output { name: "Y" data_type: TYPE_FP32 dims: [ -1, 4 ] }',
}


@pytest.mark.parametrize(("code", "text", "message"), FAULTS)
def test_a_fault_is_told_at_its_place(tmp_path, code, text, message):
    ((found, place, said),) = told_of_one(tmp_path, PYTHON + text)
    assert (found, place) == (code, marked(PYTHON + text))
    assert message in said


@pytest.mark.parametrize("text", GOOD.values(), ids=GOOD)
def test_the_good_form_is_silent(tmp_path, text):
    assert told_of_one(tmp_path, PYTHON + text, files={"wine/1/model.py": "", "wine/labels.txt": ""}) == []


@pytest.mark.parametrize(("text", "said"), [(Y, "inputs"), (X, "outputs")])
def test_a_model_without_inputs_or_outputs(tmp_path, text, said):
    assert told_of_one(tmp_path, PYTHON + text) == [("TR207", None, f"the model has no {said}")]


@pytest.mark.parametrize(
    "text", ["", 'input { name: "X" dims: [ 3 ] }\n' + Y, 'input { name: "X" data_type: TYPE_FP32 }\n' + Y]
)
def test_what_the_model_completes_may_be_left_out(tmp_path, text):
    files = {"wine/1/model.py": COMPLETING}
    assert told_of_one(tmp_path, PYTHON + text, files=files) == []
    assert told_of_one(tmp_path, PYTHON + text, files=files, release="22.05") != []


@pytest.mark.parametrize(
    ("platform", "file"),
    [("onnxruntime_onnx", "model.onnx"), ("tensorflow_savedmodel", "model.savedmodel/x")],
)
def test_what_the_backend_completes_may_be_left_out(tmp_path, platform, file):
    text = f'platform: "{platform}"\ninput {{ name: "X" dims: [ 3 ] }}'
    assert told_of_one(tmp_path, text, files={f"wine/1/{file}": ""}) == []


def test_a_graph_def_is_not_completed(tmp_path):
    found = told_of_one(
        tmp_path,
        'platform: "tensorflow_graphdef"\n' + X,
        files={"wine/1/model.graphdef": ""},
        release="24.10",
    )
    assert [code for code, _, _ in found] == ["TR207"]


@pytest.mark.parametrize(
    ("dims", "codes"), [("[ 8, 16, 16 ]", []), ("[ 16, 16 ]", ["TR212"])], ids=["three dims", "two dims"]
)
def test_tensor_rt_has_non_linear_formats_of_three_dims(tmp_path, dims, codes):
    text = (
        'platform: "tensorrt_plan"\n'
        f'input {{ name: "X" data_type: TYPE_FP16 dims: {dims} is_non_linear_format_io: true }}\n'
        'input { name: "S" data_type: TYPE_INT32 dims: [ 2 ] is_shape_tensor: true }\n' + Y
    )
    found = told_of_one(tmp_path, text, files={"wine/1/model.plan": "ptrt"})
    assert [code for code, _, _ in found] == codes


def test_a_backend_that_batches_by_itself_needs_no_batcher(tmp_path):
    ragged = 'input { name: "ids" data_type: TYPE_INT32 dims: [ -1 ] allow_ragged_batch: true }\n'
    text = 'backend: "tensorrtllm"\nmax_batch_size: 8\n' + ragged + Y
    assert told_of_one(tmp_path, text, files={"wine/1/config.json": "{}"}) == []


def test_endless_sizes_take_no_time(tmp_path):
    dims = ", ".join(["4611686018427387904"] * 10_000)
    text = f'input {{ name: "X" data_type: TYPE_FP32 dims: [ {dims} ] reshape {{ shape: [ 3 ] }} }}\n'
    ((code, _, said),) = told_of_one(tmp_path, PYTHON + text + Y)
    assert code == "TR222"
    assert len(said) < 300
