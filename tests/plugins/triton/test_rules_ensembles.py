"""Rules on ensembles: their steps, the tensors between them, and the models that they run."""

from itertools import pairwise

import pytest

from odahu_pack_core.testing import write_files
from tests.plugins.triton.marked_config import COMPLETING, MODEL, marked, told, told_of_artifact

HEAD = """\
platform: "ensemble"
input { name: "IN" data_type: TYPE_FP32 dims: [ 3 ] }
output { name: "OUT" data_type: TYPE_FP32 dims: [ 3 ] }
"""


def model(*, size=0, inputs=("X FP32 3",), outputs=("Y FP32 3",), extra=""):
    lines = ['backend: "python"', f"max_batch_size: {size}", extra]
    for kind, tensors in (("input", inputs), ("output", outputs)):
        for name, type_, dims in map(str.split, tensors):
            lines.append(f'{kind} {{ name: "{name}" data_type: TYPE_{type_} dims: [ {dims} ] }}')
    return "\n".join(lines)


def step(name, taken, given, version="model_version: -1"):
    maps = [
        *(f'input_map {{ key: "{key}" value: "{value}" }}' for key, value in map(str.split, taken)),
        *(f'output_map {{ key: "{key}" value: "{value}" }}' for key, value in map(str.split, given)),
    ]
    return f'step {{ model_name: "{name}" {version} {" ".join(maps)} }}\n'


def ensemble(*steps, head=HEAD):
    return head + "ensemble_scheduling {\n" + "".join(steps) + "}\n"


MODELS = {
    "a": model(),
    "b": model(),
    "two": model(inputs=("X FP32 3", "Z FP32 3"), outputs=("Y FP32 3", "W FP32 3")),
    "four": model(inputs=("X FP32 4",)),
    "whole": model(inputs=("X INT32 3",)),
    "batched": model(size=8),
    "small": model(size=2),
    "full": model(inputs=("X FP32 -1,3",), outputs=("Y FP32 -1,3",)),
    "easy": model(extra='input { name: "O" data_type: TYPE_FP32 dims: [ 3 ] optional: true }'),
    "many": model(extra="model_transaction_policy { decoupled: true }"),
    "completed": 'backend: "python"',
    "broken": "backend: ",
}
STEP = step("a", ["X IN"], ["Y OUT"])
BOTH = step("a", ["X IN"], ["Y M"]) + step("b", ["X M"], ["Y OUT"])
EIGHT = HEAD.replace('ensemble"\n', 'ensemble"\nmax_batch_size: 8\n')

