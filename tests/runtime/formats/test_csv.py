"""CSV, read in parts, by a library or without one."""

import csv
import importlib.util
import io
import math
import re

import pytest
from gppi_runtime import Field
from hypothesis import given
from hypothesis import strategies as st
from odahu_cli.formats import InputError, array_readers
from odahu_cli.formats.array_readers import ArrayReader
from odahu_cli.formats.csv_cells import convert

from tests.runtime.formats.streams import Trickle, read

LIBRARIES = [
    pytest.param(
        name,
        marks=pytest.mark.skipif(importlib.util.find_spec(name) is None, reason=f"{name} is not installed"),
    )
    for name in ("pandas", "pyarrow", "numpy")
]
ARABIC_ONE = "\u0661"
NUMBERS = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.integers().map(str),
    st.integers(-(10**30), 10**30).map(str),
    st.decimals(allow_nan=False, allow_infinity=False).map(str),
    st.sampled_from(
        ["0", "-0", "007", "1.", ".5", "+1", "1e5", "1E-400", "5e-324", "0.1", "9007199254740993"]
    ),
)
# What a library may take for a number, a gap or nothing at all.
TRICKY = st.sampled_from(
    [
        "",
        " ",
        " 1",
        "1 ",
        "NaN",
        "nan",
        "NA",
        "null",
        "None",
        "1_000",
        "inf",
        "x",
        "-",
        "1e",
        "1,5",
        "0x1",
        ARABIC_ONE,
    ]
)
TEXTS = st.text(alphabet='ab,;"\n\r \té1', max_size=6)


def fields(*types):
    return [Field(f"f{number}", type_, required=True, example=0) for number, type_ in enumerate(types)]


@pytest.fixture(scope="module", params=[None, *LIBRARIES])
def library(request):
    """Let one library read arrays, or none."""
    wanted = tuple(each for each in array_readers._READERS if each[0] == request.param)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(array_readers, "_READERS", wanted)
        patch.setattr(array_readers, "_WORTH_AN_IMPORT", 0)
        yield request.param


def written(rows, **options):
    text = io.StringIO()
    csv.writer(text, **options).writerows(rows)
    return text.getvalue().encode()


def same(rows, others):
    """Compare cells by type, sign of zero and value."""
    return repr(rows) == repr(others)


@pytest.mark.property
@pytest.mark.usefixtures("small_windows")
@given(
    st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=9),
    st.sampled_from(",;\t|"),
    st.sampled_from(["\n", "\r\n"]),
    st.integers(1, 4),
    st.integers(1, 9),
)
def test_texts_are_read_as_the_standard_library_reads_them(rows, delimiter, end, chunk_rows, step):
    raw = written(rows, delimiter=delimiter, lineterminator=end, quoting=csv.QUOTE_ALL)
    options = {"fields": fields("string", "string"), "header": "no", "delimiter": delimiter}
    found = read("csv", Trickle(raw, step), chunk_rows=chunk_rows, **options)
    assert found.rows == [[cell or None for cell in row] for row in rows]
    starts = [1]
    for row in rows:
        starts.append(starts[-1] + 1 + sum(cell.count("\n") for cell in row))
    assert found.lines == starts[:-1]


@pytest.mark.property
@pytest.mark.usefixtures("small_windows", "library")
@given(st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=9), st.data())
@pytest.mark.parametrize(
    "types", [("number", "number"), ("integer", "number"), ("integer", "integer"), (None, None)]
)
def test_numbers_are_the_same_by_every_library(types, rows, data):
    if data.draw(st.booleans()):
        row = data.draw(st.integers(0, len(rows) - 1))
        rows[row] = (data.draw(TRICKY), rows[row][1])
    raw = written(rows, lineterminator=data.draw(st.sampled_from(["\n", "\r\n", "\n\n"])))
    try:
        columns = [convert(cells, type_) for cells, type_ in zip(zip(*rows, strict=True), types, strict=True)]
    except ValueError:
        with pytest.raises(InputError):
            read("csv", raw, fields=fields(*types), header="no", delimiter=",")
    else:
        found = read(
            "csv", raw, fields=fields(*types) if types[0] else (), header="no", delimiter=",", chunk_rows=4
        )
        assert same(found.rows, [list(row) for row in zip(*columns, strict=True)])


