"""Rules about instance groups: a fault each, and the nearest good form."""

import pytest

from tests.plugins.triton.linted_files import CODE, CONFIG, model, subject_of, told

CASES = [
    (
        "TR401 5:33: an instance group of KIND_CPU lists GPUs",
        model(CONFIG + "instance_group { kind: KIND_CPU gpus: [ 0 ] }\n", CODE),
        model(CONFIG + "instance_group { kind: KIND_GPU gpus: [ 0 ] }\n", CODE),
    ),
    (
        "TR401 5:35: an instance group of KIND_MODEL lists GPUs",
        model(CONFIG + "instance_group { kind: KIND_MODEL gpus: [ 1 ] }\n", CODE),
        model(CONFIG + "instance_group { kind: KIND_MODEL }\n", CODE),
    ),
    (
        "TR402 5:29: there is no GPU -1",
        model(CONFIG + "instance_group { gpus: [ 0, -1 ] }\n", CODE),
        model(CONFIG + "instance_group { gpus: [ 0, 1 ] }\n", CODE),
    ),
    (
        "TR403 5:47: GPU 0 is listed twice",
        model(CONFIG + "instance_group { kind: KIND_GPU gpus: [ 0, 1, 0 ] }\n", CODE),
        model(CONFIG + "instance_group { kind: KIND_GPU gpus: [ 0, 1 ] count: 2 }\n", CODE),
    ),
    (
        "TR404 5:18: count: 0 means the default, not none",
        model(CONFIG + "instance_group { count: 0 kind: KIND_CPU }\n", CODE),
        model(CONFIG + "instance_group { kind: KIND_CPU }\n", CODE),
    ),
    (
        "TR404 5:18: count: -2 means the default, not none",
        model(CONFIG + "instance_group { count: -2 kind: KIND_CPU }\n", CODE),
        model(CONFIG + "instance_group { count: 2 kind: KIND_CPU }\n", CODE),
    ),
    (
        "TR405 5:33: all instances are passive",
        model(CONFIG + "instance_group { kind: KIND_CPU passive: true }\n", CODE),
        model(CONFIG + "instance_group [ { kind: KIND_CPU }, { kind: KIND_CPU passive: true } ]\n", CODE),
    ),
    (
        "TR406 5:18: profile is for TensorRT, not for 'python'",
        model(CONFIG + 'instance_group { profile: [ "0" ] }\n', CODE),
        model('backend: "tensorrt"\ninstance_group { profile: [ "0" ] }\n', {"1/model.plan": ""}),
    ),
    (
        "TR407 2:34: profile 'max' is no index",
        model('backend: "tensorrt"\ninstance_group { profile: [ "0", "max" ] }\n', {"1/model.plan": ""}),
        model('backend: "tensorrt"\ninstance_group { profile: [ "0", "12" ] }\n', {"1/model.plan": ""}),
    ),
    (
        "TR408 5:20: several instance groups are called 'a'",
        model(
            CONFIG + 'instance_group [ { name: "a" kind: KIND_CPU },\n{ name: "a" kind: KIND_GPU } ]\n', CODE
        ),
        model(CONFIG + "instance_group [ { kind: KIND_CPU }, { kind: KIND_GPU } ]\n", CODE),
    ),
    (
        "TR409 2:18: TensorRT models do not run as KIND_CPU",
        model('backend: "tensorrt"\ninstance_group { kind: KIND_CPU }\n', {"1/model.plan": ""}),
        model('backend: "tensorrt"\ninstance_group { kind: KIND_GPU }\n', {"1/model.plan": ""}),
    ),
    (
        "TR410 5:36: 'python' has no use for secondary_devices",
        model(CONFIG + "instance_group { secondary_devices { kind: KIND_NVDLA device_id: 0 } }\n", CODE),
        model(
            'backend: "tensorrt"\ninstance_group { secondary_devices { kind: KIND_NVDLA device_id: 0 } }\n',
            {"1/model.plan": ""},
        ),
    ),
    (
        "TR411 5:43: the resource 'R' has no count",
        model(CONFIG + 'instance_group { rate_limiter { resources { name: "R" } } }\n', CODE),
        model(CONFIG + 'instance_group { rate_limiter { resources { name: "R" count: 2 } } }\n', CODE),
    ),
    (
        "TR411 6:1: the resource 'R' is written twice",
        model(
            CONFIG + 'instance_group { rate_limiter { resources [ { name: "R" count: 1 },\n'
            '{ name: "R" count: 2 } ] } }\n',
            CODE,
        ),
        model(
            CONFIG + 'instance_group { rate_limiter { resources [ { name: "R" count: 1 },\n'
            '{ name: "R" count: 2 global: true } ] } }\n',
            CODE,
        ),
    ),
]


@pytest.mark.parametrize(("line", "faulty", "good"), CASES, ids=[line[:5] for line, _, _ in CASES])
def test_a_fault_is_told_at_its_place_and_the_nearest_good_form_is_not(tmp_path, line, faulty, good):
    assert told(subject_of(tmp_path / "faulty", faulty), line[:5]) == [line]
    assert told(subject_of(tmp_path / "good", good), line[:5]) == []


def test_an_ensemble_has_its_own_rule_about_instance_groups(tmp_path):
    config = 'platform: "ensemble"\nensemble_scheduling { }\ninstance_group { kind: KIND_CPU gpus: [ 0 ] }\n'
    assert told(subject_of(tmp_path, model(config, {"1/": ""})), "TR401") == []
