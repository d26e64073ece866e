"""Rules on max_batch_size, the dynamic batcher, and the tensors that are made of batches."""

import pytest

from tests.plugins.triton.marked_config import COMPLETING, marked, told_of_one

MODEL = """\
backend: "python"
input { name: "X" data_type: TYPE_FP32 dims: [ 3 ] }
output { name: "Y" data_type: TYPE_FP32 dims: [ 3 ] }
"""
BATCHED = "max_batch_size: 8\n"
COUNT = 'batch_input { kind: BATCH_ELEMENT_COUNT target_name: "N" data_type: TYPE_FP32 source_input: "X" }'
SCATTER = 'batch_output { kind: BATCH_SCATTER_WITH_INPUT_SHAPE target_name: "Y" source_input: "X" }'
POLICY = "priority_queue_policy { key: 1 value { max_queue_size: 2 } }"

FAULTS = [
    ("TR301", "§max_batch_size: -1", "max_batch_size is -1"),
    ("TR302", BATCHED + "dynamic_batching { preferred_batch_size: [ 4, §16 ] }", "16 is not between 1 and"),
    ("TR302", BATCHED + "dynamic_batching { preferred_batch_size: §0 }", "0 is not between 1 and"),
    ("TR303", "§dynamic_batching { }", "nothing to batch: max_batch_size is 0"),
    (
        "TR304",
        BATCHED + "dynamic_batching {\n  §max_queue_delay_microseconds: 60000000 }",
        "of 60000000 is 60 seconds",
    ),
    (
        "TR304",
        BATCHED + "sequence_batching { oldest { §max_queue_delay_microseconds: 11000000 } }",
        "is 11 seconds",
    ),
    ("TR305", BATCHED + "§dynamic_batching { priority_levels: 2 }", "default_priority_level is 0"),
    (
        "TR305",
        BATCHED + "dynamic_batching { priority_levels: 2 §default_priority_level: 3 }",
        "default_priority_level is 3, but there are levels 1 to 2",
    ),
    (
        "TR306",
        BATCHED
        + "dynamic_batching { priority_levels: 2 default_priority_level: 1 "
        + "priority_queue_policy §{ key: 3 value { } } }",
        "a queue policy is for priority 3, but there are 1 to 2",
    ),
    (
        "TR307",
        BATCHED + "dynamic_batching { §default_priority_level: 1 }",
        "default_priority_level has no effect without priority_levels",
    ),
    (
        "TR307",
        BATCHED + f"dynamic_batching {{ §{POLICY} }}",
        "priority_queue_policy has no effect without priority_levels",
    ),
    (
        "TR308",
        BATCHED
        + "dynamic_batching { priority_levels: 2 default_priority_level: 1 §preserve_ordering: true }",
        "allows one priority, but priority_levels is 2",
    ),
    (
        "TR309",
        BATCHED
        + "dynamic_batching { preserve_ordering: true "
        + "default_queue_policy { §timeout_action: DELAY default_timeout_microseconds: 9 } }",
        "preserve_ordering forbids the timeout_action DELAY",
    ),
    (
        "TR309",
        BATCHED
        + "dynamic_batching { preserve_ordering: true priority_levels: 1 default_priority_level: 1\n"
        + "priority_queue_policy §{ key: 1\n"
        + "value { timeout_action: DELAY default_timeout_microseconds: 9 } } }",
        "preserve_ordering forbids the timeout_action DELAY",
    ),
    (
        "TR310",
        BATCHED + "dynamic_batching { default_queue_policy { §timeout_action: DELAY } }",
        "timeout_action is DELAY, but default_timeout_microseconds is 0",
    ),
    ("TR311", BATCHED + COUNT.replace("source_input", "§source_input").replace('"X"', '["X", "X"]'), "has 2"),
    ("TR311", BATCHED + SCATTER.replace(' source_input: "X"', "").replace("{", "§{"), "has 0 source inputs"),
    ("TR312", BATCHED + COUNT.replace("data_type: TYPE_FP32", "§data_type: TYPE_INT64"), "of TYPE_INT64"),
    ("TR312", BATCHED + COUNT.replace("data_type: TYPE_FP32", "").replace("{", "§{"), "without data_type"),
    ("TR313", BATCHED + COUNT.replace('"X"', '§"XX"'), "the source of a batch_input, 'XX', is no input"),
    ("TR313", BATCHED + SCATTER.replace('"X"', '§"Q"'), "the source of a batch_output, 'Q', is no input"),
    ("TR314", BATCHED + SCATTER.replace('"Y"', '§"YY"'), "the target of a batch_output, 'YY', is no output"),
    ("TR315", BATCHED + SCATTER.replace('"Y"', '[ "Y", §"Y" ]'), "has the target 'Y' twice"),
    ("TR316", BATCHED + COUNT.replace('target_name: "N" ', "").replace("{", "§{"), "has no target_name"),
]
FAULTS += [
    (
        "TR317",
        BATCHED + SCATTER.replace('target_name: "Y" ', "").replace("{", "§{"),
        "a batch_output has no target_name",
    ),
]

GOOD = {
    "no batches": "",
    "batches": BATCHED,
    "dynamic batches": BATCHED + "dynamic_batching { }",
    "preferred sizes": BATCHED + "dynamic_batching { preferred_batch_size: [ 4, 8 ] }",
    "a short delay": BATCHED + "dynamic_batching { max_queue_delay_microseconds: 10000000 }",
    "priorities": BATCHED + f"dynamic_batching {{ priority_levels: 2 default_priority_level: 2 {POLICY} }}",
    "an order of one priority": BATCHED
    + "dynamic_batching { preserve_ordering: true priority_levels: 1 default_priority_level: 1 }",
    "an order with refusals": BATCHED
    + "dynamic_batching { preserve_ordering: true default_queue_policy { default_timeout_microseconds: 9 } }",
    "a delay by the request's timeout": BATCHED
    + "dynamic_batching { default_queue_policy { timeout_action: DELAY allow_timeout_override: true } }",
    "a count of a batch": BATCHED + COUNT,
    "a scattered output": BATCHED + SCATTER,
}


@pytest.mark.parametrize(("code", "text", "message"), FAULTS)
def test_a_fault_is_told_at_its_place(tmp_path, code, text, message):
    ((found, place, said),) = told_of_one(tmp_path, MODEL + text)
    assert (found, place) == (code, marked(MODEL + text))
    assert message in said


@pytest.mark.parametrize("text", GOOD.values(), ids=GOOD)
def test_the_good_form_is_silent(tmp_path, text):
    assert told_of_one(tmp_path, MODEL + text) == []


@pytest.mark.parametrize("text", ["dynamic_batching { }", COUNT, SCATTER])
def test_what_the_model_may_complete_is_not_missed(tmp_path, text):
    config = f'backend: "python"\n{text}'
    assert told_of_one(tmp_path, config, files={"wine/1/model.py": COMPLETING}) == []


def test_a_preferred_size_is_not_what_the_model_may_complete(tmp_path):
    config = 'backend: "python"\ndynamic_batching { preferred_batch_size: 4 }'
    found = told_of_one(tmp_path, config, files={"wine/1/model.py": COMPLETING})
    assert [code for code, _, _ in found] == ["TR302"]


def test_faults_without_end_are_told_in_part(tmp_path):
    sources = "".join(COUNT.replace('"X"', f'"in{index}"') + "\n" for index in range(1000))
    found = told_of_one(tmp_path, MODEL + BATCHED + sources)
    assert {code for code, _, _ in found} == {"TR313"}
    assert 0 < len(found) < 1000
