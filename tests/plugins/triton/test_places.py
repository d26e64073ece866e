"""Where each field of a configuration stands."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odahu_pack_triton.config import parse_config
from odahu_pack_triton.config.tokens import tokens_of

TEXT = """\
# A comment: input { dims: 9 }
name: "wine"
input [
  { name: "X"  data_type: TYPE_FP32 dims: [ 3, -1 ] },
  { name: "Y" data_type: TYPE_INT64 dims: 4 dims: [ 5 ] reshape { shape: [ ] } }
]
input < name: "Z" >
parameters { key: "a\\"b" value: { string_value: "1" "2" } }
parameters { value { string_value: "3" } key: "late" }
instance_group [ { count: 1; gpus: [ 0, 1 ] }, { kind: KIND_CPU } ]
"""


@pytest.mark.parametrize(
    ("path", "place"),
    [
        (("name",), (2, 1)),
        (("input",), (3, 1)),
        (("input", 0), (4, 3)),
        (("input", 0, "name"), (4, 5)),
        (("input", 0, "dims"), (4, 37)),
        (("input", 0, "dims", 0), (4, 45)),
        (("input", 0, "dims", 1), (4, 48)),
        (("input", 1, "dims", 1), (5, 53)),
        (("input", 1, "reshape", "shape"), (5, 67)),
        (("input", 2), (7, 7)),
        (("input", 2, "name"), (7, 9)),
        (("parameters", 'a"b', "value", "string_value"), (8, 35)),
        (("parameters", "late"), (9, 12)),
        (("instance_group", 0, "gpus", 1), (10, 41)),
        (("instance_group", 1, "kind"), (10, 50)),
    ],
)
def test_a_field_that_is_written(path, place):
    found = parse_config(TEXT).place(path)
    assert (found.line, found.column) == place


@pytest.mark.parametrize(
    ("path", "parent"),
    [
        (("input", 0, "reshape", "shape", 3), ("input", 0)),
        (("input", 7, "name"), ("input",)),
        (("input", 1, "dims", 9), ("input", 1, "dims")),
        (("parameters", "other"), ("parameters",)),
        (("input", 2, "data_type"), ("input", 2)),
    ],
)
def test_a_field_that_is_not_written_is_where_its_parent_is(path, parent):
    config = parse_config(TEXT)
    assert config.place(path) == config.place(parent)


@pytest.mark.parametrize("path", [(), ("output",), ("output", 0, "name")])
def test_a_field_without_a_parent_is_nowhere(path):
    assert parse_config(TEXT).place(path) is None


def test_the_last_of_two_entries_with_one_key_counts():
    line = 'parameters { key: "a" value { string_value: "1" } }\n'
    config = parse_config(line * 2)
    assert config.place(("parameters", "a")).line == 2
    assert config.place(("parameters", "a", "value", "string_value")).line == 2
    assert [(name, place.line) for _, name, place in config.walked.repeats] == [("parameters 'a'", 2)]


def test_a_value_that_takes_the_place_of_an_empty_one_is_a_repeat():
    config = parse_config("max_batch_size: 0\nmax_batch_size: 8")
    assert config.message.max_batch_size == 8
    assert [(owner, name, place.line) for owner, name, place in config.walked.repeats] == [
        ("ModelConfig", "max_batch_size", 2)
    ]


@pytest.mark.property
@given(st.text(alphabet="ab1-. \t\n\r#\"'\\{}<>[],;:$é\0%", max_size=60))
def test_tokens_stand_where_they_say_and_leave_nothing_out(text):
    end = 0
    for token in tokens_of(text):
        assert text[end : token.start].strip(" \t\r\n\v\f") == ""
        assert text.startswith(token.text, token.start)
        lines = text[: token.start].split("\n")
        assert (token.line, token.column) == (len(lines), len(lines[-1]) + 1)
        end = token.start + len(token.text)
    assert text[end:].strip(" \t\r\n\v\f") == ""
