"""GPPI models packaged with docker-triton: a real tritonserver answers what docker-rest answers."""

import json
import random
import sys
import threading
import time
import urllib.error
import urllib.request

import numpy as np
import pytest
from tritonclient.utils import InferenceServerException

from tests.plugins.triton.gppi_artifacts import MODELS, gppi_artifact
from tests.plugins.triton.serving import HARDENED, PROTOCOLS, address, run, wait_until_ready
from tests.runtime.layout import Runtime, install_from_this_environment, lay_out, pack_model
from tests.runtime.serving import serve

pytestmark = [pytest.mark.engine, pytest.mark.registry, pytest.mark.triton]

WINE = {"name": "input-0", "datatype": "FP64"}
FAILS = """
def init():
    raise RuntimeError("the weights are gone")

def predict_on_matrix(input_matrix, provided_columns_names=None):
    return input_matrix, None
"""
FAILS_LATER = """
import os

def init():
    os.stat("/the/weights/are/gone")
    return "matrix"

def predict_on_matrix(input_matrix, provided_columns_names=None):
    return input_matrix, None
"""


@pytest.fixture(scope="module")
def rest(tmp_path_factory):
    """The runtime of docker-rest images, run by this Python, which has the models' libraries."""
    home = tmp_path_factory.mktemp("rest")
    lay_out(home)
    install_from_this_environment(home / "front")
    return Runtime(sys.executable, home)


@pytest.fixture
def start(package, client, tmp_path):
    """Package a model, run its image, and wait until it is ready."""
    running = []

    def start(model, *, dependencies=("numpy",), options=None, **arguments):
        artifact = gppi_artifact(tmp_path / "artifact", model, dependencies=dependencies)
        started = run(client, package(artifact, **arguments), **(options or {}))
        container = started.__enter__()
        running.append(started)
        wait_until_ready(container)
        return container

    yield start
    for started in running:
        started.__exit__(*sys.exc_info())


