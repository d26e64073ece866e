"""Rules on the sequence batcher, its controls and its states."""

import pytest

from tests.plugins.triton.marked_config import marked, told_of_one

TENSORS = """\
max_batch_size: 8
input { name: "X" data_type: TYPE_FP32 dims: [ 3 ] }
output { name: "Y" data_type: TYPE_FP32 dims: [ 3 ] }
"""
PYTHON = 'backend: "python"\n' + TENSORS
ONNX = 'backend: "onnxruntime"\n' + TENSORS


def sequence(inner):
    return f"sequence_batching {{\n{inner}\n}}\n"


def control(name="START", kind="START", values="fp32_false_true: [ 0, 1 ]"):
    return f'control_input {{ name: "{name}" control {{ kind: CONTROL_SEQUENCE_{kind} {values} }} }} '


def state(
    extra="", names='input_name: "IN" output_name: "OUT"', type_="data_type: TYPE_FP32", dims="dims: [ 4 ]"
):
    return f"state {{ {names} {type_} {dims} {extra} }} "


def initial(type_="FP32", dims="[ 4 ]", name='name: "zero"', source="zero_data: true"):
    return f"initial_state {{ {name} data_type: TYPE_{type_} dims: {dims} {source} }} "


ZERO = initial()
CONTROL_FAULTS = [
    ("TR321", control().replace('name: "START"', "").replace("input {", "input §{"), "has no name"),
    (
        "TR322",
        control() + control(kind="END").replace("name", "§name"),
        "a second control_input is called 'START'",
    ),
    (
        "TR323",
        control() + control("AGAIN").replace("kind", "§kind"),
        "CONTROL_SEQUENCE_START is there a second time",
    ),
    ("TR324", control(values="").replace("control {", "control §{"), "CONTROL_SEQUENCE_START has no values"),
    ("TR324", control(values="§int32_false_true: [ 0, 1, 2 ]"), "has 3 values in place of two"),
    (
        "TR324",
        control(values="int32_false_true: [ 0, 1 ] §fp32_false_true: [ 0, 1 ]"),
        "has values of 2 types",
    ),
    ("TR325", control(kind="CORRID", values="§data_type: TYPE_FP32"), "CONTROL_SEQUENCE_CORRID is TYPE_FP32"),
    (
        "TR325",
        control(kind="CORRID", values="").replace("control {", "control §{"),
        "CONTROL_SEQUENCE_CORRID has no data_type",
    ),
    (
        "TR325",
        control(kind="CORRID", values="data_type: TYPE_UINT64 §int32_false_true: [ 0, 1 ]"),
        "has int32_false_true, but is a number",
    ),
    ("TR326", 'control_input §{ name: "START" }', "control_input 'START' has no control"),
    ("TR326", control(values="§bool_false_true: [ true, true ]"), "the same value for false and for true"),
    ("TR327", control("X").replace("name", "§name"), "'X' is filled by the server, but is also an input"),
    ("TR328", "direct { §minimum_slot_utilization: 75 }", "is 75, not between 0 and 1"),
    ("TR329", "oldest { preferred_batch_size: [ 8, §9 ] }", "9 is not between 1 and max_batch_size, 8"),
    ("TR330", "§max_sequence_idle_microseconds: 5", "of 5 is less than a millisecond"),
]
START = control()
STATE_FAULTS = [
    (
        "TR332",
        START + state("§use_growable_memory: true"),
        "state 'IN' grows, but has two buffers",
    ),
    (
        "TR333",
        START + state(names='output_name: "OUT"').replace("state {", "state §{"),
        "a state has no input_name",
    ),
    (
        "TR334",
        START + state(names='input_name: "IN"').replace("state {", "state §{"),
        "state 'IN' has no output_name",
    ),
    ("TR335", START + state(type_="").replace("state {", "state §{"), "state 'IN' has no data_type"),
    ("TR335", START + state(dims="dims: [ 4, §-2 ]"), "state 'IN' has a dimension of -2"),
    (
        "TR336",
        START + state() + state(names='§input_name: "IN" output_name: "OUT2"'),
        "a second state has the input_name 'IN'",
    ),
    (
        "TR336",
        START + state() + state(names='input_name: "IN2" §output_name: "OUT"'),
        "a second state has the output_name 'OUT'",
    ),
    ("TR337", state().replace("state {", "state §{"), "state 'IN' begins with whatever is in memory"),
    (
        "TR338",
        state(initial(name="").replace("{", "§{")),
        "the initial state of 'IN' has no name",
    ),
    (
        "TR338",
        state(initial(source="").replace("{", "§{")),
        "has neither zero_data nor data_file",
    ),
    (
        "TR338",
        state(initial("INT32").replace("data_type", "§data_type")),
        "is TYPE_INT32, but the state TYPE_FP32",
    ),
    ("TR338", state(initial(dims="[ 4, 1 ]").replace("dims", "§dims")), "has 2 dims, but the state 1"),
    ("TR338", state(initial(dims="[ 5 ]").replace("dims", "§dims")), "has other dims than the state"),
    (
        "TR338",
        state(initial(dims="[ -1 ]").replace("dims", "§dims"), dims="dims: [ -1 ]"),
        "has other dims than the state, or -1",
    ),
    ("TR338", state(ZERO + ZERO.replace("{", "§{")), "state 'IN' has 2 initial states"),
    (
        "TR339",
        state(initial(source='§data_file: "absent"')),
        "there is no file 'initial_state/absent'",
    ),
    (
        "TR339",
        state(initial(source='§data_file: "short"')),
        "'initial_state/short' has 4 bytes, but the initial state needs 16",
    ),
]
FILES = {
    "wine/1/model.onnx": "",
    "wine/1/model.py": "",
    "wine/initial_state/short": "abcd",
    "wine/initial_state/long": "a" * 16,
}

