"""The JSON document, read in parts."""

import io
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from odahu_cli.formats import InputError

from tests.runtime.formats.streams import Trickle, read

pytestmark = pytest.mark.usefixtures("small_windows")

NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
TEXTS = st.text(alphabet=',]}[{"\\ \n:1aé', max_size=8)
CELLS = st.recursive(
    NUMBERS | st.none() | st.booleans() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=5,
)


def matrices(cells):
    return st.integers(0, 4).flatmap(
        lambda width: st.lists(st.lists(cells, min_size=width, max_size=width), min_size=1, max_size=12)
    )


WRITINGS = st.fixed_dictionaries(
    {
        "indent": st.sampled_from([None, 0, 1]),
        "separators": st.sampled_from([(",", ":"), (", ", ": "), (" ,\n", " : ")]),
        "ensure_ascii": st.booleans(),
    }
)


@pytest.mark.property
@given(matrices(CELLS) | matrices(NUMBERS), WRITINGS, st.integers(1, 5), st.booleans(), st.integers(1, 20))
def test_a_matrix_is_read_as_json_load_reads_it(rows, writing, chunk_rows, named, step):
    names = [f"n{number}" for number in range(len(rows[0]))] if named else None
    raw = json.dumps({"columns": names, "more": {"data": [1]}, "data": rows, "last": []}, **writing).encode()
    found = read("json", Trickle(raw, step), chunk_rows=chunk_rows)
    assert found.rows == rows
    assert found.columns == names
    assert found.commas == []
    assert max(found.sizes) <= chunk_rows


@pytest.mark.property
@given(
    st.lists(st.dictionaries(TEXTS, CELLS, max_size=4), min_size=1, max_size=8), WRITINGS, st.integers(1, 5)
)
def test_objects_are_read_as_json_load_reads_them(objects, writing, chunk_rows):
    raw = json.dumps({"data": [[1], "x"], "objects": objects}, **writing).encode()
    assert read("json", raw, "objects", chunk_rows=chunk_rows).rows == objects


@pytest.mark.property
@given(matrices(NUMBERS | TEXTS), st.data())
def test_trailing_commas_are_overlooked_and_told(rows, data):
    text, places = "", []

    def add(part, comma=","):
        nonlocal text
        text += part
        if comma and data.draw(st.booleans()):
            places.append((text.count("\n") + 1, len(text) - text.rfind("\n")))
            text += ","
        text += data.draw(st.sampled_from(["", " ", "\n"]))

    add('{"columns": [' + ", ".join(f'"{n}"' for n in range(len(rows[0]))), "," if rows[0] else "")
    text += '], "data": ['
    for number, row in enumerate(rows):
        add(("," if number else "") + "[" + ", ".join(map(json.dumps, row)), "," if row else "")
        text += "]"
    add("")
    add("]")
    text += "}"
    found = read("json", text.encode(), chunk_rows=3)
    assert found.rows == rows
    assert [(place.line, place.column) for place in found.commas] == places


@pytest.mark.parametrize(
    "raw", [b'{"data": [[1, 2]], "columns": ["a", "b"]}', b'\xef\xbb\xbf {"data": [[1, 2]]}']
)
def test_members_may_stand_in_any_order_in_a_file(raw):
    assert read("json", raw).rows == [[1, 2]]
    assert read("json", raw).columns == (["a", "b"] if b"columns" in raw else None)


def test_a_stream_must_begin_with_its_columns():
    raw = b'{"data": [[1, 2]], "columns": ["a", "b"]}'
    with pytest.raises(InputError, match=r'^in:1:31: "columns" stand behind "data"'):
        read("json", Trickle(raw))
    assert read("json", Trickle(b'{"data": [[1, 2]]}')).rows == [[1, 2]]


def test_the_columns_of_a_file_that_does_not_begin_at_its_start_are_found():
    file = io.BytesIO(b'junk{"data": [[1]], "columns": ["a"]}')
    file.seek(4)
    assert read("json", file).columns == ["a"]


