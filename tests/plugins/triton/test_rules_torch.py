"""Rules on the tensors of TorchScript models."""

import pytest

from tests.plugins.triton.marked_config import marked, told_of_one

TORCH = 'backend: "pytorch"\n'
X = 'input { name: "INPUT__0" data_type: TYPE_FP32 dims: [ 3 ] }\n'
Y = 'output { name: "OUTPUT__0" data_type: TYPE_FP32 dims: [ 3 ] }\n'
FILES = {"wine/1/model.pt": ""}

FAULTS = [
    (
        "TR231",
        'input { name: "INPUT__0" §data_type: TYPE_UINT32 dims: [ 3 ] }\n' + Y,
        "input 'INPUT__0' is TYPE_UINT32, which PyTorch lacks",
    ),
    (
        "TR232",
        'input { name: "INPUT__0" data_type: TYPE_STRING §dims: [ 3, 2 ] }\n' + Y,
        "holds strings in 2 dimensions",
    ),
    (
        "TR232",
        'max_batch_size: 4\ninput { name: "INPUT__0" data_type: TYPE_STRING §dims: [ 1 ] }\n' + Y,
        "holds strings in 2 dimensions",
    ),
    (
        "TR234",
        X + Y + 'output { §name: "scores" data_type: TYPE_FP32 dims: [ 3 ] }',
        "output 'scores' has no index and others have one",
    ),
    (
        "TR235",
        X.replace("__0", "__1").replace("name", "§name") + Y,
        "input 'INPUT__1' has index 1, but there are 1 inputs",
    ),
    (
        "TR235",
        X + Y + 'output { §name: "again__0" data_type: TYPE_FP32 dims: [ 3 ] }',
        "has an index that another output has",
    ),
]

CONTROL = (
    'control_input { §name: "START" control { kind: CONTROL_SEQUENCE_START fp32_false_true: [ 0, 1 ] } }'
)
STATE = 'state { input_name: "IN__1" §output_name: "OUT" data_type: TYPE_FP32 dims: [ 1 ] %s }'
ZERO = 'initial_state { name: "zero" data_type: TYPE_FP32 dims: [ 1 ] zero_data: true }'
FAULTS += [
    ("TR236", X + Y + f"sequence_batching {{ {CONTROL} }}", "the name 'START' of a control_input is not"),
    ("TR236", X + Y + f"sequence_batching {{ {STATE % ZERO} }}", "the output_name 'OUT' of a state is not"),
]

GOOD = {
    "indices": X + X.replace("__0", "__1") + Y,
    "names of arguments": X.replace("INPUT__0", "image") + Y.replace("OUTPUT__0", "scores"),
    "an output left out": X + Y.replace("__0", "__1"),
    "a control between the inputs": X
    + X.replace("__0", "__2")
    + Y
    + 'sequence_batching { control_input { name: "START__1" control { kind: CONTROL_SEQUENCE_START '
    + "fp32_false_true: [ 0, 1 ] } } }",
    "one text for each item": "max_batch_size: 4\n"
    'input { name: "INPUT__0" data_type: TYPE_STRING dims: [ 1 ] reshape { shape: [ ] } }\n' + Y,
}


@pytest.mark.parametrize(("code", "text", "message"), FAULTS)
def test_a_fault_is_told_at_its_place(tmp_path, code, text, message):
    ((found, place, said),) = told_of_one(tmp_path, TORCH + text, files=FILES)
    assert (found, place) == (code, marked(TORCH + text))
    assert message in said


@pytest.mark.parametrize("text", GOOD.values(), ids=GOOD)
def test_the_good_form_is_silent(tmp_path, text):
    assert told_of_one(tmp_path, TORCH + text, files=FILES) == []


@pytest.mark.parametrize(("text", "said"), [(Y, "inputs"), (X, "outputs")])
def test_a_model_without_inputs_or_outputs(tmp_path, text, said):
    found = told_of_one(tmp_path, TORCH + text, files=FILES)
    assert found == [("TR230", None, f"the TorchScript model has no {said}")]


@pytest.mark.parametrize(("release", "codes"), [("20.11", ["TR233"]), ("22.06", [])])
def test_outputs_need_an_index_on_old_releases(tmp_path, release, codes):
    text = 'platform: "pytorch_libtorch"\n' + X + Y.replace("name", "§name").replace("OUTPUT__0", "scores")
    found = told_of_one(tmp_path, text, files=FILES, release=release)
    assert [(code, place) for code, place, _ in found] == [(code, marked(text)) for code in codes]


def test_other_models_of_the_backend_know_names(tmp_path):
    text = TORCH + 'runtime: "model.py"\n' + X.replace("__0", "__1") + Y
    assert told_of_one(tmp_path, text, files=FILES) == []
