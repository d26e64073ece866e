"""Documents of many numbers that the front reads and writes itself: the same in every respect but speed."""

import json
import marshal
import math
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odahu_pack_core.gppi_runtime import read_json
from tests.runtime.layout import SERVER
from tests.runtime.serving import serve

NAMES = ["features"] * 3
NUMBERS = st.integers(-(10**22), 10**22) | st.floats(allow_nan=False, allow_infinity=False)


@pytest.fixture(scope="module")
def numbers():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(SERVER / "front"))
        from odahu_front import numbers  # noqa: PLC0415 - it is on the path only now

        yield numbers


def body_of(rows, columns=NAMES, **more):
    named = {} if columns is None else {"columns": columns}
    return json.dumps({**named, "data": rows, **more}).encode()


def many(row, rows=100):
    return [list(row) for _ in range(rows)]


@pytest.mark.property
@given(
    rows=st.lists(st.lists(NUMBERS, min_size=3, max_size=3), min_size=50, max_size=60), named=st.booleans()
)
def test_what_the_front_reads_is_what_the_worker_would_read(numbers, rows, named):
    body = body_of(rows, NAMES if named else None).ljust(1024)
    read = numbers.read_numbers(body)
    document = read_json(body)
    if read is not None:
        assert repr(marshal.loads(read)) == repr((document.get("columns"), document["data"]))
    long = any(len(digits) > 18 for row in rows for cell in row for digits in _runs(json.dumps(cell)))
    assert (read is None) == long


def _runs(text):
    return "".join(each if each.isdigit() else " " for each in text).split()


@pytest.mark.parametrize(
    "body",
    [
        body_of(many([1, 2, 3], 5)),
        body_of(many([1, 2, 3], 5)).ljust(1023),
        body_of(many([1, 2, "3"])),
        body_of(many([1, 2, None])),
        body_of(many([1, 2, True])),
        body_of(many([1, 2, [3]])),
        body_of(many([1, 2, {}])),
        body_of(many([1, 2, 10**18])),
        body_of(many([1, 2, 3]), objects=[]),
        body_of(many([1, 2, 3]), [1, 2, 3]),
        body_of(many([1, 2, 3]), "features"),
        body_of([*many([1, 2, 3]), 4]),
        body_of({"row": many([1, 2, 3])}),
        body_of(many([1, 2, 3])).replace(b"[1,", b"[NaN,", 1),
        body_of(many([1, 2, 3])).replace(b"[1,", b"[1e999,", 1),
        body_of(many([1, 2, 3]))[:-1] + b', "data": [[1, 2, 3]]}',
        body_of(many([1, 2, 3]))[:-1] + b', "d\\u0061ta": [[1, 2, 3]]}',
        body_of(many([1, 2, 3])).replace(b"3]]", b"3]],"),
        b"\xef\xbb\xbf" + body_of(many([1, 2, 3])),
        json.dumps(many([1, 2, 3])).encode(),
        b"\xff" * 2000,
        b"[" * 100_000,
        body_of(many([1, 2, 3], 100_000)),
    ],
)
def test_whatever_is_not_plainly_numbers_is_left_to_the_worker(numbers, body):
    assert numbers.read_numbers(body) is None


@pytest.mark.parametrize("workers", ["1", "2"])
def test_answers_are_the_same_with_and_without_the_front_reading(runtime, model, tmp_path, workers):
    with serve(runtime, model(_ECHO), tmp_path, "--workers", workers) as front:
        for cell, rows in product(
            [0.1, 5, -0.0, 1e300, 123456789012345678, "x", None, True], [1, 31, 32, 500]
        ):
            given_rows = [[cell, row, row / 3] for row in range(rows)]
            reply = front.invoke({"data": given_rows})
            assert reply.status == 200, reply.body
            assert repr(reply.json) == repr({"prediction": given_rows, "columns": ["a", "b", "c"]})


def test_results_of_numbers_keep_what_json_cannot_say(runtime, model, tmp_path):
    with serve(runtime, model(_HOSTILE), tmp_path) as front:
        for command, expected in {0: None, 1: None, 2: 1e308, 3: 0.1}.items():
            reply = front.invoke({"data": [[command, 0.5]] * 100})
            assert reply.json["prediction"] == [[expected, 0.5]] * 100
        ragged = front.invoke({"data": [[4, 0.5]] * 100})
        assert ragged.json["prediction"] == [[0.5], *[[0.5, 0.5]] * 99]
        assert front.invoke({"data": [[5, 0.5]] * 100}).json["prediction"] == [[]] * 100


def test_mistakes_in_large_documents_are_told_as_in_small_ones(runtime, model, tmp_path):
    with serve(runtime, model("wine"), tmp_path) as front:
        ragged = front.invoke(body_of([*many([1, 2, 3]), [1, 2]]))
        assert (ragged.status, ragged.json["code"]) == (400, "invalid_request")
        assert ragged.json["message"].startswith('row 101 of "data" has 2 cells')
        unknown = front.invoke(body_of(many([1, 2, 3]), ["features", "features", "age"]))
        assert (unknown.status, unknown.json["code"]) == (400, "unknown_column")
        comma = front.invoke(body_of(many([1, 2, 3])).replace(b"3]]", b"3],]"))
        assert comma.json["code"] == "invalid_json"


def test_the_sum_of_finite_cells_may_be_infinite(numbers):
    assert not math.isfinite(1e308 * 100)  # what the last but two cases of the results above stand on
    assert numbers.front_reads_numbers(1)
    assert not numbers.front_reads_numbers(2)


_ECHO = {
    "entrypoint.py": (
        "def init():\n    return 'matrix'\n"
        "def predict_on_matrix(matrix, provided_columns_names=None):\n    return matrix, ['a', 'b', 'c']\n"
    )
}
_HOSTILE = {
    "entrypoint.py": (
        "def init():\n    return 'matrix'\n"
        "def predict_on_matrix(matrix, provided_columns_names=None):\n"
        "    command = matrix[0][0]\n"
        "    if command == 4:\n        return [[0.5]] + [[0.5, 0.5]] * 99, ['x']\n"
        "    if command == 5:\n        return [[]] * 100, []\n"
        "    cell = [float('nan'), float('inf'), 1e308, 0.1][command]\n"
        "    return [[cell, 0.5]] * 100, ['x', 'y']\n"
    )
}
