"""Arguments: strict types, bounds of packager and integration, and who is blamed."""

import pytest

from odahu_pack_core.errors import SpecError
from tests.core.pipeline.conftest import integration

BOUNDS = """
    arguments:
      properties:
      - {name: port, parameters: [{name: default, value: 8080}, {name: minimum, value: 1024}]}
      - {name: greeting, parameters: [{name: enum, value: [hello, good day]}]}
"""


def written(**values):
    lines = "".join(f"    {name}: {value}\n" for name, value in values.items())
    return f"  arguments:\n{lines}" if lines else ""


def test_the_packagers_own_defaults(arguments):
    bound = arguments()
    assert (bound.port, bound.greeting, bound.base_image, bound.shout) == (5000, "hello", None, False)


def test_the_integrations_defaults_and_then_what_is_written(arguments):
    assert arguments("", integration(BOUNDS)).port == 8080
    assert arguments(written(port=9090), integration(BOUNDS)).port == 9090


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("port", '"8080"', "must be a whole number"),
        ("port", "true", "must be a whole number"),
        ("port", "1.5", "must be a whole number"),
        ("port", "1.0", "must be a whole number"),
        ("port", "null", "must be a whole number"),
        ("port", "[1]", "must be a whole number"),
        ("port", "0", "must be at least 1"),
        ("port", "65536", "must be at most 65535"),
        ("workers", "0", "must be at least 1"),
        ("shout", '"false"', "must be true or false"),
        ("shout", "1", "must be true or false"),
        ("greeting", "5", "must be text"),
        ("greeting", "null", "must be text"),
        ("baseImage", '""', "must not be empty"),
    ],
)
def test_an_argument_is_not_bent_into_its_type(arguments, refusal, name, value, told):
    error = refusal(arguments, written(**{name: value}))
    assert isinstance(error, SpecError)
    assert error.code == "invalid-arguments"
    assert error.message.startswith(f"p.yaml, line 6: spec.arguments.{name}: {told}")
    assert "\n" not in error.message


def test_null_is_no_base_image(arguments):
    assert arguments(written(baseImage="null")).base_image is None


@pytest.mark.parametrize(
    ("name", "near"), [("prot", "port"), ("imagename", "imageName"), ("image_name", "imageName")]
)
def test_a_misspelt_argument(arguments, refusal, name, near):
    error = refusal(arguments, written(**{name: "x"}))
    assert error.message == f"p.yaml, line 6: spec.arguments.{name}: unknown key; did you mean {near!r}?"


@pytest.mark.parametrize(
    ("values", "told"),
    [
        (
            {"port": 80},
            "line 6: spec.arguments.port: 80 is less than the minimum of 1024 (integration 'greeter')",
        ),
        (
            {"greeting": "hi"},
            "spec.arguments.greeting: 'hi' is not one of ['hello', 'good day'] (integration 'greeter')",
        ),
    ],
)
def test_the_bounds_of_an_integration(arguments, refusal, values, told):
    assert told in refusal(arguments, written(**values), integration(BOUNDS)).message


def test_the_packagers_bounds_hold_whatever_an_integration_says(arguments, refusal):
    schema = "    arguments: {properties: [{name: port, parameters: [{name: maximum, value: 99999}]}]}\n"
    assert "must be at most 65535" in refusal(arguments, written(port=70000), integration(schema)).message


def test_all_wrong_arguments_are_told_at_once_and_each_once(arguments, refusal):
    lines = refusal(
        arguments, written(port=80, greeting="hi", workers=0, typo=1), integration(BOUNDS)
    ).message.splitlines()
    assert [line.split(": ")[1].removeprefix("spec.arguments.") for line in lines] == [
        "workers",
        "typo",
        "port",
        "greeting",
    ]


def test_a_required_argument_is_required_in_spite_of_the_packagers_default(arguments, refusal):
    schema = "    arguments: {required: [workers]}\n"
    error = refusal(arguments, "", integration(schema))
    assert error.message == "p.yaml, line 3: spec.arguments.workers: is required by integration 'greeter'"
    assert arguments(written(workers=2), integration(schema)).workers == 2


def test_a_default_of_the_integration_satisfies_its_requirement(arguments):
    schema = """
    arguments:
      properties: [{name: workers, parameters: [{name: default, value: 3}]}]
      required: [workers]
"""
    assert arguments("", integration(schema)).workers == 3


@pytest.mark.parametrize(
    ("default", "told"),
    [
        ('{name: default, value: "8080"}', "must be a whole number"),
        ("{name: default, value: 80}, {name: minimum, value: 1024}", "80 is less than the minimum of 1024"),
    ],
)
def test_a_wrong_default_is_the_integrations_fault(arguments, refusal, default, told):
    schema = f"    arguments: {{properties: [{{name: port, parameters: [{default}]}}]}}\n"
    message = refusal(arguments, "", integration(schema)).message
    assert told in message
    assert message.endswith("(the default of integration 'greeter')")


def test_a_bound_that_the_packagers_own_default_breaks_says_so(arguments, refusal):
    schema = "    arguments: {properties: [{name: port, parameters: [{name: minimum, value: 8000}]}]}\n"
    message = refusal(arguments, "", integration(schema)).message
    assert message.endswith(
        "5000 is less than the minimum of 8000 (integration 'greeter'; 5000 is the packager's default)"
    )