def _post(base, document):
    request = urllib.request.Request(
        f"{base}/v2/models/wine/infer", json.dumps(document).encode(), {"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def _tensors(base, document):
    """Ask, and return the tensors of the answer by their names; NaN as null, as docker-rest has it."""
    status, answer = _post(base, document)
    assert status == 200, answer
    plain = json.loads(json.dumps(answer["outputs"]).replace("NaN", "null"))
    return {each.pop("name"): each for each in plain}


def _metadata(base):
    with urllib.request.urlopen(f"{base}/v2/models/wine", timeout=30) as answer:
        told = json.load(answer)
    return {kind: told[kind] for kind in ("inputs", "outputs")}


def _rows(rows):
    cells = [cell for row in rows for cell in row]
    return {"inputs": [{**WINE, "shape": [len(rows), 3], "data": cells}]}


def _column(name, datatype, cells):
    return {"name": name, "datatype": datatype, "shape": [len(cells), 1], "data": cells}


PEOPLE = [
    _column("name", "BYTES", ["Ada", "Zoë 🍷", "x"]),
    _column("age", "INT64", [36, -1, 2**53]),
    _column("member", "BOOL", [True, False, True]),
    _column("weight", "FP64", [61.5, 0.1, float("nan")]),
    _column("tags", "BYTES", ["[1, 2]", "[]", '["ü"]']),
]
COLUMNS_REQUESTS = [
    {"inputs": PEOPLE},
    {"inputs": PEOPLE[:2]},
    {"inputs": [PEOPLE[1], PEOPLE[0], PEOPLE[3]], "outputs": [{"name": "half"}, {"name": "greeting"}]},
]
OBJECTS_REQUESTS = [
    {"inputs": [_column("objects", "BYTES", ['{"name": "Ada"}', '{"name": "Zoë"}'])]},
    {"inputs": [_column("objects", "BYTES", ['{"name": "x", "more": [1]}'])]},
]
WINE_REQUESTS = [_rows([[1, 2, 3]]), _rows([[0.5, 1, 2], [3, 4, 5.5], [1e300, 0, 0]])]


@pytest.mark.parametrize(
    ("model", "dependencies", "requests"),
    [
        ("wine", ["attrs", "numpy"], WINE_REQUESTS),
        ("columns", [], COLUMNS_REQUESTS),
        ("objects", [], OBJECTS_REQUESTS),
    ],
)
def test_a_model_has_the_tensors_and_the_answers_of_docker_rest(
    start, rest, tmp_path, monkeypatch, model, dependencies, requests
):
    monkeypatch.setenv("ODAHU_MODEL_NAME", "wine")  # for docker-rest, which has it from its image
    started = start(model, dependencies=dependencies, options=HARDENED)
    triton = f"http://{address(started, 8000)}"
    source = {path.name: path.read_text() for path in (MODELS / model).iterdir() if path.is_file()}
    with serve(rest, pack_model(tmp_path / "rest", source), tmp_path / "log") as front:
        other = f"http://127.0.0.1:{front.port}"
        assert _metadata(triton) == _metadata(other)
        for request in requests:
            assert _tensors(triton, request) == _tensors(other, request)


def _infer(protocol, server, values):
    given = protocol.InferInput("input-0", list(values.shape), "FP64")
    given.set_data_from_numpy(values)
    answer = server.infer("wine", [given])
    return answer.as_numpy("quality"), answer.as_numpy("rows")


def _quality(values):
    return (values @ np.array([0.25, 0.125, 0.0625])).reshape(-1, 1)


def _ask_many(started, worker, count, seen):
    protocol, port = PROTOCOLS["gRPC" if worker % 2 else "HTTP"]
    choice = random.Random(worker)
    with protocol.InferenceServerClient(address(started, port)) as server:
        for number in range(count):
            values = np.array([[choice.randrange(64) for _ in range(3)] for _ in range(choice.randint(1, 8))])
            if number % 10 == 3:
                values[0][0] = -1
                with pytest.raises(InferenceServerException, match="no wine has less than no acid"):
                    _infer(protocol, server, values.astype(np.float64))
                seen.append(0)
                continue
            quality, rows = _infer(protocol, server, values.astype(np.float64))
            assert quality.tolist() == _quality(values).tolist()
            seen.append(int(rows.max()))


def test_concurrent_clients_get_their_own_answers_from_common_calls(start):
    """Sixteen threads over both protocols; each tenth request is one that the model cannot answer."""
    started = start("wine", dependencies=["attrs", "numpy"])
    seen: list[int] = []
    failures = []

    def ask(worker):
        try:
            _ask_many(started, worker, 100, seen)
        except BaseException as error:  # noqa: BLE001  # told below
            failures.append(error)

    threads = [threading.Thread(target=ask, args=(worker,)) for worker in range(16)]
    begun = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(f"{len(seen) / (time.monotonic() - begun):.0f} requests/s, at most {max(seen)} rows in a call")  # noqa: T201
    assert failures == []
    assert len(seen) == 1600
    assert seen.count(0) == 160
    assert max(seen) > 8  # more than any request has


def test_what_is_wrong_is_told_to_whom_it_concerns(start):
    started = start("columns", maxBatchSize=4)
    base = f"http://{address(started, 8000)}"
    status, answer = _post(base, {"inputs": [_column("name", "BYTES", ["x"])]})
    assert status == 400
    assert 'column "age" is missing' in answer["error"] or "expected" in answer["error"]
    tags = [*PEOPLE[:2], _column("tags", "BYTES", ["[1", "[]", "[]"])]
    status, answer = _post(base, {"inputs": tags})
    assert (status, answer["error"][:14]) == (400, "row 1 column 3")
    nobody = [_column("name", "BYTES", [""]), _column("age", "INT64", [1])]
    status, answer = _post(base, {"inputs": nobody})
    assert (status, answer["error"]) == (500, "ValueError: nobody has no name")
    assert "in _answer" in started.logs().decode()
    many = [_column("name", "BYTES", ["x"] * 5), _column("age", "INT64", [1] * 5)]
    status, answer = _post(base, {"inputs": many})
    assert status == 400
    assert "batch-size must be <= 4" in answer["error"]


def test_without_batches_a_request_has_any_number_of_rows(start):
    started = start("columns", maxBatchSize=0)
    base = f"http://{address(started, 8000)}"
    many = [_column("name", "BYTES", ["x"] * 3000), _column("age", "INT64", [1] * 3000)]
    assert _tensors(base, {"inputs": many})["older"]["data"] == [2] * 3000


@pytest.mark.parametrize(
    ("model", "line"),
    [
        (FAILS, 'raise RuntimeError("the weights are gone")'),
        (FAILS_LATER, 'os.stat("/the/weights/are/gone")'),
    ],
    ids=["asked for its tensors", "of known tensors"],
)
def test_a_model_that_cannot_be_loaded_ends_the_server_with_its_traceback(
    package, client, tmp_path, model, line
):
    image = package(gppi_artifact(tmp_path / "artifact", model))
    with run(client, image) as started:
        assert started.wait(timeout=60)["StatusCode"] != 0
        log = started.logs().decode()
    assert line in log
    assert "failed to load 'wine'" in log


def test_a_written_configuration_is_completed_and_served(package, client, tmp_path):
    artifact = gppi_artifact(tmp_path / "artifact", "columns")
    written = (
        "instance_group { count: 2 kind: KIND_CPU }\n"
        "dynamic_batching { max_queue_delay_microseconds: 500 }\n"
        'input { name: "name" data_type: TYPE_STRING dims: 1 }\n'
        'input { name: "age" data_type: TYPE_INT16 dims: 1 }\n'
    )
    (artifact / "config.pbtxt").write_text(written)
    with run(client, package(artifact)) as started:
        wait_until_ready(started)
        base = f"http://{address(started, 8000)}"
        with urllib.request.urlopen(f"{base}/v2/models/wine/config", timeout=30) as answer:
            config = json.load(answer)
        answers = _tensors(
            base, {"inputs": [PEOPLE[0], {**PEOPLE[1], "datatype": "INT16", "data": [1, 2, 3]}]}
        )
    assert config["instance_group"][0]["count"] == 2
    assert config["dynamic_batching"]["max_queue_delay_microseconds"] == 500
    assert [each["name"] for each in config["output"]] == ["greeting", "older", "member", "half", "count"]
    assert answers["older"] == {"datatype": "INT64", "shape": [3, 1], "data": [2, 3, 4]}
