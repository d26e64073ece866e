"""Loading models and predicting with them, in this process."""

import os
import sys

import numpy as np
import pytest

from odahu_pack_core.gppi_runtime import (
    EntrypointError,
    MatrixRequest,
    ModelFacts,
    ObjectsRequest,
    PredictionError,
    load_model,
    predict_json,
)

MATRIX = "def init():\n    return 'matrix'\n"
IDENTITY = MATRIX + "def predict_on_matrix(matrix, provided_columns_names=None):\n    return matrix, ['x']\n"


@pytest.fixture
def load(tmp_path, monkeypatch):
    """Load a model from the text of its files, in an interpreter that forgets it afterwards."""
    known = set(sys.modules)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.setenv("MODEL_LOCATION", "")

    def load(files, entrypoint="entry_point_of_a_test"):
        files = {f"{entrypoint}.py": files} if isinstance(files, str) else files
        for path, text in files.items():
            target = tmp_path / "model" / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
        return load_model(str(tmp_path), ModelFacts("wine", "1.0", "model", entrypoint))

    yield load
    for name in set(sys.modules) - known:
        del sys.modules[name]


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("def init():\n    raise RuntimeError('no weights')\n", "init() failed: RuntimeError: no weights"),
        ("def init():\n    return 'tensor'\n", 'init() returned \'tensor\', expected "matrix" or "objects"'),
        ("def init():\n    pass\n", "init() returned None"),
        ("def init():\n    raise SystemExit(3)\n", "SystemExit: 3"),
        ("x = 1\n", "has no function init()"),
        ("def init():\n    return 'objects'\n", "has no function predict_on_objects()"),
        (MATRIX + "predict_on_matrix = 1\n", "has no function predict_on_matrix()"),
        ("import not_installed_here\n", "must stand in its conda.yaml"),
        (
            "def init(:\n",
            "entry_point_of_a_test failed: SyntaxError: invalid syntax (entry_point_of_a_test.py, line 1)",
        ),
        (IDENTITY + "def get_output_json_serializer():\n    return str\n", "no subclass of json.JSONEncoder"),
        (IDENTITY + "def get_output_json_serializer():\n    return 1 / 0\n", "ZeroDivisionError"),
    ],
)
def test_a_model_that_breaks_the_contract_is_told_in_words(load, source, words):
    with pytest.raises(EntrypointError) as caught:
        load(source)
    assert words in caught.value.message
    assert caught.value.code == "model_not_loaded"


def test_the_details_of_a_failure_are_the_models_own_traceback(load):
    with pytest.raises(EntrypointError) as caught:
        load("def init():\n    raise RuntimeError('no weights')\n")
    assert caught.value.details.splitlines()[0] == "Traceback (most recent call last):"
    assert 'entry_point_of_a_test.py", line 2, in init' in caught.value.details.splitlines()[1]


@pytest.mark.parametrize("entrypoint", ["missing", "json", "missing.deeper", ""])
def test_an_entrypoint_that_is_not_in_the_folder_is_refused(load, entrypoint):
    with pytest.raises(EntrypointError, match="there is no module"):
        load({"other.py": IDENTITY}, entrypoint)


def test_an_entrypoint_named_like_a_loaded_module_is_to_be_renamed(load):
    with pytest.raises(EntrypointError, match="json is taken: rename it"):
        load({"json.py": IDENTITY}, "json")


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(EntrypointError, match="does not exist"):
        load_model(str(tmp_path), ModelFacts("wine", "1.0", "nowhere", "entrypoint"))


def test_an_entrypoint_may_be_in_a_package(load):
    model = load({"pkg_of_a_test/__init__.py": "", "pkg_of_a_test/entry.py": IDENTITY}, "pkg_of_a_test.entry")
    assert model.mode == "matrix"


def test_the_folder_is_first_on_the_path_and_in_the_environment(load, tmp_path):
    load(IDENTITY)
    assert sys.path[0] == os.environ["MODEL_LOCATION"] == str(tmp_path / "model")


def test_a_linked_artifact_is_named_as_what_it_is_a_link_to(load, tmp_path):
    load(IDENTITY)
    (tmp_path / "link").symlink_to(tmp_path)
    with pytest.raises(EntrypointError) as failed:
        load_model(str(tmp_path / "link"), ModelFacts("wine", "1.0", "model", "nothing_of_a_test"))
    assert str(failed.value) == f"there is no module nothing_of_a_test in {tmp_path}/model"


def test_a_mode_may_be_a_text_of_an_enumeration(load):
    source = "import enum\nclass Mode(str, enum.Enum):\n    MATRIX = 'matrix'\n"
    model = load(source + IDENTITY.replace("'matrix'", "Mode.MATRIX"))
    assert model.mode == "matrix"


