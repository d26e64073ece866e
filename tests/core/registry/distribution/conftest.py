"""A registry that fails as it is told to, and a client of it."""

import datetime as dt
import ipaddress

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from odahu_pack_core.plugins.protocols import Credentials
from odahu_pack_core.registry.distribution.opening import registry_opener

from .serving import FastTime, Serving


class Access:
    """A way into a registry; counts how often its credentials are asked for."""

    plain_http = False

    def __init__(self, *credentials, host="", was_base64=False):
        self.host = host
        self.asked = 0
        self.given = [
            Credentials(username, password, "connection my-registry", was_base64)
            for username, password in credentials
        ]

    def credentials(self):
        self.asked += 1
        return self.given.pop(0) if len(self.given) > 1 else self.given[0] if self.given else None

    def prepare_push(self, image):
        raise AssertionError(image)


@pytest.fixture
def server():
    """The registry."""
    with Serving() as registry:
        yield registry


@pytest.fixture
def other_server():
    """Another host: what the registry may redirect to."""
    with Serving() as registry:
        yield registry


@pytest.fixture
def time():
    """Time that passes at once."""
    return FastTime()


@pytest.fixture
def open_client(time):
    """Open a client: ``open_client(host, ("user", "password"))``."""
    clients = []

    def open_one(host, *credentials, environ=None, access=None):
        access = access or (Access(*credentials, host=host) if credentials else None)
        clients.append(registry_opener(environ or {}, time.clock)(host, access))
        return clients[-1]

    yield open_one
    for client in clients:
        client.close()


@pytest.fixture
def client(server, open_client):
    """A client of the registry, anonymous."""
    opened = open_client(server.host)
    server.asked.clear()
    server.connections = 0
    return opened


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """A certificate that vouches for 127.0.0.1, and for itself, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "loopback")])
    now = dt.datetime.now(dt.timezone.utc)
    address = x509.IPAddress(ipaddress.IPv4Address("127.0.0.1"))
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(minutes=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("certificate") / "loopback.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(secret + built.public_bytes(serialization.Encoding.PEM))
    return path
