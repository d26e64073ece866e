"""Targets: bound once, to a connection of the right type, by the packaging or by default."""

import pytest

from odahu_pack_core.errors import SpecError
from odahu_pack_core.spec.connection import Connection
from tests.core.pipeline.conftest import integration


def connection(name, kind="docker", **spec):
    return Connection.model_validate({"id": name, "spec": {"type": kind, "uri": "gcr.io/project", **spec}})


OURS = connection("our-registry")
THEIRS = connection("their-registry", "docker", uri="docker.io")
BUCKET = connection("bucket", "s3", uri="s3://bucket")
ALL = (OURS, THEIRS, BUCKET)


def bound(**names):
    lines = "".join(
        f"  - {{name: {target.replace('_', '-')}, connectionName: {name}}}\n"
        for target, name in names.items()
    )
    return f"  targets:\n{lines}"


def default(name):
    return integration(
        f"    targets: [{{name: docker-push, connectionTypes: [docker, ecr], default: {name}}}]\n"
    )


def test_each_target_has_its_connection(targets):
    found = targets(bound(docker_push="our-registry", docker_pull="their-registry"), ALL)
    assert found == {"docker-push": OURS, "docker-pull": THEIRS}


def test_a_target_that_is_not_required_may_be_left_out(targets):
    assert targets(bound(docker_push="our-registry"), ALL) == {"docker-push": OURS}


FIRST = "p.yaml, line 6: spec.targets[0]"


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        (bound(docker_pus="x"), f"{FIRST}.name: unknown target 'docker-pus'; did you mean 'docker-push'?"),
        (
            bound(docker_push="our-registri"),
            f"{FIRST}.connectionName: there is no connection 'our-registri' for target docker-push; did you",
        ),
        (
            bound(docker_push="bucket"),
            f"{FIRST}.connectionName: connection 'bucket' is of type 's3', but target docker-push takes ",
        ),
        (
            "",
            "p.yaml, line 3: spec.targets: target 'docker-push' is required, with a connection of type ",
        ),
        (
            bound(docker_pull="their-registry"),
            "p.yaml, line 5: spec.targets: target 'docker-push' is required",
        ),
    ],
)
def test_a_wrong_target(targets, refusal, spec, told):
    error = refusal(targets, spec, ALL)
    assert isinstance(error, SpecError)
    assert told in error.message
    assert error.code == "invalid-targets"


def test_a_target_bound_twice(targets, refusal):
    twice = bound(docker_push="our-registry") + "  - {name: docker-push, connectionName: their-registry}\n"
    assert (
        refusal(targets, twice, ALL).message
        == "p.yaml, line 7: spec.targets[1].name: target 'docker-push' is bound twice"
    )


def test_all_wrong_targets_are_told_at_once(targets, refusal):
    lines = refusal(targets, bound(docker_pus="our-registry", docker_pull="bucket"), ALL).message.splitlines()
    assert len(lines) == 3


def test_there_is_no_connection_at_all(targets, refusal):
    message = refusal(targets, bound(docker_push="x"), ()).message
    assert message.endswith("there is no connection 'x' for target docker-push")


def test_a_required_target_may_be_left_out_when_the_image_goes_elsewhere(targets):
    assert targets("", ALL, optional=frozenset({"docker-push"})) == {}


def test_an_integrations_default_is_taken_unless_another_is_written(targets):
    assert targets("", ALL, default("our-registry")) == {"docker-push": OURS}
    assert targets(bound(docker_push="their-registry"), ALL, default("our-registry")) == {
        "docker-push": THEIRS
    }


def test_an_empty_default_is_none(targets, refusal):
    assert "is required" in refusal(targets, "", ALL, default("''")).message


@pytest.mark.parametrize(
    ("name", "told"),
    [
        (
            "our-registri",
            "there is no connection 'our-registri' for target docker-push; did you mean 'our-registry'?",
        ),
        ("bucket", "connection 'bucket' is of type 's3', but target docker-push takes docker or ecr"),
    ],
)
def test_an_integrations_default_is_checked_like_a_written_one(targets, refusal, name, told):
    message = refusal(targets, "", ALL, default(name)).message
    assert f"spec.targets: {told} (the default of integration 'greeter')" in message


def test_an_integration_may_narrow_the_types(targets, refusal):
    narrow = integration("    targets: [{name: docker-push, connectionTypes: [ecr]}]\n")
    message = refusal(targets, bound(docker_push="our-registry"), ALL, narrow).message
    assert message.endswith("is of type 'docker', but target docker-push takes ecr")


def test_every_faulty_connection_is_told_and_no_secret(targets, refusal):
    broken = (
        connection(
            "a", username="only-a-user", password={"value": "s3cret"}, uri="not a host".replace(" ", "_")
        ),
        connection("b", "ecr", uri="gcr.io/x", key_secret={"value": "s3cret"}),
    )
    error = refusal(targets, bound(docker_push="a", docker_pull="b"), broken)
    assert error.code == "invalid-connection"
    assert "Connection 'a'" in error.message
    assert "Connection 'b'" in error.message
    assert "s3cret" not in error.message
