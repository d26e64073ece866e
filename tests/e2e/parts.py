"""Small GPPI projects, running containers and HTTP calls for the end-to-end tests."""

import json
import textwrap
import time
import urllib.error
import urllib.request
from contextlib import contextmanager

import docker

from odahu_pack_core import Connection, ModelPackaging
from odahu_pack_core.spec.connection import WrittenSecret

TWO_ROWS = {"columns": ["features"] * 3, "data": [[1, 2, 3], [4, 5, 6]]}

THREE_FEATURES = """
    import os

    FEATURES = "features"

    def init():
        assert os.environ["MODEL_LOCATION"] == os.path.dirname(os.path.abspath(__file__))
        return "matrix"

    def predict_on_matrix(input_matrix, provided_columns_names=None):
        return [[row[0] / 4 + row[1] / 8 + row[2] / 16] for row in input_matrix], ["predictions"]

    def info():
        given = {"name": FEATURES, "type": "number", "example": 0, "required": True}
        return [given] * 3, [{"name": "predictions", "type": "number", "example": 0, "required": True}]
"""

OBJECTS = """
    def init():
        return "objects"

    def predict_on_objects(objects):
        return [{"greeting": "hello " + each["name"]} for each in objects]
"""


def gppi_project(
    folder,
    entrypoint,
    *,
    name="wine",
    version="0.1",
    python="3.11",
    dependencies=(),
    pip=(),
    channels=("conda-forge",),
    **files,
):
    """Write a GPPI project and return its folder."""
    work = folder / "odahuflow_model"
    work.mkdir(parents=True)
    (work / "entrypoint.py").write_text(textwrap.dedent(entrypoint))
    listed = [f"python={python}", *dependencies, *([{"pip": list(pip)}] if pip else [])]
    conda = {"channels": list(channels), "dependencies": listed}
    (work / "conda.yaml").write_text(json.dumps(conda))
    for path, content in files.items():
        (folder / path).write_bytes(content)
    manifest = {
        "binaries": {"type": "python", "dependencies": "conda", "conda_path": "odahuflow_model/conda.yaml"},
        "model": {"name": name, "version": version, "workDir": "odahuflow_model", "entrypoint": "entrypoint"},
        "odahuflowVersion": "1.0",
        "toolchain": {"name": "tests", "version": "1"},
    }
    (folder / "odahuflow.project.yaml").write_text(json.dumps(manifest))
    return folder


def connection(registry, name="test-docker-registry", prefix="project/odahuflow", password=None):
    """Return the connection to a registry of the workbench."""
    spec = {"type": "docker", "uri": f"{registry.host}/{prefix}"}
    if registry.username:
        spec |= {
            "username": registry.username,
            "password": WrittenSecret(value=password or registry.password),
        }
    return Connection.model_validate({"id": name, "spec": spec})


def packaging(integration, *, pull=None, **arguments):
    """Return a packaging that pushes to ``test-docker-registry``."""
    targets = [{"name": "docker-push", "connectionName": "test-docker-registry"}]
    if pull:
        targets.append({"name": "docker-pull", "connectionName": pull})
    spec = {
        "integrationName": integration,
        "artifactName": "model.zip",
        "targets": targets,
        "arguments": arguments,
    }
    return ModelPackaging.model_validate({"id": f"{integration}-packager-example", "spec": spec})


def pull_by_digest(client, registry, image):
    """Pull a published image anew by its digest and return the reference to run."""
    reference = f"{image.reference.name}@{image.digest}"
    login = {"username": registry.username, "password": registry.password} if registry.username else None
    client.images.pull(image.reference.name, tag=image.digest, auth_config=login)
    return reference


@contextmanager
def container(client, image, **options):
    """Run an image in the background; its log is shown when the block fails."""
    started = client.containers.run(image, detach=True, **options)
    try:
        yield started
    except BaseException:
        print(started.logs().decode(errors="replace"))  # noqa: T201  # pytest shows it beside the failure
        raise
    finally:
        started.remove(force=True, v=True)


@contextmanager
def served(client, image, port=5000, **options):
    """Run a REST image and yield its address once it is healthy."""
    with container(client, image, ports={f"{port}/tcp": ("127.0.0.1", None)}, **options) as started:
        started.reload()
        host_port = started.ports[f"{port}/tcp"][0]["HostPort"]
        address = f"http://127.0.0.1:{host_port}"
        _wait_until_healthy(started, address)
        yield address


def _wait_until_healthy(started, address, seconds=60):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        started.reload()
        if started.status == "exited":
            raise AssertionError("the container ended")
        try:
            if call(f"{address}/readiness")[0] == 200:
                return
        except OSError:
            pass
        time.sleep(0.05)
    raise AssertionError(f"not healthy after {seconds} s")


def call(url, document=None):
    """Return the status and the JSON document that a URL answers."""
    data = None if document is None else json.dumps(document).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def run_once(client, image, command, **options):
    """Run a command image to its end; return exit code, stdout and stderr."""
    started = client.containers.run(image, command, detach=True, **options)
    try:
        code = started.wait(timeout=60)["StatusCode"]
        return code, started.logs(stderr=False).decode(), started.logs(stdout=False).decode()
    finally:
        started.remove(force=True, v=True)


def docker_client(engine):
    """Return a client of an engine of the workbench."""
    return docker.DockerClient(base_url=engine.host)
