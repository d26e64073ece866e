"""What a written integration may change of a packager, and what it may not."""

import pytest

from odahu_pack_core.errors import PluginError, SpecError
from odahu_pack_core.pipeline.integration import find_offer, integration_of
from tests.core.pipeline.conftest import integration, packaging


def keywords(offered):
    return {argument.name: argument.keywords() for argument in offered.spec.schema_.arguments.properties}


def test_a_packager_is_an_integration_by_its_own_name(catalog):
    own = integration_of(catalog.packager("greeter"))
    assert (own.id, own.spec.packager) == ("greeter", "greeter")
    assert keywords(own)["port"] == {"default": 5000, "maximum": 65535, "minimum": 1, "type": "integer"}
    assert list(keywords(own)) == ["imageName", "baseImage", "greeting", "port", "workers", "shout"]
    assert [(t.name, t.required, t.connection_types) for t in own.spec.schema_.targets] == [
        ("docker-push", True, ("docker", "ecr")),
        ("docker-pull", False, ("docker", "ecr")),
    ]
    offer = find_offer(packaging(), (), catalog)
    assert (offer.integration, offer.written) == (own, None)


@pytest.mark.parametrize(
    ("name", "spec"),
    [
        ("polite", "packager: greeter"),
        ("greeter", "privileged: false"),
        ("greeter", "entrypoint: /usr/local/bin/odahu-flow-pack-to-flask"),
        ("docker-rest", "packager: greeter"),
    ],
)
def test_the_packager_behind_an_integration(catalog, name, spec):
    written = integration("    targets: []\n", name=name, spec=spec)
    offer = find_offer(packaging(integration=name), [written], catalog)
    assert (offer.record.name, offer.integration.id, offer.integration.spec.packager) == (
        "greeter",
        name,
        "greeter",
    )


def test_a_known_entrypoint_names_the_packager_that_takes_its_place(catalog, refusal):
    written = integration("    {}\n", name="old", spec="entrypoint: /usr/local/bin/odahu-flow-pack-to-flask")
    error = refusal(find_offer, packaging(integration="old"), [written], catalog)
    assert isinstance(error, PluginError)
    assert error.message == "i.yaml, line 4: spec.entrypoint: unknown packager 'docker-rest'; known: greeter"


@pytest.mark.parametrize(
    ("name", "spec", "kind", "told"),
    [
        (
            "x",
            "packager: greter",
            PluginError,
            "i.yaml, line 4: spec.packager: unknown packager 'greter'; did you mean",
        ),
        (
            "greetr",
            "entrypoint: /bin/x",
            SpecError,
            "i.yaml, line 3: spec.packager: is required; did you mean 'greeter'?",
        ),
    ],
)
def test_no_packager_behind_an_integration(catalog, refusal, name, spec, kind, told):
    error = refusal(
        find_offer, packaging(integration=name), [integration("    {}\n", name=name, spec=spec)], catalog
    )
    assert isinstance(error, kind)
    assert told in error.message


def test_an_unknown_integration_names_the_near_one(catalog, refusal):
    error = refusal(find_offer, packaging(integration="greater"), (), catalog)
    assert isinstance(error, PluginError)
    assert error.message == (
        "p.yaml, line 4: spec.integrationName: unknown integration 'greater'; did you mean 'greeter'?"
    )
    assert "pip install" in error.hint


def test_an_integration_changes_defaults_bounds_and_targets(catalog):
    written = integration("""
    targets:
    - {name: docker-push, connectionTypes: [docker], required: false, default: our-registry}
    arguments:
      properties:
      - name: port
        parameters:
        - {name: default, value: 8080}
        - {name: minimum, value: 1024}
        - {name: description, value: Ours.}
      - name: greeting
        parameters: [{name: enum, value: [hello, good day]}, {name: default, value: null}]
      required: [workers]
""")
    changed = find_offer(packaging(), [written], catalog).integration
    assert keywords(changed)["port"] == {
        "default": 8080,
        "maximum": 65535,
        "minimum": 1024,
        "type": "integer",
        "description": "Ours.",
    }
    assert keywords(changed)["greeting"]["default"] == "hello"
    assert keywords(changed)["greeting"]["enum"] == ["hello", "good day"]
    assert changed.spec.schema_.arguments.required == ("workers",)
    push, pull = changed.spec.schema_.targets
    assert (push.required, push.connection_types, push.default) == (True, ("docker",), "our-registry")
    assert (pull.name, pull.connection_types) == ("docker-pull", ("docker", "ecr"))


def bound(keyword, value, name="port"):
    return f"arguments: {{properties: [{{name: {name}, parameters: [{{name: {keyword}, value: {value}}}]}}]}}"


ELSEWHERE = "{$ref: 'http://127.0.0.1:9/x'}"


@pytest.mark.parametrize(
    ("schema", "told"),
    [
        ("targets: [{name: docker-pus, connectionTypes: [docker]}]", "no target 'docker-pus'; did you mean"),
        ("targets: [{name: docker-push, connectionTypes: [docker, s3]}]", "the packager does not take s3"),
        ("arguments: {properties: [{name: prot}]}", "no argument 'prot'; did you mean 'port'?"),
        ("arguments: {required: [prot]}", "required[0]: the packager has no argument 'prot'"),
        (bound("minimun", 1), "no keyword 'minimun' to use here; did you mean 'minimum'?"),
        (bound("minimum", "low"), "not valid JSON Schema: minimum: 'low' is not of type 'number'"),
        (bound("type", "int"), "not valid JSON Schema: type"),
        (bound("pattern", "'('", "greeting"), "not valid JSON Schema: pattern"),
        (bound("$ref", "'http://127.0.0.1:9/x'"), "no keyword '$ref'"),
        (bound("not", ELSEWHERE), "parameters[0].value: references are not followed"),
        (bound("anyOf", f"[{{not: {ELSEWHERE}}}]"), "parameters[0].value: references are not followed"),
    ],
)
def test_an_integration_adds_nothing_that_the_packager_lacks(catalog, refusal, schema, told):
    error = refusal(find_offer, packaging(), [integration(f"    {schema}\n")], catalog)
    assert isinstance(error, SpecError)
    assert told in error.message
    assert all(line.startswith("i.yaml, line 6: spec.schema.") for line in error.message.splitlines())


def test_every_fault_of_an_integration_is_told(catalog, refusal):
    schema = "targets: [{name: a, connectionTypes: [x]}], arguments: {properties: [{name: b}], required: [c]}"
    error = refusal(find_offer, packaging(), [integration(f"    {{{schema}}}\n")], catalog)
    assert len(error.message.splitlines()) == 3