def test_a_library_reads_arrays_of_plain_numbers(library):
    raw = b"1,2.5\n-3e2,0.1\n"
    array = ArrayReader().read(raw, ",", 2)
    assert (array is None) == (library is None)
    if library:
        assert array.tolist() == [[1.0, 2.5], [-300.0, 0.1]]
        assert ArrayReader().read(b"1,2\n3\n", ",", 2) is None
        assert ArrayReader().read(b"1,2\n3,\n", ",", 2) is None
        assert ArrayReader().read(b"1,2\n3,4,5\n", ",", 2) is None


def test_a_library_that_rounds_wrongly_is_not_used(monkeypatch):
    numpy = pytest.importorskip("numpy")

    def careless(content, _delimiter, _width):
        return numpy.array([[math.nextafter(float(cell), 1)] for cell in content.split()])

    monkeypatch.setattr(array_readers, "_READERS", (("numpy", careless),))
    assert ArrayReader().read(b"1\n", ",", 1) is None


@pytest.mark.parametrize(
    ("type_", "cells", "values"),
    [
        (
            "number",
            ["1", "1e5", " 1", "", "NaN", "12345678901234567890"],
            [1.0, 1e5, 1.0, None, None, 12345678901234567890.0],
        ),
        (
            "integer",
            ["1", "1.0", "1e2", "1.5", "", "12345678901234567890"],
            [1, 1, 100, 1.5, None, 12345678901234567890],
        ),
        ("boolean", ["true", "False", "1", "0", ""], [True, False, True, False, None]),
        ("string", ["1", "NaN", "", " "], ["1", "NaN", None, " "]),
        ("array", ["[1]", ""], [[1], None]),
        ("object", ['{"a": 1}', ""], [{"a": 1}, None]),
        (None, ["1", "1.0", "007", "x", "", "NaN", "1e5"], [1, 1.0, "007", "x", None, "NaN", 1e5]),
    ],
)
def test_cells_become_values_of_their_columns_type(type_, cells, values):
    assert same(convert(cells, type_), values)


@pytest.mark.parametrize(
    ("type_", "cell"),
    [
        *(("number", each) for each in ("1_000", "inf", ARABIC_ONE, "x")),
        *(("integer", each) for each in ("1_0", "9" * 5000)),
        ("boolean", "yes"),
        ("array", "[1"),
        ("object", "x"),
    ],
)
def test_a_cell_of_another_type_names_line_and_column(type_, cell):
    with pytest.raises(InputError) as caught:
        read("csv", written([["f0", "f1"], ["a\nb", ""], ["c", cell]]), fields=fields("string", type_))
    shown = f'"{cell}"' if len(cell) < 80 else '"' + "9" * 78 + "…"
    assert str(caught.value) == f'in:4: row 2 column 2 ("f1"): {shown} is not of type {type_}'


@pytest.mark.parametrize(
    ("raw", "types", "columns", "rows"),
    [
        ("f1,f0\n1,2\n", "nn", ["f1", "f0"], [[1, 2]]),
        ("1,2\n3,4\n", "nn", None, [[1, 2], [3, 4]]),
        ("\n1,2\n", "nn", None, [[1, 2]]),
        ("a,b\n1,2\n", "", ["a", "b"], [[1, 2]]),
        ("1,b\n1,2\n", "", None, [[1, "b"], [1, 2]]),
        ("f0,f1\nx,y\n", "ss", ["f0", "f1"], [["x", "y"]]),
        ("x,y\nf0,f1\n", "ss", None, [["x", "y"], ["f0", "f1"]]),
        ("f0,typo\n1,2\n", "nn", ["f0", "typo"], [[1, 2]]),
        ("f1,more,f0\nx,y,z\n", "ss", ["f1", "more", "f0"], [["x", "y", "z"]]),
        ('"f0","f\n1"\n1,2\n', "nn", ["f0", "f\n1"], [[1, 2]]),
        ("\ufefff0,f1\r\n1,2", "nn", ["f0", "f1"], [[1, 2]]),
        ("f0,f1\n", "nn", None, []),
        ("", "nn", None, []),
        ("f0\n1\n2", "n", ["f0"], [[1], [2]]),
    ],
)
def test_a_header_is_told_from_a_row(raw, types, columns, rows):
    kinds = {"n": "number", "s": "string"}
    found = read("csv", raw.encode(), fields=fields(*(kinds[each] for each in types)))
    assert (found.columns, found.rows) == (columns, rows)


