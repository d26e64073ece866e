"""What formats need of the runtime that images share."""

from types import ModuleType

import numpy as np
import pytest
from gppi_runtime import (
    DocumentError,
    MatrixRequest,
    Model,
    ModelFacts,
    RowError,
    check_request,
    parse_request,
    read_json,
    read_signature,
)

NUMBER = read_signature([{"name": "x", "type": "number"}], [])


def predicted(result, **options):
    module = ModuleType("entrypoint")
    module.predict_on_matrix = lambda _rows: (result, ["x"])
    model = Model(ModelFacts("m", "1", "", "entrypoint"), module, "matrix", None)
    return model.predict(MatrixRequest([[1]], None), **options)["prediction"]


def test_cells_of_known_types_are_not_looked_at():
    check_request(MatrixRequest([["x"]], None, frozenset([float])), NUMBER)
    with pytest.raises(RowError, match="row 1 column 1"):
        check_request(MatrixRequest([["x"]], None, frozenset([float, str])), NUMBER)
    with pytest.raises(RowError, match="row 1 column 1"):
        check_request(MatrixRequest([["x"]], None), NUMBER)


@pytest.mark.parametrize(
    ("document", "mode", "row"),
    [
        ({"data": [[1], 2]}, "matrix", 2),
        ({"data": [[1], [1, 2]]}, "matrix", 2),
        ({"objects": [{}, {}, 3]}, "objects", 3),
    ],
)
def test_an_error_of_a_row_knows_its_number(document, mode, row):
    with pytest.raises(RowError) as caught:
        parse_request(document, mode)
    assert caught.value.row == row
    assert caught.value.message == f"{caught.value.noun} {row}{caught.value.rest}"


def test_arrays_of_numbers_stay_arrays_on_demand():
    assert predicted(np.array([[1.5]])) == [[1.5]]
    assert isinstance(predicted(np.array([[1.5]]), keep_arrays=True), np.ndarray)


@pytest.mark.parametrize(
    "result", [np.array([1.5]), np.array([[True]]), np.array([["x"]]), np.array([[None]]), [[1]]]
)
def test_other_results_are_lists(result):
    assert isinstance(predicted(result, keep_arrays=True), list)


def test_a_name_that_repeats_is_found_unless_nobody_asks():
    with pytest.raises(DocumentError, match="occurs twice"):
        read_json(b'{"a": 1, "a": 2}')
    assert read_json(b'{"a": 1, "a": 2}', distinct_names=False) == {"a": 2}