def predict_with(load, result):
    model = load(MATRIX + "def predict_on_matrix(matrix):\n    return RESULT\n")
    model._module.RESULT = result
    return model.predict(MatrixRequest([[1]], None))


@pytest.mark.parametrize(
    ("matrix", "rows"),
    [
        (np.array([[1.5], [2]]), [[1.5], [2.0]]),
        (np.array([1, 2]), [[1], [2]]),
        ([1, "b", None], [[1], ["b"], [None]]),
        ([np.array([1, 2]), (3, 4)], [[1, 2], (3, 4)]),
        (((1, 2), [3, 4]), [(1, 2), [3, 4]]),
        (np.empty((0, 2)), []),
        (np.array([{"a": 1}, None], dtype=object), [[{"a": 1}], [None]]),
    ],
)
def test_a_matrix_of_any_kind_becomes_rows(load, matrix, rows):
    assert predict_with(load, (matrix, ["x"]))["prediction"] == rows


@pytest.mark.parametrize(
    ("names", "listed"),
    [
        (("a", "b"), ["a", "b"]),
        (np.array(["a", "b"]), ["a", "b"]),
        (np.array([1, 2]), ["1", "2"]),
        ("ab", ["ab"]),
        (None, []),
        ({"a": 1}.keys(), ["a"]),
    ],
)
def test_column_names_of_any_kind_become_texts(load, names, listed):
    assert predict_with(load, ([[1]], names))["columns"] == listed


@pytest.mark.parametrize("result", [None, 5, [[1]], ([[1]], ["a"], 3), (5, ["a"]), ([[1]], 5)])
def test_a_result_that_is_no_matrix_with_names_is_the_models_fault(load, result):
    with pytest.raises(PredictionError):
        predict_with(load, result)


def test_a_frame_keeps_the_types_of_its_columns(load):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"n": [1, 2], "x": [0.5, None], "s": ["a", None]})
    frame["t"] = pandas.to_datetime(["2024-01-31", None])
    model = load(IDENTITY.replace("return matrix, ['x']", "return RESULT, RESULT.columns"))
    model._module.RESULT = frame
    assert predict_json(model, model.signature(), b'{"data": [[1]]}') == (
        b'{"prediction": [[1, 0.5, "a", "2024-01-31T00:00:00"], [2, null, null, null]],'
        b' "columns": ["n", "x", "s", "t"]}'
    )


def test_a_series_is_a_column(load):
    pandas = pytest.importorskip("pandas")
    assert predict_with(load, (pandas.Series([1, 2]), ["x"]))["prediction"] == [[1], [2]]


def test_objects_may_come_as_a_frame(load):
    pandas = pytest.importorskip("pandas")
    model = load("def init():\n    return 'objects'\ndef predict_on_objects(objects):\n    return RESULT\n")
    model._module.RESULT = pandas.DataFrame({"a": [1, 2], "b": ["x", "y"]})
    result = model.predict(ObjectsRequest([{}]))
    assert result == {"prediction": [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]}


def test_objects_that_are_no_list_are_the_models_fault(load):
    model = load("def init():\n    return 'objects'\ndef predict_on_objects(objects):\n    return {}\n")
    with pytest.raises(PredictionError, match="returned dict, expected a list"):
        model.predict(ObjectsRequest([{}]))


def test_an_exception_of_a_prediction_keeps_its_words_and_traceback(load):
    model = load(MATRIX + "def predict_on_matrix(matrix):\n    return 1 / 0\n")
    with pytest.raises(PredictionError, match="ZeroDivisionError: division by zero") as caught:
        model.predict(MatrixRequest([[1]], None))
    assert "in predict_on_matrix" in caught.value.details
    assert "gppi_runtime" not in caught.value.details


def test_names_are_passed_on_by_the_keyword_of_gppi(load):
    model = load(
        MATRIX
        + "def predict_on_matrix(input_matrix, provided_columns_names='none'):\n"
        + "    return [[provided_columns_names]], ['x']\n"
    )
    assert model.predict(MatrixRequest([[1]], None))["prediction"] == [["none"]]
    assert model.predict(MatrixRequest([[1]], ["a"]))["prediction"] == [[["a"]]]


@pytest.mark.parametrize(
    "source",
    [
        "def info():\n    return 5\n",
        "def info():\n    return [{}], []\n",
        "def get_info():\n    return 1 / 0\n",
    ],
)
def test_a_description_that_is_none_is_told_in_words(load, source):
    model = load(IDENTITY + source)
    with pytest.raises(EntrypointError, match="info\\(\\) does not describe the model"):
        model.signature()
