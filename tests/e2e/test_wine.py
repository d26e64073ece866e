"""The documentation's requests, run as written through ``odahuflowctl`` for Python 3.6, 3.7 and 3.11."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.parts import call, run_once, served

pytestmark = [pytest.mark.engine, pytest.mark.registry, pytest.mark.slow]

WINE = Path(__file__).parents[2] / "examples" / "wine"
ARCHIVE = "wine-model-123456789.zip"
UUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
CONNECTION = {
    "kind": "Connection",
    "id": "test-docker-registry",
    "spec": {"type": "docker", "username": "", "password": {"env": "REGISTRY_PASSWORD"}},
}


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """Return a function that trains the wine model with a Python X.Y, once."""
    folders = {}

    def train(python):
        if python not in folders:
            folders[python] = tmp_path_factory.mktemp(f"wine-{python}")
            options = ["--output", folders[python], "--python", python]
            subprocess.run([sys.executable, WINE / "train.py", *options], check=True)
        return folders[python]

    return train


@pytest.fixture
def pack(registry, tmp_path, monkeypatch, base_python, trained):
    """Return a function that runs one of the documented requests and returns image and folder."""

    def run(name, python, base):
        base_python(python)
        folder = tmp_path / "manifests"
        folder.mkdir()
        shutil.copy(WINE / "packaging" / f"{name}.yaml", folder)
        shutil.copy(trained(python) / ARCHIVE, folder)
        spec = {
            **CONNECTION["spec"],
            "uri": f"{registry.host}/project/odahuflow",
            "username": registry.username,
        }
        (folder / "connection.yaml").write_text(json.dumps({**CONNECTION, "spec": spec}))
        monkeypatch.setenv("REGISTRY_PASSWORD", registry.password)
        identity = re.search(r'^id: "(.*)"', (folder / f"{name}.yaml").read_text(), re.MULTILINE)[1]
        command = ["odahuflowctl", "local", "pack", "run", "--id", identity, "-d", str(folder), "-o"]
        command.append("jsonpath=$[0].status.results[*]")
        program = Path(sys.executable).with_name(command[0])
        done = subprocess.run([program, *command[1:]], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert base in done.stderr
        assert registry.password not in done.stdout + done.stderr
        results = {each["name"]: each["value"] for each in json.loads(done.stdout)}
        assert next(iter(results)) == "image"
        return results

    return run


IN_PROCESS = """
import json, os, sys
sys.path.insert(0, os.environ["MODEL_LOCATION"])
import entrypoint
entrypoint.init()
document = json.loads(sys.argv[1])
matrix, columns = entrypoint.predict_on_matrix(document["data"], provided_columns_names=document["columns"])
print(json.dumps({"prediction": matrix.tolist(), "columns": list(columns)}))
"""


def in_process(client, image, document):
    """Return what the model itself answers, called in the image without our code around it."""
    command = ["-c", IN_PROCESS, json.dumps(document)]
    code, output, errors = run_once(client, image, command, entrypoint=["/opt/model/bin/python3"])
    assert code == 0, errors
    return json.loads(output)


def pulled(client, registry, results):
    repository = results["image"].rpartition(":")[0]
    login = {"username": registry.username, "password": registry.password}
    client.images.pull(repository, tag=results["digest"], auth_config=login)
    return f"{repository}@{results['digest']}"


@pytest.mark.parametrize(
    ("python", "chosen"), [("3.6", "python:3.6"), ("3.7", "python:3.7-slim"), ("3.11", "python:3.11-slim")]
)
def test_the_minimal_rest_request(client, registry, pack, python, chosen):
    results = pack("docker-rest-minimal", python, chosen)
    assert re.fullmatch(f"{registry.host}/project/odahuflow/wine-0-1:{UUID}", results["image"])
    predicts = json.loads((WINE / "predicts.json").read_text())
    image = pulled(client, registry, results)
    with served(client, image) as address:
        assert call(f"{address}/api/model/info")[1]["info"]["title"] == "wine"
        status, answer = call(f"{address}/api/model/invoke", predicts)
    assert status == 200, answer
    assert answer == in_process(client, image, predicts)


def test_the_custom_rest_request(client, registry, pack):
    results = pack("docker-rest-custom", "3.11", "python:3.11-slim")
    assert re.fullmatch(f"{registry.host}/project/odahuflow/wine-test:prefix-{UUID}", results["image"])
    config = client.images.get(pulled(client, registry, results)).attrs["Config"]
    assert config["Entrypoint"][config["Entrypoint"].index("--workers") + 1] == "4"


def test_the_custom_cli_request(client, registry, pack, tmp_path):
    results = pack("docker-cli-custom", "3.7", "python:3.7")
    assert re.fullmatch(f"{registry.host}/project/odahuflow/wine-test:prefix-{UUID}", results["image"])
    volume = tmp_path / "volume"
    volume.mkdir()
    volume.chmod(0o777)
    shutil.copy(WINE / "predicts.json", volume)
    image = pulled(client, registry, results)
    code, _, errors = run_once(
        client,
        image,
        ["predict", "/volume/predicts.json", "/volume"],
        volumes={str(volume): {"bind": "/volume", "mode": "rw"}},
    )
    assert code == 0, errors
    predicts = json.loads((WINE / "predicts.json").read_text())
    assert json.loads((volume / "result.json").read_text()) == in_process(client, image, predicts)
