"""Strict and tolerant reading of JSON."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odahu_pack_core.gppi_runtime import DocumentError, JsonSyntaxError, read_json, read_json_tolerantly

SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
)
DOCUMENTS = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))
# Texts that look like JSON to a careless reader.
TRICKY = st.text(alphabet=',]}[{"\\ \n:1a', max_size=12)
TRICKY_DOCUMENTS = st.recursive(TRICKY, lambda inner: st.lists(inner) | st.dictionaries(TRICKY, inner))
SPACES = st.text(alphabet=" \n\t\r", max_size=3)


@pytest.mark.property
@given(DOCUMENTS, st.sampled_from([None, 1]))
def test_every_document_is_read_back(document, indent):
    assert read_json(json.dumps(document, indent=indent).encode()) == document


@pytest.mark.property
@given(TRICKY_DOCUMENTS, st.sampled_from([None, 1]))
def test_a_document_without_trailing_commas_is_read_the_same_by_both(document, indent):
    raw = json.dumps(document, indent=indent).encode()
    assert read_json_tolerantly(raw) == (document, [])


def _write(document, draw, commas):
    """Write a document with a trailing comma wherever there may be one; note the offsets of those."""
    if isinstance(document, (list, dict)) and document:
        members = document.items() if isinstance(document, dict) else ((None, each) for each in document)
        text = "{" if isinstance(document, dict) else "["
        for name, member in members:
            text += draw(SPACES) + (json.dumps(name) + ":" if isinstance(document, dict) else "")
            shift = len(text)
            inner = []
            text += _write(member, draw, inner) + draw(SPACES) + ","
            commas += [shift + offset for offset in inner]
        commas.append(len(text) - 1)
        return text + draw(SPACES) + ("}" if isinstance(document, dict) else "]")
    return json.dumps(document)


@pytest.mark.property
@given(TRICKY_DOCUMENTS, st.data())
def test_trailing_commas_are_overlooked_anywhere_and_told(document, data):
    offsets = []
    text = _write(document, data.draw, offsets)
    read, commas = read_json_tolerantly(text.encode())
    assert read == document
    assert [(c.line, c.column) for c in commas] == [
        (text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)) for offset in sorted(offsets)
    ]


@pytest.mark.property
@given(st.text(alphabet='[]{},:"\\1 \nantN', max_size=30))
def test_tolerance_is_for_trailing_commas_only(text):
    """What the tolerant reader takes, the strict one takes once its commas are blanked, and nothing else."""
    try:
        document, commas = read_json_tolerantly(text.encode())
    except DocumentError:
        with pytest.raises(DocumentError):
            read_json(text.encode())
        return
    lines = text.split("\n")
    for comma in commas:
        line = lines[comma.line - 1]
        assert line[comma.column - 1] == ","
        lines[comma.line - 1] = line[: comma.column - 1] + " " + line[comma.column :]
    assert read_json("\n".join(lines).encode()) == document


@pytest.mark.property
@given(st.binary(max_size=50))
def test_any_bytes_are_a_document_or_an_error_with_words(raw):
    try:
        read_json(raw)
    except DocumentError as error:
        outcome = (error.code, bool(error.message))
    else:
        outcome = ("invalid_json", True)
    assert outcome == ("invalid_json", True)


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ('{"a": [1,\n 2,\n]}', 2, 3),
        ('{"a": 1,}', 1, 8),
        ('{"a": ",]", "b": [1 , ] }', 1, 21),
        ("[1,\n\n\n]", 1, 3),
    ],
)
def test_a_trailing_comma_is_an_error_at_its_place(text, line, column):
    with pytest.raises(JsonSyntaxError) as caught:
        read_json(text.encode())
    assert (caught.value.reason, caught.value.line, caught.value.column) == ("trailing comma", line, column)


@pytest.mark.parametrize("text", ["[,]", "{,}", "[1,,]", '{"a":,}', "[1 2,]", "[1,]]", "[1,", '["a,]'])
def test_other_commas_are_errors_for_both(text):
    for read in (read_json, read_json_tolerantly):
        with pytest.raises(JsonSyntaxError):
            read(text.encode())


@pytest.mark.parametrize("literal", ["NaN", "Infinity", "-Infinity"])
def test_numbers_that_json_has_not_are_told_with_their_place(literal):
    with pytest.raises(JsonSyntaxError) as caught:
        read_json(f'{{"NaN Infinity": "NaN -Infinity",\n "a": {literal}}}'.encode())
    assert str(caught.value) == f"{literal} is not JSON, write null at line 2 column 7"


def test_text_that_is_not_utf_8_is_told_with_its_place():
    with pytest.raises(JsonSyntaxError, match="not UTF-8") as caught:
        read_json('{"é":\n "é'.encode() + b'\xff"}')
    assert (caught.value.line, caught.value.column) == (2, 4)


def test_a_byte_order_mark_is_overlooked():
    assert read_json(b"\xef\xbb\xbf[1]") == [1]


def test_a_name_that_occurs_twice_is_refused():
    with pytest.raises(DocumentError, match='"data" occurs twice'):
        read_json(b'{"data": [[1]], "columns": [], "data": [[2]]}')


@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_nesting_without_end_is_refused(opening):
    with pytest.raises(DocumentError, match="nested too deeply"):
        read_json(opening.encode() * 200_000)


def test_integers_have_an_end_and_other_digits_none():
    assert read_json(b'["' + b"1" * 10_000 + b'", 5, 0.' + b"1" * 10_000 + b"]")[1] == 5
    with pytest.raises(DocumentError, match="too many digits"):
        read_json(b"[5, " + b"1" * 4_301 + b"]")


def test_a_long_name_is_shortened_in_an_error():
    with pytest.raises(DocumentError) as caught:
        read_json(json.dumps({"a": 1}).replace("a", "x" * 10_000).encode() * 2)
    assert len(caught.value.message) < 200
    with pytest.raises(DocumentError) as caught:
        read_json(re.sub("a|b", "x" * 10_000, '{"a": 1, "b": 2}').encode())
    assert "…" in caught.value.message
    assert len(caught.value.message) < 200