def test_the_user_has_the_last_word_about_the_header():
    assert read("csv", b"1,2\n3,4\n", header="yes").columns == ["1", "2"]
    assert read("csv", b"a,b\nc,d\n", header="no").rows == [["a", "b"], ["c", "d"]]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("known", [True, False])
def test_the_delimiter_is_found(delimiter, known):
    raw = written([["f0", "f1"], ["1", "2"], ["3", "4"]], delimiter=delimiter)
    assert read("csv", raw, fields=fields("number", "number") if known else ()).rows == [[1, 2], [3, 4]]


def test_names_that_repeat_have_types_in_their_order():
    twice = [Field("f", "number", required=True, example=0), Field("f", "string", required=True, example=0)]
    assert read("csv", b"f,f\n1,2\n", fields=twice).rows == [[1.0, "2"]]


def test_objects_have_members_by_the_header_or_by_the_models_names():
    types = fields("number", "string")
    assert read("csv", b"f1,f0\n1,2\n", "objects", fields=types).rows == [{"f1": "1", "f0": 2.0}]
    assert read("csv", b"1,2\n", "objects", fields=types).rows == [{"f0": 1.0, "f1": "2"}]
    assert read("csv", b"f1,more,f0\na,b,1\n", "objects", fields=types).rows == [
        {"f1": "a", "more": "b", "f0": 1.0}
    ]
    with pytest.raises(InputError, match="must begin with a header; if it does, say --header yes"):
        read("csv", b"1,2\n", "objects")
    with pytest.raises(InputError, match="repeat"):
        read("csv", b"a,a\n1,2\n", "objects")


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"f0,f1\n1,2\n3\n", "in:3: row 2 has 1 cells and the header has 2"),
        (b"1,2\n3,4,5\n", "in:2: row 2 has 3 cells and row 1 has 2"),
        (b'f0,f1\n1,"2\n', "in:2: unexpected end of data"),
        (b'f0,f1\n1,"2"x\n', "in:2: ',' expected after '\"'"),
        (b"f0,f1\n1,\xff\n", "in:2:3: the text is not UTF-8 (invalid start byte)"),
        (b"f0,f1\n1,2\n1,\0\n", "in:3:3: the text holds a NUL"),
        (b'"f0,f1\n1,2\n', "in:1: unexpected end of data"),
    ],
)
def test_an_error_names_the_line(raw, message):
    with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
        read("csv", raw, fields=fields("number", "number"))


def test_line_breaks_of_old_macs_are_an_error():
    with pytest.raises(InputError, match=r"^in:1: new-line character"):
        read("csv", b"f0,f1\r1,2\r3,4\r", fields=fields("number", "number"))


@pytest.mark.usefixtures("small_windows")
def test_rows_count_on_over_blank_and_quoted_lines():
    found = read(
        "csv", b'f0,f1\n1,2\n\n"3",4\n5,"6"\n\n\n7,8\n', fields=fields("number", "number"), chunk_rows=2
    )
    assert found.rows == [[1, 2], [3, 4], [5, 6], [7, 8]]
    assert found.lines == [2, 4, 5, 8]


@pytest.mark.parametrize("delimiter", ["§", "😀", ".", "-", "e", "1", " ", "'"])
@pytest.mark.parametrize("types", ["number", None])
def test_any_character_separates_cells(delimiter, types):
    fields = [Field(name, types, required=True, example=0) for name in "ab"] if types else []
    raw = delimiter.join("23").encode() + b"\n" + delimiter.join("45").encode()
    assert read("csv", raw, delimiter=delimiter, fields=fields).rows == [[2, 3], [4, 5]]
