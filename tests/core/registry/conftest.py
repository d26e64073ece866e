"""Connections as they are written, and an AWS on loopback."""

import pytest
from moto.server import ThreadedMotoServer

from odahu_pack_core.spec.connection import Connection


@pytest.fixture
def connection():
    """Make a connection from the fields of its spec."""

    def make(**spec):
        return Connection.model_validate({"id": "my-registry", "kind": "Connection", "spec": spec})

    return make


@pytest.fixture(scope="session")
def _aws_server():
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    yield server.get_host_and_port()
    server.stop()


@pytest.fixture
def aws(_aws_server, monkeypatch):
    """An AWS that boto3 finds by AWS's own variable; nobody has credentials for it yet."""
    host, port = _aws_server
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
    return f"http://{host}:{port}"
