"""JSON Lines, read in parts."""

import io
import json
import pickle
import re

import pytest
from gppi_runtime import Field
from hypothesis import given
from hypothesis import strategies as st
from odahu_cli.formats import INPUT_FORMATS, InputError, ReadOptions

from tests.runtime.formats.streams import Trickle, read
from tests.runtime.formats.test_json_document import CELLS, TEXTS, matrices

pytestmark = pytest.mark.usefixtures("small_windows")
ENDS = st.sampled_from(["\n", "\r\n", "\n\n", "\n \n"])


def _lines(values, end, data):
    ascii_only = data.draw(st.booleans())
    text = end.join(json.dumps(value, ensure_ascii=ascii_only) for value in values)
    return (text + data.draw(st.sampled_from(["", end]))).encode()


@pytest.mark.property
@given(matrices(CELLS), ENDS, st.integers(1, 5), st.data())
def test_lists_are_rows(rows, end, chunk_rows, data):
    found = read("jsonl", Trickle(_lines(rows, end, data)), chunk_rows=chunk_rows)
    assert found.rows == rows
    step = end.count("\n")
    assert found.lines == list(range(1, len(rows) * step + 1, step))
    assert max(found.sizes) <= chunk_rows


@pytest.mark.property
@given(st.lists(st.dictionaries(TEXTS, CELLS, max_size=4), min_size=1, max_size=8), ENDS, st.data())
def test_objects_are_objects_for_a_model_of_objects(objects, end, data):
    assert read("jsonl", _lines(objects, end, data), "objects", chunk_rows=3).rows == objects


@pytest.mark.property
@given(st.lists(st.fixed_dictionaries({"a": CELLS, "é": CELLS, "b": CELLS}), min_size=1), ENDS, st.data())
def test_objects_are_rows_by_the_names_of_their_members(objects, end, data):
    shuffled = [dict(data.draw(st.permutations(list(each.items())))) for each in objects]
    fields = [Field(name, None, required=True, example=0) for name in ("b", "é", "a")]
    found = read("jsonl", _lines(shuffled, end, data), fields=fields, chunk_rows=3)
    assert found.columns == ["b", "é", "a"]
    assert found.rows == [[each["b"], each["é"], each["a"]] for each in objects]


def test_documents_are_rows_of_their_own_columns():
    found = read("jsonl", b'{"columns": ["a"], "data": [[1], [2], [3]]}\n{"data": [[4]]}\n', chunk_rows=2)
    assert (found.rows, found.sizes, found.lines) == ([[1], [2], [3], [4]], [2, 1, 1], [1, 1, 1, 2])


def test_trailing_commas_are_overlooked_and_told():
    found = read("jsonl", b"[1, 2]\n\n[3, 4,]\n")
    assert found.rows == [[1, 2], [3, 4]]
    assert [tuple(place) for place in found.commas] == [(3, 6)]


def test_an_empty_file_has_no_rows():
    assert read("jsonl", b"").rows == []
    assert read("jsonl", b"\n \n").rows == []


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ("[1, 2]\n[3 4]\n", "in:2:4: expecting ',' delimiter"),
        ("[1, 2]\n[3,\n4]\n", "in:2:4: expecting value"),
        ("[1, 2]\n[3]\n", 'in:2: row 2 of "data" has 1 cells and row 1 has 2'),
        ("[1]\n[2]\n[3]\n\n[4, 5]\n[6, 7]\n", 'in:5: row 4 of "data" has 2 cells and row 1 has 1'),
        ("[1]\n2\n", 'in:2: row 2 of "data" is 2, expected an array'),
        ('{"a": 1}\n{"b": 1}\n', 'in:2: row 2 has no member "a", as those before have'),
        ('{"a": 1}\n{"a": 1, "b": 1}\n', 'in:2: row 2 has a member "b", which those before do not have'),
        ('{"a": 1}\n[1]\n', "in:2: row 2 is an array, expected an object as before"),
        ('{"a": 1}\n{"a": 1, "a": 2}\n', 'in:2:1: the name "a" occurs twice in one object'),
        ('{"data": [[1]]}\n{"data": [[1], 2]}\n', 'in:2: row 2 of "data" is 2, expected an array'),
        ("[1], [2]\n", "in:1:4: extra data"),
        ('{"data": [[1]]}\n[2]\n', 'in:2: the document is an array, expected an object with "data"'),
    ],
)
def test_an_error_names_the_line(raw, message):
    with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
        read("jsonl", raw.encode(), chunk_rows=3)


def test_an_object_of_the_wrong_kind_names_its_line():
    with pytest.raises(InputError, match=r'^in:2: object 2 of "objects" is 5, expected an object$'):
        read("jsonl", b"{}\n5\n", "objects")


@pytest.mark.parametrize(
    "text",
    [
        "[1, 2], [3\n4]",
        "[[1], [2]], [[3]\n[4]]",
        "[1,\n2], [3]",
        '["a]\n[b"]',
        '{"a": "x}\n{y"}',
        '[1], [2\n"["]',
    ],
)
def test_lines_that_make_values_only_together_are_refused(text):
    with pytest.raises(InputError, match=r"^in:1:"):
        read("jsonl", text.encode())


def test_what_the_first_line_holds_is_not_sent_along_with_each_piece():
    documents = [json.dumps({"data": [[n]] * 500}) for n in range(50)]
    source = INPUT_FORMATS["jsonl"].open(io.BytesIO("\n".join(documents).encode()), "in", ReadOptions())
    assert all(len(pickle.dumps(piece.content.first)) < 200 for piece in source.pieces())
