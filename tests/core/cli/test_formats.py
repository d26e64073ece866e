"""Results in the format that was asked for."""

import json

import click
import pytest
import yaml

from odahu_pack_core.cli.formats import OutputFormat, compiled, format_document, format_list, format_table
from odahu_pack_core.cli.parameters import FormatParameter

PACKAGINGS = [
    {
        "id": "a",
        "spec": {"arguments": {"workers": 4}},
        "status": {"results": [{"name": "image", "value": "registry/wine:1"}]},
    },
    {
        "id": "b",
        "spec": {"arguments": {}},
        "status": {"results": [{"name": "image", "value": "registry/wine:2"}]},
    },
]


def matches(expression, documents=PACKAGINGS):
    return format_list(documents, OutputFormat("jsonpath", compiled(expression)), {})


def test_one_text_is_printed_as_it_is():
    assert matches("$[0].status.results[0].value") == "registry/wine:1"


def test_one_value_that_is_no_text_is_json():
    assert json.loads(matches("[*].spec.arguments", PACKAGINGS[:1])) == {"workers": 4}


def test_several_matches_are_a_json_list():
    assert json.loads(matches("[*].spec.arguments")) == [{"workers": 4}, {}]


def test_no_match_is_an_empty_list():
    assert matches("[*].nothing") == "[]"


def test_json_is_a_list_even_of_one():
    assert json.loads(format_list(PACKAGINGS[:1], OutputFormat("json"), {})) == PACKAGINGS[:1]


def test_yaml_is_a_document_each_in_the_order_of_the_keys():
    text = format_list(PACKAGINGS, OutputFormat("yaml"), {})
    assert list(yaml.safe_load_all(text)) == PACKAGINGS
    assert text.startswith("id: a\n")


def test_a_document_is_not_wrapped_in_a_list():
    assert json.loads(format_document({"image": "x"}, OutputFormat("json"))) == {"image": "x"}
    assert format_document({"image": "x"}, OutputFormat("jsonpath", compiled("$.image"))) == "x"


def test_a_table_is_as_wide_as_its_cells():
    assert format_table({"id": ["a", "long"], "state": ["ok", ""]}) == "ID    STATE\na     ok\nlong"


def test_an_empty_table_has_its_headings():
    assert format_table({"id": [], "state": []}) == "ID  STATE"


@pytest.mark.parametrize("text", ["jsonpath=[", "jsonpath=", "jsonpath", "jsn", "table=1"])
def test_a_format_that_is_none_is_refused_at_once(text):
    with pytest.raises(click.BadParameter):
        FormatParameter("json", "table").convert(text, None, None)


@pytest.mark.parametrize("name", ["-o", "--format", "--output-format"])
def test_the_option_has_three_names(odahuflowctl, name):
    assert json.loads(odahuflowctl("plugins", name, "json").out)