def test_a_document_without_rows_has_no_batch():
    assert read("json", b'{"data": [ ], "columns": []}').rows == []


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ("", "in:1:1: expecting value"),
        ("nonsense", "in:1:1: expecting value"),
        ("[1, 2]", 'in: the document is an array, expected an object with "data"'),
        ("5", 'in: the document is a number, expected an object with "data"'),
        ("{}", 'in: "data" is missing'),
        ('{"data": null}', 'in: "data" is missing'),
        ('{"data": 5}', 'in: "data" is a number, expected an array'),
        ('{"objects": [{}]}', 'in: "data" is missing: the model takes it instead of "objects"'),
        ('{"data": [1, 2]}', 'in: row 1 of "data" is 1, expected an array'),
        ('{"data": [[1], 2, [3]]}', 'in: row 2 of "data" is 2, expected an array'),
        ('{"data": [[1], [2], [3, 4]]}', 'in: row 3 of "data" has 2 cells and row 1 has 1'),
        ('{"columns": ["a"], "data": [[1], []]}', 'in: row 2 of "data" has 0 cells and "columns" has 1'),
        ('{"columns": [1], "data": [[1]]}', 'in: name 1 of "columns" is 1, expected a string'),
        ('{"columns": "a", "data": [[1]]}', 'in: "columns" is a string, expected an array'),
        ('{"data": [\n[1, 2],\n[1, 2 3]]}', "in:3:7: expecting ',' delimiter"),
        ('{"data": [[1] [2]]}', "in:1:15: expecting ',' delimiter"),
        ('{"data": [[1, 2],, [3, 4]]}', "in:1:18: expecting value"),
        ('{"data": [[1], [NaN]]}', "in:1:17: NaN is not JSON, write null"),
        ('{"data": [[1]], "data": [[2]]}', 'in:1:23: the name "data" occurs twice in one object'),
        ('{"data": [[1]]} x', "in:1:17: extra data"),
        ('{"data": [[1]] "x"}', "in:1:16: expecting ',' delimiter"),
        ('{"data": [[1]], x}', "in:1:17: expecting property name enclosed in double quotes"),
        ('{"data" [[1]]}', "in:1:9: expecting ':' delimiter"),
        ('{"data": [[1], [2', "in:1:18: expecting ',' delimiter"),
        ('{"data": [[1], ["2', "in:1:17: unterminated string starting at"),
        ('{"data": [[1], [2]', "in:1:19: expecting ',' delimiter"),
        ('{"data": [[1], [2]]', "in:1:20: expecting ',' delimiter"),
        ('{"a": {"b": 1', "in:1:14: expecting ',' delimiter"),
        ('{"data": [[{"a": 1, "a": 2}]]}', 'in:1:11: the name "a" occurs twice in one object'),
    ],
)
def test_an_error_names_the_place(raw, message):
    with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
        read("json", raw.encode(), chunk_rows=2)


def test_text_that_is_not_utf_8_is_an_error():
    with pytest.raises(InputError, match=r"^in:2:3: the text is not UTF-8"):
        read("json", b'{"data": [\n["\xff"]]}')


@pytest.mark.property
@given(st.text(alphabet='{}[]",:1 \n\\datnu', max_size=30))
def test_what_json_load_refuses_is_refused_and_what_it_reads_is_read(text):
    raw = '{"data": [[1], ' + text
    try:
        document = json.loads(raw)
        expected = document["data"] if {len(row) for row in document["data"]} == {1} else None
    except (ValueError, TypeError):
        expected = None
    try:
        found = read("json", raw.encode(), chunk_rows=2)
    except InputError:
        assert expected is None or len(json.loads(raw)) != len(json.loads(raw, object_pairs_hook=list))
    else:
        assert found.commas or found.rows == expected


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b'{"data": [[1], }}', "in:1:16: expecting value"),
        (b'{"data": [[1] }}', "in:1:15: expecting ',' delimiter"),
        (b'{"data": [[[1]], [2] }}', "in:1:22: expecting ',' delimiter"),
    ],
)
def test_an_array_is_closed_by_its_own_bracket(raw, message):
    with pytest.raises(InputError, match=f"^{message}"):
        read("json", raw)
