"""The code in images that calls GPPI models for Triton, in the Pythons of its releases, without Triton."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.plugins.triton.gppi_artifacts import gppi_artifact, gppi_plan, planned_config, write_plan
from tests.pythons import pyenv_pythons
from tests.runtime.layout import make_venv

DRIVER = Path(__file__).with_name("gppi_driver.py")
UNTOLD = """
import json

def init():
    return "matrix"

def predict_on_matrix(input_matrix, provided_columns_names=None):
    return [[sum(row)] for row in input_matrix], ["sum"]

def info():
    return json.loads('[{"name": "x", "type": "number"}, {"name": "y", "type": "integer"}]'), []
"""
COUNTING = """
CALLS = []

def init():
    return "matrix"

def predict_on_matrix(input_matrix, provided_columns_names=None):
    CALLS.append(len(input_matrix))
    if any(row[0] == 13 for row in input_matrix):
        raise ValueError("13 is unlucky")
    return [[row[0] * 2, len(CALLS)] for row in input_matrix], ["twice", "calls"]
"""


@pytest.fixture(
    scope="session",
    params=[
        "current",
        *(pytest.param(each, marks=pytest.mark.slow) for each in ("3.6", "3.8", "3.10", "3.12")),
    ],
)
def python(request, tmp_path_factory):
    """An interpreter of a release, with numpy."""
    if request.param == "current":
        return sys.executable
    found = pyenv_pythons(f"{request.param}.*")
    if not found:
        pytest.skip(f"there is no CPython {request.param}")
    folder = tmp_path_factory.mktemp(f"python-{request.param}")
    return make_venv(folder / "model", found[-1], request.param, "numpy<2")


class Session:
    """A model in a process of its own."""

    def __init__(self, python, model_py):
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        self._process = subprocess.Popen([python, "-I", "-B", DRIVER, model_py], **pipes)

    def do(self, command, argument):
        self._process.stdin.write(json.dumps([command, argument]) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, self._process.stderr.read()
        return json.loads(answer)

    def end(self):
        """End the process and return what it has logged."""
        return self._process.communicate(timeout=30)[1]


@pytest.fixture
def session(python, tmp_path):
    """Package a model, and load it as Triton would: ``session("wine", maxBatchSize=4)``."""
    sessions = []

    def load(model, *, tag="24.10-py3", written="", **arguments):
        root = gppi_artifact(tmp_path / "artifact", model)
        if written:
            (root / "config.pbtxt").write_text(written)
        plan = gppi_plan(root, triton_base_image_tag=tag, **arguments)
        write_plan(plan, root, tmp_path / "image")
        sessions.append(Session(python, tmp_path / "image" / "models" / "wine" / "1" / "model.py"))
        config = _as_json(planned_config(plan))
        sessions[-1].completed = sessions[-1].do("complete", config)
        sessions[-1].do("initialize", sessions[-1].completed)
        return sessions[-1]

    yield load
    for session in sessions:
        session.end()


def _as_json(message):
    kinds = type(message.input.add()).DESCRIPTOR.fields_by_name["data_type"].enum_type.values_by_number
    del message.input[-1]

    def tensors(fields):
        return [
            {"name": each.name, "data_type": kinds[each.data_type].name, "dims": list(each.dims)}
            for each in fields
        ]

    return {
        "max_batch_size": message.max_batch_size,
        "input": tensors(message.input),
        "output": tensors(message.output),
    }


def _request(*inputs, outputs=()):
    return {"inputs": inputs, "outputs": outputs}


def _numbers(rows, name="input-0", dtype="float64"):
    return [name, dtype, rows]


def test_columns_of_all_types_come_and_go(session):
    model = session("columns")
    names = ["greeting", "older", "member", "half", "count"]
    people = [
        ["name", "text", [["Ada"], ["Zoë"]]],
        ["age", "int64", [[36], [-1]]],
        ["member", "bool", [[True], [False]]],
        ["weight", "float64", [[61.5], [3]]],
        ["tags", "text", [["[1, 2]"], ["[]"]]],
    ]
    (answer,) = model.do("execute", [_request(*people, outputs=names)])
    assert answer == {
        "greeting": ["object", [["hello Ada"], ["hello Zoë"]]],
        "older": ["int64", [[37], [0]]],
        "member": ["bool", [[True], [False]]],
        "half": ["float64", [[30.75], [1.5]]],
        "count": ["object", [['{"tags": 2}'], ['{"tags": 0}']]],
    }
    (part,) = model.do("execute", [_request(*people[:2], outputs=["half", "older"])])
    assert part == {"older": ["int64", [[37], [0]]], "half": ["float64", [[None], [None]]]}


def test_requests_share_calls_and_a_bad_one_spoils_no_other(session):
    model = session(COUNTING, written=_TWO_OUTPUTS, maxBatchSize=4)
    names = ["twice", "calls"]
    ask = [_request(_numbers(rows), outputs=names) for rows in ([[1]], [[2], [3]], [[4], [5]])]
    answers = model.do("execute", ask)
    assert [answer["twice"][1] for answer in answers] == [[[2]], [[4], [6]], [[8], [10]]]
    assert [answer["calls"][1][0][0] for answer in answers] == [1, 1, 2]  # at most 4 rows in a call
    good, bad, other, wide = model.do(
        "execute",
        [
            _request(_numbers([[1]]), outputs=names),
            _request(_numbers([[13]]), outputs=names),
            _request(_numbers([[2]]), outputs=names),
            _request(_numbers([[[1]]]), outputs=names),
        ],
    )
    assert (good["twice"][1], other["twice"][1]) == ([[2]], [[4]])
    assert bad == {"error": "ValueError: 13 is unlucky"}
    assert "has the shape [1, 1, 1]" in wide["error"]
    assert "13 is unlucky" in model.end()


_TWO_OUTPUTS = """
output { name: "twice" data_type: TYPE_FP32 dims: 1 }
output { name: "calls" data_type: TYPE_INT64 dims: 1 }
"""


def test_outputs_have_the_type_that_is_written_where_it_holds_them(session):
    model = session(COUNTING, written=_TWO_OUTPUTS.replace("TYPE_INT64", "TYPE_INT8"))
    (answer,) = model.do("execute", [_request(_numbers([[0.5]]), outputs=["twice", "calls"])])
    assert answer == {"twice": ["float32", [[1.0]]], "calls": ["int8", [[1]]]}
    large, halves = model.do(
        "execute",
        [
            _request(_numbers([[100]], dtype="int32"), outputs=["twice"]),
            _request(_numbers([[0.5, 1]]), outputs=["calls"]),
        ],
    )
    assert large == {"twice": ["float32", [[200.0]]]}
    assert halves == {"calls": ["int8", [[3]]]}


def test_a_number_that_the_written_type_does_not_hold_keeps_its_own(session):
    model = session(COUNTING, written=_TWO_OUTPUTS.replace("TYPE_FP32", "TYPE_INT8"))
    asked = [_request(_numbers([[each]]), outputs=["twice"]) for each in (4, 0.25, 100, float("nan"))]
    types = [answer["twice"] for answer in model.do("execute", asked)]
    assert types == [
        ["int8", [[8]]],
        ["float64", [[0.5]]],
        ["float64", [[200.0]]],
        ["float64", [[None]]],
    ]


def test_a_result_that_the_written_outputs_do_not_have_is_told(session):
    model = session(COUNTING, written='output { name: "thrice" data_type: TYPE_FP32 dims: 1 }')
    (answer,) = model.do("execute", [_request(_numbers([[1]]), outputs=["thrice"])])
    assert "thrice" in answer["error"]


def test_a_request_without_tensors_is_refused(session):
    assert "no tensor" in session("columns").do("execute", [_request()])[0]["error"]


def test_objects_are_texts_of_json(session):
    model = session("objects")
    asked = _request(["objects", "text", [['{"name": "Ada"}'], ['{"name": "Zoë"}']]], outputs=["prediction"])
    bad = _request(["objects", "text", [["[1]"]]], outputs=["prediction"])
    answer, refused = model.do("execute", [asked, bad])
    texts = [json.loads(text) for [text] in answer["prediction"][1]]
    assert texts == [{"greeting": "hello Ada", "of": 2}, {"greeting": "hello Zoë", "of": 2}]
    assert refused == {"error": "object 1 is an array, expected an object"}


@pytest.mark.parametrize("size", [0, 8])
def test_what_the_source_does_not_tell_is_asked_when_the_model_is_loaded(session, size):
    model = session(UNTOLD, maxBatchSize=size)
    dims = [[2], [-1]] if size else [[-1, 2], [-1, -1]]
    assert model.completed["input"] == [{"name": "input-0", "data_type": "TYPE_FP64", "dims": dims[0]}]
    assert model.completed["output"] == [{"name": "output-0", "data_type": "TYPE_FP64", "dims": dims[1]}]
    (answer,) = model.do("execute", [_request(_numbers([[1, 2], [3, 4]]), outputs=["output-0"])])
    assert answer == {"output-0": ["float64", [[3.0], [7.0]]]}


@pytest.mark.parametrize("model", ["columns", "objects"])
@pytest.mark.parametrize("size", [0, 8])
def test_what_is_read_from_the_source_is_what_the_model_says(session, model, size):
    loaded = session(model, maxBatchSize=size)
    read = {kind: loaded.completed[kind] for kind in ("input", "output")}
    assert read["input"]
    asked = loaded.do("complete", {"max_batch_size": size, "input": [], "output": []})
    assert {kind: asked[kind] for kind in read} == read