GOOD = {
    "nothing but the batcher": "",
    "all controls": control()
    + control("END", "END", "int32_false_true: [ 0, 1 ]")
    + control("READY", "READY", "bool_false_true: [ false, true ]")
    + control("ID", "CORRID", "data_type: TYPE_STRING"),
    "two controls by one input": 'control_input { name: "C" '
    "control { kind: CONTROL_SEQUENCE_START fp32_false_true: [ 0, 1 ] } "
    "control { kind: CONTROL_SEQUENCE_END fp32_false_true: [ 0, 1 ] } }",
    "all slots": "direct { minimum_slot_utilization: 1 }",
    "the oldest": "oldest { max_candidate_sequences: 4 preferred_batch_size: [ 8 ] }",
    "five seconds": "max_sequence_idle_microseconds: 5000000",
    "a state that the model begins": START + state(),
    "a state of zeros": state(ZERO),
    "a state of any size": state(initial(dims="[ 0 ]"), dims="dims: [ -1 ]"),
    "a state of a file": state(initial(source='data_file: "long"')),
    "a state that is an output, too": START + state(names='input_name: "IN" output_name: "Y"'),
    "a growing state": START + state("use_growable_memory: true use_same_buffer_for_input_output: true"),
}


@pytest.mark.parametrize(("code", "inner", "message"), CONTROL_FAULTS)
def test_a_fault_of_a_control_is_told_at_its_place(tmp_path, code, inner, message):
    text = PYTHON + sequence(inner)
    ((found, place, said),) = told_of_one(tmp_path, text)
    assert (found, place) == (code, marked(text))
    assert message in said


@pytest.mark.parametrize(("code", "inner", "message"), STATE_FAULTS)
def test_a_fault_of_a_state_is_told_at_its_place(tmp_path, code, inner, message):
    text = ONNX + sequence(inner)
    found = [each for each in told_of_one(tmp_path, text, files=FILES) if each[0] == code]
    ((_, place, said),) = found
    assert place == marked(text)
    assert message in said


@pytest.mark.parametrize("inner", GOOD.values(), ids=GOOD)
def test_the_good_form_is_silent(tmp_path, inner):
    assert told_of_one(tmp_path, ONNX + sequence(inner), files=FILES) == []


def test_a_state_of_which_two_have_a_beginning(tmp_path):
    twice = state(ZERO) + state(ZERO, names='input_name: "IN" output_name: "OUT2"')
    found = told_of_one(tmp_path, ONNX + sequence(twice), files=FILES)
    assert {code for code, _, _ in found} == {"TR336", "TR338"}


def test_the_python_backend_returns_no_states(tmp_path):
    text = PYTHON + sequence(START + state().replace("state {", "state §{"))
    ((code, place, said),) = told_of_one(tmp_path, text)
    assert (code, place) == ("TR320", marked(text))
    assert "state 'IN' never changes" in said


@pytest.mark.parametrize(("release", "codes"), [("24.10", ["TR331"]), ("21.08", [])])
def test_responses_of_sequences_cannot_be_cached(tmp_path, release, codes):
    text = PYTHON + sequence("") + "§response_cache { enable: true }"
    found = told_of_one(tmp_path, text, release=release)
    assert [(code, place) for code, place, _ in found if code == "TR331"] == [
        (code, marked(text)) for code in codes
    ]


def test_an_optional_input_may_be_a_control(tmp_path):
    text = (
        PYTHON + 'input { name: "START" data_type: TYPE_FP32 dims: [ 1 ] optional: true }\n' + sequence(START)
    )
    assert told_of_one(tmp_path, text) == []