FAULTS = [
    ("TR340", HEAD.replace("platform", "§platform"), "the ensemble has no ensemble_scheduling"),
    (
        "TR341",
        ensemble(STEP, head=HEAD.replace("platform", "§backend")),
        "an ensemble has no backend, but 'ensemble' is written",
    ),
    (
        "TR341",
        ensemble(STEP, head='§platform: "ensembl"\n' + HEAD[21:]),
        "platform is 'ensemble', not 'ensembl'",
    ),
    (
        "TR342",
        ensemble(STEP, head=HEAD + "§instance_group { count: 2 }\n"),
        "an ensemble has no instance_group",
    ),
    ("TR342", ensemble(STEP, head=HEAD + "§optimization { }\n"), "an ensemble has no optimization"),
    ("TR343", ensemble().replace("ensemble_s", "§ensemble_s"), "the ensemble has no steps"),
    (
        "TR344",
        ensemble(step("", ["X IN"], ["Y OUT"]).replace('model_name: ""', "").replace("{", "§{", 1)),
        "model_name",
    ),
    (
        "TR345",
        ensemble(step("a", ["X IN"], ["Y OUT"], version="").replace("{", "§{", 1)),
        "which means version 0",
    ),
    ("TR345", ensemble(step("a", ["X IN"], ["Y OUT"], version="§model_version: 0")), "which means version 0"),
    ("TR345", ensemble(step("a", ["X IN"], ["Y OUT"], version="§model_version: -2")), "has model_version -2"),
    (
        "TR345",
        ensemble(step("a", ["X IN"], ["Y OUT"], version="§model_version: 7")),
        "version 7 of 'a' will not be loaded; loaded: 1",
    ),
    (
        "TR346",
        ensemble(STEP.replace('model_name: "a"', '§model_name: "smal"')),
        "step runs 'smal', which is not there",
    ),
    ("TR348", ensemble(step("a", ["x IN"], ["Y OUT"]).replace('key: "x"', '§key: "x"')), "has no input 'x'"),
    ("TR348", ensemble(step("a", ["X IN"], ["Q OUT"]).replace('key: "Q"', '§key: "Q"')), "has no output 'Q'"),
    (
        "TR349",
        ensemble(step("two", ["X IN"], ["Y OUT"]).replace("input_map", "§input_map")),
        "step 'two' does not map the model's input 'Z'",
    ),
    (
        "TR350",
        ensemble(STEP, head=HEAD + 'input { §name: "IN2" data_type: TYPE_FP32 dims: [ 3 ] }\n'),
        "no step takes the ensemble's input 'IN2'",
    ),
    (
        "TR351",
        ensemble(
            step("a", ["X IN"], ["Y M"]),
            step("b", ["X MM"], ["Y OUT"]).replace('value: "MM"', '§value: "MM"'),
        ),
        "nothing gives the tensor 'MM' that a step takes as 'X'",
    ),
    (
        "TR351",
        ensemble(STEP, head=HEAD + 'output { §name: "OUT2" data_type: TYPE_FP32 dims: [ 3 ] }\n'),
        "no step gives the ensemble's output 'OUT2'",
    ),
    (
        "TR352",
        ensemble(
            step("two", ["X IN", "Z IN"], ["Y OUT", "W REST"]).replace('value: "REST"', '§value: "REST"')
        ),
        "nothing takes the tensor 'REST' that a step gives",
    ),
    (
        "TR353",
        ensemble(STEP, step("b", ["X IN"], ["Y OUT"]).replace('value: "OUT"', '§value: "OUT"')),
        "a second output goes to the tensor 'OUT'",
    ),
    (
        "TR354",
        ensemble(
            step("a", ["X IN"], ["Y IN"]).replace('"Y" value', '"Y" §value'), step("b", ["X IN"], ["Y OUT"])
        ),
        "a step gives 'IN', an input of the ensemble",
    ),
    (
        "TR355",
        ensemble(
            step("two", ["X IN", "Z M2"], ["Y M"]).replace("{", "§{", 1),
            step("b", ["X M"], ["Y M2"]),
            step("a", ["X M"], ["Y OUT"]),
        ),
        "step 'two' waits for what comes of its own outputs",
    ),
    (
        "TR356",
        ensemble(step("whole", ["X IN"], ["Y OUT"]).replace('"X" value', '"X" §value')),
        "tensor 'IN' is TYPE_FP32 in 'wine', but TYPE_INT32 in 'whole'",
    ),
    (
        "TR357",
        ensemble(step("four", ["X IN"], ["Y OUT"]).replace('"X" value', '"X" §value')),
        "tensor 'IN' is [ 3 ] in 'wine', but [ 4 ] in 'four'",
    ),
    (
        "TR358",
        ensemble(step("small", ["X IN"], ["Y OUT"]).replace("model_name", "§model_name"), head=EIGHT),
        "the ensemble allows batches of 8, but step 'small' of 2",
    ),
    (
        "TR360",
        ensemble(
            step("many", ["X IN"], ["Y M"]),
            step("many", ["X IN"], ["Y M2"]),
            step("two", ["X M", "Z M2"], ["Y OUT"]).replace("input_map", "§input_map", 1),
        ),
        "step 'two' takes tensors that come of different decoupled steps",
    ),
]

