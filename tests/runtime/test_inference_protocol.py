"""The Open Inference Protocol of the server, spoken by clients that people use."""

import gzip
import json
import string
import subprocess
import sys
import zlib
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tritonclient.http import InferenceServerClient, InferInput, InferRequestedOutput
from tritonclient.utils import InferenceServerException, np_to_triton_dtype

from tests.runtime.serving import serve

ROWS = np.array([[1, 2, 3], [4, 5, 6]])
ANSWERS = [[0.09405578672885895], [0.01238546592343845]]
LARGEST = 20_000


def tensor(name, array, *, binary=True):
    made = InferInput(name, list(array.shape), np_to_triton_dtype(array.dtype))
    return made.set_data_from_numpy(array, binary_data=binary)


@pytest.fixture(scope="module")
def wine(runtime, model, tmp_path_factory):
    packed = model("wine", name="wine", version="1.0")
    with serve(runtime, packed, tmp_path_factory.mktemp("log"), "--max-body-bytes", str(LARGEST)) as front:
        yield front


@pytest.fixture
def client(wine):
    with InferenceServerClient(f"127.0.0.1:{wine.port}", network_timeout=15) as client:
        yield client


def document(data=(1, 2, 3), **members):
    inputs = [{"name": "x", "shape": [1, 3], "datatype": "FP64", "data": list(data)}]
    return json.dumps({"inputs": inputs, **members})


def infer(front, body, **headers):
    return front.ask("POST", "/v2/models/wine/infer", body, headers)


def test_tritons_client_finds_server_and_model_ready(client):
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready("wine")
    assert client.is_model_ready("wine", "1.0")
    assert not client.is_model_ready("wine", "1")
    assert not client.is_model_ready("beer")


def test_tritons_client_reads_the_metadata(client):
    server = client.get_server_metadata()
    assert server["extensions"] == ["binary_tensor_data"]
    assert server["version"] == version("odahu-pack-docker-rest")
    assert client.get_model_metadata("wine") == {
        "name": "wine",
        "versions": ["1.0"],
        "platform": "odahu_gppi",
        "inputs": [{"name": "features", "datatype": "FP64", "shape": [-1, 3]}],
        "outputs": [{"name": "predictions", "datatype": "FP64", "shape": [-1, 1]}],
    }


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16, np.int64, np.uint8])
@pytest.mark.parametrize("binary", [True, False])
def test_tritons_client_infers(client, dtype, binary):
    outputs = [InferRequestedOutput("predictions", binary_data=binary)]
    inputs = [tensor("features", ROWS.astype(dtype), binary=binary)]
    result = client.infer("wine", inputs, outputs=outputs, request_id="42", model_version="1.0")
    assert result.as_numpy("predictions").tolist() == ANSWERS
    response = result.get_response()
    assert (response["id"], response["model_name"], response["model_version"]) == ("42", "wine", "1.0")


def test_tritons_client_gets_all_outputs_as_it_asks_by_default(client):
    result = client.infer("wine", [tensor("features", ROWS.astype(float))])
    assert result.as_numpy("predictions").tolist() == ANSWERS
    assert result.get_output("predictions")["parameters"] == {"binary_data_size": 16}


@pytest.mark.parametrize("algorithm", ["gzip", "deflate"])
@pytest.mark.parametrize("binary", [True, False])
def test_tritons_client_may_compress(client, algorithm, binary):
    result = client.infer(
        "wine",
        [tensor("features", ROWS.astype(float), binary=binary)],
        request_compression_algorithm=algorithm,
        response_compression_algorithm=algorithm,
    )
    assert result.as_numpy("predictions").tolist() == ANSWERS


def test_tritons_client_learns_what_is_wrong(client):
    with pytest.raises(InferenceServerException) as failure:
        client.infer("wine", [tensor("x", np.ones((2, 2)))])
    assert failure.value.status() == "400"
    assert failure.value.message().startswith('tensor "x" has 2 columns, the model has 3: ')
    with pytest.raises(InferenceServerException) as failure:
        client.infer("wine", [tensor("x", np.ones((1, 3)))], outputs=[InferRequestedOutput("y")])
    assert failure.value.status() == "400"
    assert failure.value.message() == 'output "y" is unknown, the model has "predictions"'
    with pytest.raises(InferenceServerException) as failure:
        client.infer("beer", [tensor("x", np.ones((1, 3)))])
    assert failure.value.status() == "404"
    assert "GET / tells what is where" in failure.value.message()


