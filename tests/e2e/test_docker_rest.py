"""docker-rest from a request to an image that answers, on the real engine and a registry with a password."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from openapi_spec_validator import OpenAPIV2SpecValidator

from odahu_pack_core import package_model
from tests.e2e.parts import (
    OBJECTS,
    THREE_FEATURES,
    TWO_ROWS,
    call,
    connection,
    gppi_project,
    packaging,
    pull_by_digest,
    served,
)

pytestmark = [pytest.mark.engine, pytest.mark.registry]


def test_the_image_answers_as_the_model_does(client, registry, base_python, tmp_path):
    base_python("3.11")
    project = gppi_project(tmp_path / "project", THREE_FEATURES)
    request = packaging("docker-rest")

    result = package_model(request, artifact=project, connections=[connection(registry)])

    assert result.results[0] == ("image", str(result.image.reference))
    assert str(result.image.reference).startswith(f"{registry.host}/project/odahuflow/wine-0-1:")
    image = pull_by_digest(client, registry, result.image)
    with served(client, image) as address:
        status, swagger = call(f"{address}/api/model/info")
        assert status == 200
        OpenAPIV2SpecValidator(swagger).validate()
        status, answer = call(f"{address}/api/model/invoke", TWO_ROWS)
        assert status == 200
        assert answer == {"prediction": [[0.6875], [2.0]], "columns": ["predictions"]}
        status, refusal = call(f"{address}/api/model/invoke", {"columns": ["features"]})
        assert status == 400
        assert set(refusal) == {"message", "code"}


def test_objects_become_objects(client, registry, base_python, tmp_path):
    base_python("3.11")
    project = gppi_project(tmp_path / "project", OBJECTS)
    result = package_model(packaging("docker-rest"), artifact=project, connections=[connection(registry)])
    with served(client, pull_by_digest(client, registry, result.image)) as address:
        status, answer = call(f"{address}/api/model/invoke", {"objects": [{"name": "ada"}, {"name": "bob"}]})
    assert status == 200
    assert answer == {"prediction": [{"greeting": "hello ada"}, {"greeting": "hello bob"}]}


def test_arguments_mean_what_they_say(client, registry, base_python, tmp_path):
    base_python("3.11")
    model = """
        import os, threading, time

        def init():
            return "objects"

        def predict_on_objects(objects):
            time.sleep(objects[0].get("sleep", 0))
            return [{"pid": os.getpid()}]
    """
    project = gppi_project(tmp_path / "project", model)
    request = packaging("docker-rest", port=8080, timeout=1, workers=2, threads=1, host="0.0.0.0")
    result = package_model(request, artifact=project, connections=[connection(registry)])
    with served(client, pull_by_digest(client, registry, result.image), port=8080) as address:
        assert call(f"{address}/api/model/invoke", {"objects": [{"sleep": 3}]})[0] == 504
        with ThreadPoolExecutor(2) as pool:
            url, document = f"{address}/api/model/invoke", {"objects": [{"sleep": 0.4}]}
            answers = [answer.result() for answer in [pool.submit(call, url, document) for _ in range(2)]]
    assert len({answer["prediction"][0]["pid"] for _, answer in answers}) == 2


RESTRICTED = {
    "read_only": True,
    "user": "12345:0",
    "cap_drop": ["ALL"],
    "security_opt": ["no-new-privileges"],
    "network_mode": "bridge",
}


def test_the_image_runs_restricted_survives_its_memory_limit_and_stops_at_once(
    client, registry, base_python, tmp_path
):
    base_python("3.11")
    model = """
        import os, time

        def init():
            return "objects"

        def predict_on_objects(objects):
            time.sleep(objects[0].get("sleep", 0))
            return [{"pid": os.getpid(), "uid": os.getuid(), "size": len(b"x" * objects[0].get("eat", 0))}]
    """
    project = gppi_project(tmp_path / "project", model)
    request = packaging("docker-rest", maxBatchSize=8, drainTimeout=20)
    result = package_model(request, artifact=project, connections=[connection(registry)])
    image = pull_by_digest(client, registry, result.image)
    limits = {"mem_limit": "192m", "memswap_limit": "192m", "pids_limit": 64}
    name = f"restricted-{uuid4()}"
    with served(client, image, name=name, **RESTRICTED, **limits) as address:
        url = f"{address}/api/model/invoke"

        def ask(**members):
            return call(url, {"objects": [members]})

        first = ask()[1]["prediction"][0]
        assert first["uid"] == 12345
        status, refusal = ask(eat=1 << 30)
        assert (status, refusal["code"]) == (503, "worker_died")
        assert call(f"{address}/healthcheck")[0] == 200
        wait_for(lambda: call(f"{address}/readiness")[0] == 200)
        assert ask()[1]["prediction"][0]["pid"] != first["pid"]

        running = client.containers.get(name)
        assert "SIGKILL (out of memory?)" in running.logs(stdout=False).decode()
        with ThreadPoolExecutor(1) as pool:
            last = pool.submit(ask, sleep=1)
            time.sleep(0.3)
            begun = time.monotonic()
            running.stop(timeout=15)
            assert time.monotonic() - begun < 6
            assert last.result()[0] == 200
        running.reload()
        assert running.attrs["State"]["ExitCode"] == 0
        lines = [json.loads(line) for line in running.logs(stderr=False).decode().splitlines()]
        assert {line["status"] for line in lines} == {200, 503}


def wait_for(condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def test_a_private_base_is_pulled_through_docker_pull(
    client, registry, second_registry, base_python, tmp_path
):
    base = client.images.get(base_python("3.11"))
    private = f"{second_registry.host}/bases/python"
    base.tag(private, "3.11-slim")
    login = {"username": second_registry.username, "password": second_registry.password}
    assert "error" not in client.images.push(private, "3.11-slim", auth_config=login)
    client.images.remove(f"{private}:3.11-slim")
    project = gppi_project(tmp_path / "project", THREE_FEATURES)
    connections = [connection(registry), connection(second_registry, "private-bases", "bases")]
    request = packaging("docker-rest", pull="private-bases", dockerfileBaseImage="python:3.11-slim")

    events = []
    result = package_model(request, artifact=project, connections=connections, on_event=events.append)

    bases = [event.choice for event in events if getattr(event, "subject", "") == "base image"]
    assert any(choice.startswith(f"{private}:3.11-slim@sha256:") for choice in bases)
    with served(client, pull_by_digest(client, registry, result.image)) as address:
        assert call(f"{address}/api/model/invoke", TWO_ROWS)[0] == 200