GOOD = {
    "one step": ensemble(STEP),
    "two steps": ensemble(BOTH),
    "two steps in another order": ensemble(step("b", ["X M"], ["Y OUT"]), step("a", ["X IN"], ["Y M"])),
    "a version": ensemble(step("a", ["X IN"], ["Y OUT"], version="model_version: 1")),
    "an optional input left out": ensemble(step("easy", ["X IN"], ["Y OUT"])),
    "an output left out": ensemble(step("two", ["X IN", "Z IN"], ["Y OUT"])),
    "larger batches than its own": ensemble(step("batched", ["X IN"], ["Y OUT"])),
    "batches": ensemble(step("batched", ["X IN"], ["Y OUT"]), head=EIGHT),
    "batches of a model without": ensemble(step("full", ["X IN"], ["Y OUT"]), head=EIGHT),
    "a model with batches in one without": ensemble(
        step("batched", ["X IN"], ["Y OUT"]), head=HEAD.replace("[ 3 ]", "[ -1, 3 ]")
    ),
    "shapes that fit by a reshape": ensemble(
        STEP, head=HEAD.replace("dims: [ 3 ]", "dims: [ 1, 3 ] reshape { shape: [ 3 ] }")
    ),
    "a cache": ensemble(STEP, head=HEAD + "response_cache { enable: true }\n"),
    "one decoupled step": ensemble(step("many", ["X IN"], ["Y M"]), step("two", ["X M", "Z M"], ["Y OUT"])),
    "a model that completes itself": ensemble(step("completed", ["A IN"], ["B OUT"])),
    "a model that is told by itself": ensemble(step("broken", ["A IN"], ["B OUT"])),
}
COMPLETED = {"completed/1/model.py": COMPLETING}
CODES = {f"{name}/1/model.py": MODEL for name in (*MODELS, "wine", "other")}


def judged(root, text, others=MODELS, **options):
    return told(root, {**others, "wine": text}, of="wine", files={**CODES, **COMPLETED}, **options)


@pytest.mark.parametrize(("code", "text", "message"), FAULTS)
def test_a_fault_is_told_at_its_place(tmp_path, code, text, message):
    ((found, place, said),) = judged(tmp_path, text)
    assert (found, place) == (code, marked(text))
    assert message in said


@pytest.mark.parametrize("text", GOOD.values(), ids=GOOD)
def test_the_good_form_is_silent(tmp_path, text):
    assert judged(tmp_path, text) == []


def test_in_a_folder_of_its_own_a_missing_model_is_a_warning(tmp_path):
    text = ensemble(STEP.replace("model_name", "§model_name"))
    write_files(tmp_path, {"config.pbtxt": text.replace("§", ""), "1/README": ""})
    found = told_of_artifact(tmp_path, of="wine")
    assert [(code, place) for code, place, _ in found] == [("TR347", marked(text))]


@pytest.mark.parametrize("steps", [["wine"], ["other"]], ids=["directly", "by another"])
def test_an_ensemble_that_runs_itself(tmp_path, steps):
    other = ensemble(step("wine", ["IN IN"], ["OUT OUT"]))
    text = ensemble(
        *(step(name, ["IN IN"], ["OUT OUT"]).replace("model_name", "§model_name") for name in steps)
    )
    found = judged(tmp_path, text, {"other": other})
    assert [(code, place) for code, place, _ in found] == [("TR359", marked(text))]


def test_a_policy_may_leave_a_version_out(tmp_path):
    policy = "version_policy { latest { num_versions: 1 } }\n"
    text = ensemble(step("a", ["X IN"], ["Y OUT"], version="model_version: 1"))
    files = {**CODES, "a/2/model.py": MODEL}
    found = told(tmp_path, {"a": policy + model(), "wine": text}, of="wine", files=files)
    assert [code for code, _, _ in found] == ["TR345"]


def test_decoupled_steps_are_judged_where_the_release_knows_them(tmp_path):
    text = next(text for code, text, _ in FAULTS if code == "TR360")
    assert judged(tmp_path, text, release="22.01") == []


def test_a_chain_of_many_steps_takes_no_time(tmp_path):
    names = ["IN", *(f"T{index}" for index in range(500)), "OUT"]
    links = [step("a", [f"X {taken}"], [f"Y {given}"]) for taken, given in pairwise(names)]
    assert judged(tmp_path, ensemble(*reversed(links))) == []