def test_a_failing_model_is_a_failure_of_the_server(client):
    with pytest.raises(InferenceServerException) as failure:
        client.infer("wine", [tensor("x", np.zeros((1, 3)))])
    assert failure.value.status() == "500"
    assert "KeyError" in failure.value.message()


@pytest.mark.parametrize(
    ("body", "headers", "status", "words"),
    [
        (b"", {}, 400, "line 1 column 1"),
        (b"\xff", {}, 400, "UTF-8"),
        (b"[]", {}, 400, "an array"),
        (document(), {"Inference-Header-Content-Length": "x"}, 400, "Inference-Header-Content-Length"),
        (document(), {"Inference-Header-Content-Length": "0"}, 400, "Inference-Header-Content-Length"),
        (document(), {"Inference-Header-Content-Length": "9" * 30}, 400, "Inference-Header-Content-Length"),
        (document(), {"Inference-Header-Content-Length": "9999"}, 400, "the body has"),
        (document(), {"Content-Type": "image/png"}, 415, "image/png is not JSON"),
        (document(), {"Content-Encoding": "br"}, 415, "br"),
        (document(), {"Content-Encoding": "gzip"}, 400, "Content-Encoding"),
        (gzip.compress(document().encode(), mtime=0)[:-9], {"Content-Encoding": "gzip"}, 400, "ends"),
        (
            zlib.compress(document().encode()) + b"more",
            {"Content-Encoding": "deflate"},
            400,
            "Content-Encoding",
        ),
        (gzip.compress(b" " * (LARGEST + 1), mtime=0), {"Content-Encoding": "gzip"}, 413, "20000 bytes"),
        (b" " * (LARGEST + 1), {}, 413, "20000 bytes"),
    ],
)
def test_a_wrong_request_is_answered_in_the_words_of_the_protocol(wine, body, headers, status, words):
    reply = infer(wine, body, **headers)
    assert reply.status == status
    assert set(reply.json) == {"error"}
    assert words in reply.json["error"]


def test_a_wrong_method_or_path_is_answered_in_the_words_of_the_protocol(wine):
    reply = wine.ask("GET", "/v2/models/wine/infer")
    assert (reply.status, reply.headers["Allow"], set(reply.json)) == (405, "POST", {"error"})
    assert set(wine.ask("GET", "/v2/models/wine/stats").json) == {"error"}
    assert wine.ask("GET", "/v2x").json["code"] == "not_found"


def test_json_may_hold_nan(wine):
    reply = infer(wine, document(data=[float("nan"), 1, 2]))
    assert "KeyError" in reply.json["error"]  # the model was asked, and knows no NaN


def test_answers_tell_their_type(wine):
    assert infer(wine, document()).headers["Content-Type"] == "application/json"
    reply = infer(wine, document(parameters={"binary_data_output": True}))
    assert reply.headers["Content-Type"] == "application/octet-stream"
    head = json.loads(reply.body[: int(reply.headers["Inference-Header-Content-Length"])])
    assert head["outputs"][0]["parameters"] == {"binary_data_size": 8}
    assert "Inference-Header-Content-Length" not in infer(wine, document()).headers


def test_a_model_of_any_name_is_found(runtime, model, tmp_path):
    with serve(runtime, model("wine", name="wine é/\n", version="1.0 beta"), tmp_path) as front:
        reply = front.ask("POST", "/v2/models/wine%20%C3%A9%2F%0A/versions/1.0%20beta/infer", document())
        assert reply.json["model_name"] == "wine é/\n"


def test_objects_are_texts(runtime, model, tmp_path):
    texts = np.array(['{"text": "hi!"}', '{"text": "hi", "weight": 2}'], dtype=object)
    with (
        serve(runtime, model("objects", name="mood"), tmp_path) as front,
        InferenceServerClient(f"127.0.0.1:{front.port}", network_timeout=15) as client,
    ):
        result = client.infer("mood", [tensor("objects", texts)])
        answers = [json.loads(text) for text in result.as_numpy("prediction").ravel()]
        assert answers == [{"mood": "glad", "weight": None}, {"mood": "calm", "weight": 2}]


