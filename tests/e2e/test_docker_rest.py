"""docker-rest from a request to an image that answers, on the real engine and a registry with a password."""

from concurrent.futures import ThreadPoolExecutor

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
