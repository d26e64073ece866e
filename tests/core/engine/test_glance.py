"""One question to a Docker engine: its answers, and what is no engine at all."""

import socket
import threading

import pytest

from odahu_pack_core.engine.docker.glance import described_image
from odahu_pack_core.errors import EngineError


@pytest.fixture
def answering(tmp_path):
    """Answer one call on a local socket; returns the environment that leads there, and what was asked."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(tmp_path / "docker.sock"))
    listener.listen(1)
    asked, threads = [], []

    def start(answer):
        def serve():
            connection, _ = listener.accept()
            with connection:
                asked.append(connection.recv(65536))
                connection.sendall(answer)

        threads.append(threading.Thread(target=serve))
        threads[0].start()
        return {"DOCKER_HOST": f"unix://{tmp_path}/docker.sock"}, asked

    yield start
    for thread in threads:
        thread.join(10)
    listener.close()


def http(status, body):
    return b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body)


def test_an_image_is_described(answering):
    environ, asked = answering(http(200, b'{"Id": "sha256:1"}'))

    assert described_image("python:3.11-slim", environ) == {"Id": "sha256:1"}
    assert asked[0].startswith(b"GET /images/python:3.11-slim/json HTTP/1.1\r\n")


def test_no_image_is_none(answering):
    environ, _ = answering(http(404, b'{"message": "no such image"}'))

    assert described_image("python:3.11-slim", environ) is None


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (http(500, b'{"message": "broken"}'), "engine-refused"),
        (http(200, b"[]"), "engine-refused"),
        (http(200, b"<html>"), "engine-absent"),
        (b"hello\r\n", "engine-absent"),
        (b"", "engine-absent"),
    ],
)
def test_anything_else_is_told(answering, answer, code):
    environ, _ = answering(answer)

    with pytest.raises(EngineError) as caught:
        described_image("python:3.11-slim", environ)
    assert caught.value.code == code


def test_an_engine_that_is_not_there_is_told(tmp_path):
    with pytest.raises(EngineError, match=r"no Docker engine answers at unix://.*: No such file"):
        described_image("python:3.11-slim", {"DOCKER_HOST": f"unix://{tmp_path}/docker.sock"})
