"""ModelPackaging and PackagingIntegration: ids, names, explicit nulls, resources."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odahu_pack_core.errors import SpecError
from odahu_pack_core.spec.document import Document, parse_documents
from odahu_pack_core.spec.integration import PackagingIntegration
from odahu_pack_core.spec.origin import Origin
from odahu_pack_core.spec.packaging import ModelPackaging
from odahu_pack_core.spec.quantity import parse_quantity
from odahu_pack_core.spec.validation import validate_document


def packaging(**spec):
    value = {"id": "x", "spec": {"integrationName": "docker-rest", **spec}}
    return validate_document(Document(value, Origin("x.yaml")), ModelPackaging)


def refusal(**spec):
    with pytest.raises(SpecError) as caught:
        packaging(**spec)
    return caught.value.message


def loaded(text, model):
    (document,) = parse_documents(text, "x.yaml")
    return validate_document(document, model)


@pytest.mark.parametrize("name", ["a", "1", "a-1", "a--b", "a" * 63])
def test_an_id(name):
    assert loaded(json.dumps({"id": name, "spec": {"integrationName": "x"}}), ModelPackaging).id == name


@pytest.mark.parametrize("name", ["", "A", "-a", "a-", "a_b", "a.b", "a" * 64, "a\n", "é", " a", "a/b"])
def test_no_id(name):
    with pytest.raises(SpecError, match=r"x\.yaml, line 1: id: "):
        loaded(json.dumps({"id": name, "spec": {"integrationName": "x"}}), ModelPackaging)


@pytest.mark.parametrize("name", ["a/b.zip", "../a.zip", "..", ".", "a\\b", "a\0b", "/etc/passwd"])
def test_an_artifact_name_is_no_path(name):
    assert "spec.artifactName: artifactName is a file's name, not a path" in refusal(artifactName=name)


def test_an_artifact_name_may_hold_dots():
    assert packaging(artifactName="wine-1..0.zip").spec.artifact_name == "wine-1..0.zip"


def test_what_odahu_writes_with_explicit_nulls_is_read():
    written = {
        "kind": "ModelPackaging",
        "id": "x",
        "createdAt": "2022-01-02T03:04:05Z",
        "updatedAt": None,
        "deletionMark": False,
        "spec": {
            "integrationName": "docker-rest",
            "artifactName": None,
            "arguments": None,
            "image": None,
            "nodeSelector": None,
            "outputConnection": None,
            "resources": None,
            "targets": None,
        },
        "status": dict.fromkeys(("state", "podName", "reason", "message", "exitCode", "results")),
    }
    read = loaded(json.dumps(written), ModelPackaging)
    assert (read.spec.arguments, read.spec.targets) == ({}, ())
    assert read.spec.resources.limits.cpu == "2"
    null_resources = packaging(
        resources={"limits": None, "requests": {"cpu": None, "memory": None, "gpu": None}}
    )
    assert null_resources.spec.resources == read.spec.resources


def test_an_integration_that_odahu_writes_with_explicit_nulls_is_read():
    spec = {
        "entrypoint": "/usr/local/bin/odahu-flow-pack-to-flask",
        "defaultImage": "odahu/odahu-flow-packagers:1.6.1",
        "privileged": None,
        "schema": {
            "targets": [
                {
                    "name": "docker-push",
                    "connectionTypes": ["docker", "ecr"],
                    "required": True,
                    "default": "",
                },
                {"name": "docker-pull", "connectionTypes": ["docker"], "required": None, "default": None},
            ],
            "arguments": {
                "properties": [
                    {"name": "port", "parameters": [{"name": "default", "value": 5000}]},
                    {"name": "host", "parameters": None},
                ],
                "required": None,
            },
        },
    }
    text = json.dumps({"kind": "PackagingIntegration", "id": "docker-rest", "spec": spec, "status": {}})
    read = loaded(text, PackagingIntegration)
    first, second = read.spec.schema_.arguments.properties
    assert (first.keywords(), second.keywords()) == ({"default": 5000}, {})
    nothing = loaded('{"id": "x", "spec": {"schema": null}}', PackagingIntegration)
    assert nothing.spec.schema_.targets == ()


@pytest.mark.parametrize(
    ("schema", "told"),
    [
        (
            "targets: [{name: a, connectionTypes: [x]}, {name: a, connectionTypes: [x]}]",
            "target 'a' stands here more",
        ),
        ("targets: [{name: a, connectionTypes: []}]", "targets[0].connectionTypes: must not be empty"),
        ("arguments: {properties: [{name: a}, {name: a}]}", "argument 'a' stands here more"),
        (
            "arguments: {properties: [{name: a, parameters: [{name: b, value: 1}, {name: b, value: 2}]}]}",
            "parameter 'b' stands here more",
        ),
    ],
)
def test_an_integration_says_each_thing_once(schema, told):
    with pytest.raises(SpecError) as caught:
        loaded(f"id: x\nspec:\n  schema:\n    {schema}\n", PackagingIntegration)
    assert told in caught.value.message


def amounts(resources):
    return [(a.cpu, a.memory, a.gpu) for a in (resources.limits, resources.requests)]


@pytest.mark.parametrize(
    ("limits", "requests", "filled"),
    [
        ({}, {}, [("2", "2Gi", None), ("1", "1Gi", None)]),
        ({"cpu": "500m"}, {}, [("500m", "2Gi", None), ("500m", "1Gi", None)]),
        ({"cpu": 4, "memory": "512Mi"}, {"cpu": 3}, [("4", "512Mi", None), ("3", "512Mi", None)]),
        ({"gpu": 1}, {}, [("2", "2Gi", "1"), ("1", "1Gi", "1")]),
        ({"cpu": 0.5}, {"cpu": 0.25}, [("0.5", "2Gi", None), ("0.25", "1Gi", None)]),
    ],
)
def test_missing_amounts_are_filled_in(limits, requests, filled):
    assert amounts(packaging(resources={"limits": limits, "requests": requests}).spec.resources) == filled


@pytest.mark.parametrize(
    ("limits", "requests", "told"),
    [
        ({"cpu": 1}, {"cpu": "1001m"}, "requests.cpu 1001m is too much: limits.cpu is 1"),
        ({"memory": "1G"}, {"memory": "1Gi"}, "requests.memory 1Gi is too much: limits.memory is 1G"),
        ({}, {"cpu": 3}, "requests.cpu 3 is too much: limits.cpu is by default 2"),
        ({"cpu": True}, {}, "resources.limits.cpu: must be text"),
        ({"cpu": "1 Gi"}, {}, "resources.limits.cpu: '1 Gi' is not a quantity"),
        ({"cpu": -1}, {}, "resources.limits.cpu: '-1' is not a quantity"),
    ],
)
def test_wrong_amounts(limits, requests, told):
    assert told in refusal(resources={"limits": limits, "requests": requests})


@pytest.mark.parametrize("selector", [{"a": 1}, {"a": None}, ["a"]])
def test_a_node_selector_holds_texts(selector):
    assert "spec.nodeSelector" in refusal(nodeSelector=selector)


def test_a_packaging_made_in_python_uses_its_own_names():
    made = ModelPackaging.model_validate({"id": "x", "spec": {"integration_name": "docker-rest"}})
    assert made.place() == "ModelPackaging 'x'"
    assert made.written_in(Origin("f.yaml")).place() == "f.yaml"
    assert made.origin is None


SCALES = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}


@pytest.mark.property
@given(st.integers(0, 10**12), st.sampled_from(sorted(SCALES)), st.sampled_from(sorted(SCALES)))
def test_one_amount_in_two_scales_is_equal(number, scale, finer):
    steps = SCALES[scale] - SCALES[finer]
    if steps >= 0:
        assert parse_quantity(f"{number}{scale}") == parse_quantity(f"{number * 10**steps}{finer}")


@pytest.mark.property
@given(
    st.integers(0, 10**40), st.integers(0, 10**40), st.sampled_from(["", "m", "k", "Ki", "Ei", "e3", "E-3"])
)
def test_quantities_compare_as_their_numbers_exactly(one, other, scale):
    assert (parse_quantity(f"{one}{scale}") < parse_quantity(f"{other}{scale}")) == (one < other)


@pytest.mark.property
@given(st.integers(0, 10**20), st.sampled_from(["", "K", "M", "G", "T", "P", "E"]))
def test_binary_scales_are_powers_of_1024(number, prefix):
    power = "KMGTPE".index(prefix) + 1 if prefix else 0
    suffix = f"{prefix}i" if prefix else ""
    assert parse_quantity(f"{number}{suffix}") == number * 1024**power


@pytest.mark.property
@given(st.text(st.sampled_from("0123456789.eE+-mkKMGi \u0661"), max_size=70))
def test_any_text_is_an_amount_that_is_not_negative_or_no_quantity(text):
    try:
        assert parse_quantity(text) >= 0
    except ValueError as error:
        assert "is not a quantity" in str(error)  # noqa: PT017  # not every example fails
