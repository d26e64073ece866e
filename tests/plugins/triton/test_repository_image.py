"""Images with several models, versions and an ensemble, in which a real tritonserver answers."""

import shutil
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from tests.plugins.triton.conftest import PYTHON_MODEL
from tests.plugins.triton.serving import HARDENED, PROTOCOLS, asking, run, wait_until_ready

pytestmark = [pytest.mark.engine, pytest.mark.registry, pytest.mark.triton]

EXAMPLE = Path(__file__).parents[3] / "examples" / "triton-ensemble"
MEASURED = np.array([[1, 2, 4], [1.5, 4, 8], [2, 2, 0]], dtype=np.float32)
SCALED = [[0, 0, 0], [1, 1, 1], [2, 0, -1]]
SCORES = {1: [[0, 0, 0], [0, 1, 0], [3, 0, -3]], 2: [[0, 0.5, 0.25], [0, 1.5, 0.25], [3, 0.5, -2.75]]}
CLIENTS, REQUESTS = 16, 200
SLOW = {
    "config.pbtxt": """
        name: "slow"
        backend: "python"
        input { name: "X" data_type: TYPE_FP32 dims: [ 1 ] }
        output { name: "Y" data_type: TYPE_FP32 dims: [ 1 ] }
        version_policy { specific { versions: [ 1, 3 ] } }
        instance_group { count: 4 kind: KIND_CPU }
    """,
    **{
        f"{version}/model.py": f"""
import time
import numpy as np
import triton_python_backend_utils as pb_utils


class TritonPythonModel:
    def execute(self, requests):
        time.sleep(1)
        values = [pb_utils.get_input_tensor_by_name(request, "X").as_numpy() for request in requests]
        tensors = [pb_utils.Tensor("Y", value * np.float32({version})) for value in values]
        return [pb_utils.InferenceResponse([tensor]) for tensor in tensors]
"""
        for version in (1, 2, 3)
    },
}


@pytest.fixture
def ensemble(package, client):
    """The example's image, running hardened and ready."""
    with run(client, package(EXAMPLE / "repository"), **HARDENED) as started:
        wait_until_ready(started)
        yield started


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_two_models_and_an_ensemble_answer_with_the_right_numbers(ensemble, protocol):
    with asking(ensemble, protocol, "wine") as ask:
        assert ask("MEASURED", MEASURED, "SCORES").tolist() == SCORES[2]
    with asking(ensemble, protocol, "scale") as ask:
        scaled = ask("MEASURED", MEASURED, "SCALED")
    assert scaled.tolist() == SCALED
    with asking(ensemble, protocol, "grade") as ask:
        assert ask("SCALED", scaled, "SCORES").tolist() == SCORES[2]
        for version, scores in SCORES.items():
            assert ask("SCALED", scaled, "SCORES", model_version=str(version)).tolist() == scores
        best = ask("SCALED", scaled, "SCORES", class_count=1).tolist()
        assert best == [[b"0.500000:1:fine"], [b"1.500000:1:fine"], [b"3.000000:0:table"]]


def _ask_often(started, protocol, number):
    """Ask the ensemble with rows of this client's own; return how many answers were right."""
    right = 0
    with asking(started, protocol, "wine") as ask:
        for request in range(REQUESTS):
            rows = np.array([[1 + number, 2, 4 * request]] * (1 + request % 3), dtype=np.float32)
            first, third = 2 * number, request - 1
            expected = [[first - third, 0.5, third - first + 0.25]] * len(rows)
            right += ask("MEASURED", rows, "SCORES").tolist() == expected
    return right


def test_many_clients_at_once_get_their_own_answers(ensemble):
    jobs = [(ensemble, protocol, number) for number in range(CLIENTS) for protocol in PROTOCOLS]
    begun = time.monotonic()
    with ThreadPoolExecutor(len(jobs)) as pool:
        right = list(pool.map(lambda job: _ask_often(*job), jobs))
    seconds = time.monotonic() - begun
    print(f"{sum(right) / seconds:.0f} requests/s from {len(jobs)} clients")  # noqa: T201  # to be read
    assert right == [REQUESTS] * len(jobs)