def test_requests_of_both_protocols_share_calls_of_the_model(runtime, model, tmp_path):
    counting = {
        "entrypoint.py": """
import time
def init():
    return "matrix"
def predict_on_matrix(input_matrix, provided_columns_names=None):
    time.sleep(0.1)
    return [row + [len(input_matrix)] for row in input_matrix], None
"""
    }
    packed = model(counting)
    with serve(runtime, packed, tmp_path, "--threads", "1", "--max-batch-size", "8") as front:

        def by_document(number):
            return front.invoke({"data": [[number] * 3]}).json["prediction"][0]

        def by_tensors(number):
            return infer(front, document(data=[number] * 3)).json["outputs"][0]["data"]

        with ThreadPoolExecutor(8) as threads:
            asked = [(each % 2, float(each)) for each in range(16)]
            running = [threads.submit((by_document, by_tensors)[way], number) for way, number in asked]
            answers = [each.result() for each in running]
    assert [answer[:3] for answer in answers] == [[number] * 3 for _, number in asked]
    assert max(answer[3] for answer in answers[::2]) > 1
    assert max(answer[3] for answer in answers[1::2]) > 1
    assert sum(1 / answer[3] for answer in answers) < 15  # calls of the model


@pytest.mark.property
@given(
    st.binary(max_size=200) | st.binary(max_size=100).map(gzip.compress),
    st.none() | st.sampled_from(["gzip", "deflate", "identity", "x"]),
    st.none() | st.integers(0, 220).map(str) | st.text(string.printable.strip(), max_size=5),
)
def test_any_bytes_are_the_clients_fault(wine, body, encoding, size):
    sent = {"Content-Encoding": encoding, "Inference-Header-Content-Length": size}
    reply = infer(wine, body, **{name: value for name, value in sent.items() if value is not None})
    assert reply.status in (400, 415)
    assert set(reply.json) == {"error"}


def test_a_model_without_a_worker_is_not_ready(runtime, model, tmp_path):
    slow = {"entrypoint.py": "import time\ndef init():\n    time.sleep(60)\n"}
    with serve(runtime, model(slow), tmp_path, ready=False) as front:
        front.wait(lambda: front.ask("GET", "/v2/health/live").json == {"live": True})
        for path in ("/v2/health/ready", "/v2/models/wine", "/v2/models/wine/ready"):
            reply = front.ask("GET", path)
            assert (reply.status, set(reply.json)) == (503, {"error"})
        reply = infer(front, document())
        assert (reply.status, reply.headers["Retry-After"], set(reply.json)) == (503, "1", {"error"})


def test_what_takes_too_long_is_given_up(runtime, model, tmp_path):
    slow = {
        "entrypoint.py": """
import time
def init():
    return "matrix"
def predict_on_matrix(input_matrix, provided_columns_names=None):
    time.sleep(60)
"""
    }
    with serve(runtime, model(slow), tmp_path, "--timeout", "0.3") as front:
        reply = infer(front, document())
        assert (reply.status, set(reply.json)) == (504, {"error"})
        connection = front.connect()
        connection.putrequest("POST", "/v2/models/wine/infer")
        connection.putheader("Content-Length", "2")
        connection.endheaders(b"{")
        reply = connection.getresponse()
        assert (reply.status, set(json.load(reply))) == (408, {"error"})
        connection.close()


@pytest.fixture(scope="session")
def kserve(tmp_path_factory):
    """A Python with KServe's client."""
    folder = tmp_path_factory.mktemp("kserve")
    subprocess.run([sys.executable, "-m", "uv", "venv", "-q", str(folder)], check=True)
    subprocess.run(
        [
            sys.executable,
            "-m",
            "uv",
            "pip",
            "install",
            "-q",
            "--python",
            str(folder / "bin/python"),
            "kserve",
        ],
        check=True,
    )
    return folder / "bin/python"


@pytest.mark.slow
def test_kserves_client_infers(wine, kserve):
    script = Path(__file__).parent / "kserve_client.py"
    answer = subprocess.run(
        [kserve, "-I", script, f"http://127.0.0.1:{wine.port}"],
        check=True,
        stdout=subprocess.PIPE,
        timeout=60,
    )
    assert json.loads(answer.stdout) == {
        "live": True,
        "ready": True,
        "model_ready": True,
        "binary": ANSWERS,
        "json": ANSWERS,
        "error": 400,
    }
