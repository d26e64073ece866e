"""Parquet, where pyarrow is installed, and what is said where it is not."""

import datetime as dt
import io
import json
import sys
from decimal import Decimal

import pytest
from gppi_runtime import PredictionError
from odahu_cli.formats import OUTPUT_FORMATS, FormatError, InputError

from tests.runtime.formats.streams import Trickle, read, written


def test_without_pyarrow_the_error_says_what_to_add(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(InputError, match=r"^in: Parquet needs pyarrow.*conda\.yaml$"):
        read("parquet", b"PAR1")
    with pytest.raises(FormatError, match=r"Parquet needs pyarrow"):
        OUTPUT_FORMATS["parquet"].open(io.BytesIO(), "matrix")


class TestWithPyarrow:
    """What pyarrow reads and writes."""

    @pytest.fixture(autouse=True)
    def _pyarrow(self):
        self.arrow = pytest.importorskip("pyarrow")
        self.parquet = pytest.importorskip("pyarrow.parquet")

    def _file(self, columns, **options):
        file = io.BytesIO()
        self.parquet.write_table(self.arrow.table(columns), file, **options)
        return file.getvalue()

    def _table(self, raw):
        return self.parquet.read_table(io.BytesIO(raw))

    def test_rows_are_read_in_batches(self):
        raw = self._file({"a": list(range(10)), "b": [n / 2 for n in range(10)]}, row_group_size=4)
        found = read("parquet", raw, chunk_rows=3)
        assert found.columns == ["a", "b"]
        assert found.rows == [[n, n / 2] for n in range(10)]
        assert max(found.sizes) <= 3

    def test_cells_are_what_json_would_hold(self):
        moment = dt.datetime(2020, 1, 2, 3, tzinfo=dt.timezone.utc)
        columns = {
            "text": ["é", None],
            "number": [float("nan"), 0.5],
            "big": [2**60 + 1, None],
            "flag": [True, None],
            "when": [moment, None],
            "price": [Decimal("1.5"), None],
            "list": [[1], []],
        }
        rows = [
            ["é", None, 2**60 + 1, True, moment.isoformat(), 1.5, [1]],
            [None, 0.5, None, None, None, None, []],
        ]
        assert json.dumps(read("parquet", self._file(columns)).rows) == json.dumps(rows)
        objects = [dict(zip(columns, row, strict=True)) for row in rows]
        assert read("parquet", self._file(columns), "objects").rows == objects

    @pytest.mark.parametrize("raw", [b"", b"PAR1", b"PAR1" + b"x" * 100 + b"PAR1"])
    def test_what_is_no_parquet_is_an_error(self, raw):
        with pytest.raises(InputError, match=r"^in: this Parquet file cannot be read"):
            read("parquet", raw)

    def test_a_damaged_file_is_an_error(self):
        raw = bytearray(self._file({"a": [str(n) * 50 for n in range(5000)]}, compression="gzip"))
        raw[100:5000] = bytes(4900)
        with pytest.raises(InputError, match=r"^in: this Parquet file cannot be read"):
            read("parquet", bytes(raw))

    @pytest.mark.parametrize(
        ("cell", "kind", "message"),
        [(b"\xff", "binary", "can't decode byte 0xff"), (2**62, "timestamp", "out of range")],
    )
    def test_cells_that_python_cannot_hold_are_errors(self, cell, kind, message):
        types = {"binary": self.arrow.binary(), "timestamp": self.arrow.timestamp("us")}
        with pytest.raises(InputError, match=f'^in: column "a": .*{message}'):
            read("parquet", self._file({"a": self.arrow.array([cell], types[kind])}))

    def test_objects_have_each_name_once(self):
        file = io.BytesIO()
        columns = [self.arrow.array([1]), self.arrow.array([2])]
        self.parquet.write_table(self.arrow.Table.from_arrays(columns, names=["a", "a"]), file)
        assert read("parquet", file.getvalue()).rows == [[1, 2]]
        with pytest.raises(InputError, match="names of an object's members repeat"):
            read("parquet", file.getvalue(), "objects")

    def test_a_batch_may_be_of_any_size(self):
        assert read("parquet", self._file({"a": [1, 2]}), chunk_rows=10**20).rows == [[1], [2]]

    def test_a_stream_is_an_error(self):
        with pytest.raises(InputError, match="from a file only"):
            read("parquet", Trickle(self._file({"a": [1]})))

    def test_results_are_columns(self):
        documents = [
            {"prediction": [[1.5, "x", None], [2.5, "y", None]], "columns": ["p", "p", "q"]},
            {"prediction": [[3.5, "z", 0.5]], "columns": ["p", "p", "q"]},
        ]
        table = self._table(written("parquet", documents))
        assert table.to_pydict() == {"p": [1.5, 2.5, 3.5], "p_2": ["x", "y", "z"], "q": [None, None, 0.5]}

    def test_objects_are_rows(self):
        table = self._table(written("parquet", [{"prediction": [{"a": 1}, {"a": 2}]}], "objects"))
        assert table.to_pylist() == [{"a": 1}, {"a": 2}]

    def test_arrays_are_columns(self):
        numpy = pytest.importorskip("numpy")
        document = {"prediction": numpy.array([[1.0, 2.0], [3.0, 4.0]]), "columns": ["a"]}
        assert self._table(written("parquet", [document])).to_pydict() == {"a": [1, 3], "column_2": [2, 4]}

    def test_a_result_without_rows_is_a_file(self):
        assert self._table(written("parquet", [])).num_rows == 0

    def test_rows_of_other_types_are_the_models_fault(self):
        with pytest.raises(PredictionError, match="of other types than those before"):
            written("parquet", [{"prediction": [[cell]], "columns": ["a"]} for cell in (1, "x")])
        with pytest.raises(PredictionError, match="does not fit"):
            written("parquet", [{"prediction": [[1], ["x"]], "columns": ["a"]}])
