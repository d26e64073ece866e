"""The wine example: train.py writes a GPPI model, and its requests are planned as the documentation says."""

import json
import os
import re
import subprocess
import sys
import tarfile
from importlib.util import find_spec
from pathlib import Path

import pytest

from odahu_pack_core import ModelPackaging, load_entities, plan_model
from odahu_pack_core.artifact.gppi import gppi_reader
from odahu_pack_core.artifact.reading import open_artifact

WINE = Path(__file__).parents[2] / "examples" / "wine"
ARCHIVE = "wine-model-123456789.zip"
UUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
PREDICT = """\
import json, sys
import entrypoint
assert entrypoint.init() == "matrix"
for document in json.load(sys.stdin):
    matrix, names = entrypoint.predict_on_matrix(document["data"], provided_columns_names=document["columns"])
    print(json.dumps({"prediction": matrix.tolist(), "names": names, "inputs": entrypoint.info()[0]}))
"""


def train(folder, *options):
    subprocess.run([sys.executable, WINE / "train.py", "--output", folder, *options], check=True)
    return folder


def predict(project, *documents, python=sys.executable, **environ):
    """Predict in a process of its own, as `project`'s entrypoint does it."""
    run = [python, "-B", "-c", PREDICT]
    told = subprocess.run(
        run,
        input=json.dumps(documents),
        cwd=project / "odahuflow_model",
        env={**os.environ, **environ},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return [json.loads(line) for line in told.stdout.splitlines()]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    if find_spec("sklearn") is None:
        pytest.skip("training needs scikit-learn")
    return train(tmp_path_factory.mktemp("trained"))


@pytest.fixture
def predicts():
    return json.loads((WINE / "predicts.json").read_text())


@pytest.fixture(scope="module")
def connections():
    return load_entities(WINE / "packaging" / "connection.yaml")


def request_in(name):
    (packaging,) = load_entities(WINE / "packaging" / name)
    assert isinstance(packaging, ModelPackaging)
    return packaging


def test_the_archive_is_a_gppi_model_pinned_to_what_trained_it(trained):
    with tarfile.open(trained / ARCHIVE, "r:gz"), open_artifact(trained / ARCHIVE, [gppi_reader()]) as model:
        assert (model.kind, model.name, model.version) == ("gppi", "wine", "0.1")
        conda = (model.root / "conda.yaml").read_text()
    assert "python={}.{}\n".format(*sys.version_info) in conda
    assert re.search(r"scikit-learn==\d+\.\d+", conda)


@pytest.mark.slow
def test_it_tells_cultivars_apart_in_any_order_of_columns(trained, predicts):
    reverse = {"columns": predicts["columns"][::-1], "data": [row[::-1] for row in predicts["data"]]}

    answer, reversed_answer = predict(trained / "wine", predicts, reverse)

    (first,), (last,) = answer["prediction"]
    assert first == pytest.approx(0, abs=0.4)
    assert last == pytest.approx(2, abs=0.8)
    assert reversed_answer == answer
    assert answer["names"] == ["predictions"]
    assert [field["name"] for field in answer["inputs"]] == predicts["columns"]


@pytest.mark.parametrize("name", ["docker-rest-minimal", "docker-cli-minimal"])
def test_the_minimal_requests_name_the_image_after_model_and_version(trained, connections, name):
    plan = plan_model(request_in(f"{name}.yaml"), artifact=trained / ARCHIVE, connections=connections)
    assert re.fullmatch(f"gcr.io/project/odahuflow/wine-0-1:{UUID}", str(plan.image))
    assert str(plan.base.reference) == "python:{}.{}-slim".format(*sys.version_info)


def test_the_custom_rest_request_changes_name_and_workers(trained, connections):
    packaging = request_in("docker-rest-custom.yaml")
    plan = plan_model(packaging, artifact=trained / ARCHIVE, connections=connections)
    assert re.fullmatch(f"gcr.io/project/odahuflow/wine-test:prefix-{UUID}", str(plan.image))
    assert '"--workers", "4"' in plan.dockerfile()
    assert "CMD" not in plan.dockerfile(), "docker run IMAGE --port 8080 would forget the number of workers"


@pytest.mark.slow
def test_the_triton_request_fits_a_model_of_the_python_that_the_readme_names(tmp_path, connections):
    archive = train(tmp_path, "--python", "3.12") / ARCHIVE
    plan = plan_model(request_in("docker-triton.yaml"), artifact=archive, connections=connections)
    assert re.fullmatch(f"gcr.io/project/odahuflow/wine-triton:prefix-{UUID}", str(plan.image))
    assert str(plan.base.reference) == "nvcr.io/nvidia/tritonserver:25.01-py3"
    assert any("maxBatchSize" in decision.reason for decision in plan.decisions)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("python", "request_name", "image"),
    [
        ("3.6", "docker-rest-minimal", "wine-0-1:"),
        ("3.7", "docker-cli-custom", "wine-test:prefix-"),
    ],
)
def test_older_pythons_train_and_load_it(tmp_path, predicts, python, request_name, image):
    project = train(tmp_path / "old", "--python", python) / "wine"
    libraries = tmp_path / "libraries"
    pins = [line.strip("- ") for line in (project / "conda.yaml").read_text().splitlines() if "==" in line]
    uv = [Path(sys.executable).with_name("uv"), "pip", "install", "--quiet", "--only-binary", ":all:"]
    subprocess.run([*uv, "--target", libraries, "--python-version", python, *pins], check=True)
    interpreter = next(Path(os.environ["PYENV_ROOT"]).glob(f"versions/{python}.*/bin/python"))

    (answer,) = predict(project, predicts, python=interpreter, PYTHONPATH=str(libraries))
    connections = load_entities(WINE / "packaging" / "connection.yaml")
    packaging = request_in(f"{request_name}.yaml")
    plan = plan_model(packaging, artifact=tmp_path / "old" / ARCHIVE, connections=connections)

    assert answer["prediction"][0][0] == pytest.approx(0, abs=0.4)
    assert str(plan.base.reference) == f"python:{python}"
    assert re.fullmatch(f"gcr.io/project/odahuflow/{image}{UUID}", str(plan.image))