def test_versions_are_served_as_the_policy_says_and_requests_under_way_are_answered_at_the_end(
    package, client, write_artifact
):
    image = package(write_artifact(SLOW))
    with run(client, image, **HARDENED) as started:
        wait_until_ready(started)
        asked = threading.Barrier(5)

        def answer(number):
            protocol, version = ("HTTP", "1") if number % 2 else ("gRPC", "3")
            with asking(started, protocol, "slow", model_version=version) as ask:
                asked.wait()
                (value,) = ask("X", np.array([number], dtype=np.float32), "Y").tolist()
                return value

        with ThreadPoolExecutor(4) as pool:
            answers = [pool.submit(answer, number) for number in range(4)]
            asked.wait()
            time.sleep(0.5)
            started.stop(timeout=20)
            assert [answer.result() for answer in answers] == [0, 1, 6, 3]
        started.reload()
        assert started.attrs["State"]["ExitCode"] == 0
        log = started.logs().decode()
    assert '"slow" version 2' not in log
    assert "slow" in log


REPORTING = """
import attr
import numpy as np
import triton_python_backend_utils as pb_utils
from importlib.metadata import version


class TritonPythonModel:
    def execute(self, requests):
        found = np.array([float(version("attrs").split(".")[0])], dtype=np.float32)
        return [pb_utils.InferenceResponse([pb_utils.Tensor("Y", found)]) for _ in requests]
"""


def test_each_model_runs_in_its_own_environment(package, client, write_artifact):
    files = {}
    for name, attrs in (("older", "22.2.0"), ("Newer", "23.2.0"), ("newer", "22.2.0")):
        files[f"{name}/config.pbtxt"] = PYTHON_MODEL["config.pbtxt"]
        files[f"{name}/1/model.py"] = REPORTING
        files[f"{name}/conda.yaml"] = f"dependencies: [{{pip: [attrs=={attrs}]}}]"
    image = package(write_artifact(files))
    with run(client, image, **HARDENED) as started:
        wait_until_ready(started)
        for name, major in (("older", 22), ("Newer", 23), ("newer", 22)):
            with asking(started, "gRPC", name) as ask:
                assert ask("X", np.zeros(1, dtype=np.float32), "Y").tolist() == [major]
        listed = started.exec_run(["ls", "/opt/models"]).output.decode().split()
    assert listed == ["newer", "newer-2"]


def test_a_changed_model_is_sent_alone(package, registry, tmp_path):
    root = shutil.copytree(EXAMPLE / "repository", tmp_path / "repository")
    package(root)
    before = len(registry.requests())
    model = root / "grade/2/model.py"
    model.write_text(model.read_text().replace("0.25", "0.125"))
    package(root)
    sent = [path for method, path, _ in registry.requests()[before:] if method == "PUT" and "/blobs/" in path]
    assert len(sent) == 2  # the model's layer, and the image's config


def test_the_files_of_the_repository_can_be_read_by_all_and_written_by_nobody(package, client):
    with run(client, package(EXAMPLE / "repository")) as started:
        found = started.exec_run(["find", "/models", "-printf", "%U:%G %m %y\n"]).output.decode().split("\n")
        assert set(found) == {"0:0 755 d", "0:0 644 f", ""}
        labels = client.images.get(started.image.id).labels
        assert labels["org.odahu.pack.triton.models"] == '{"grade":[1,2],"scale":[1],"wine":[1]}'
        assert labels["org.odahu.pack.model.name"] == "wine-grades"
        listed = started.exec_run(["ls", "/models/wine/1"])
        assert (listed.exit_code, listed.output) == (0, b"")
