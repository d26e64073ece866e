"""The registry that everybody runs, asking for tokens that are signed for what they allow."""

import base64
import json
import socket
import subprocess
import time as real_time
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils

from odahu_pack_core.blob.descriptor import BytesBlob
from odahu_pack_core.errors import RegistryError
from workbench.command import locate

from .fault_registry import basic

# The other registry says whether there is one to be had.
pytestmark = [pytest.mark.registry, pytest.mark.usefixtures("anonymous_registry")]

ISSUER, SERVICE = "token server", "registry"
BLOB = BytesBlob("", b"content")


def encoded(content):
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


class Signer:
    """Gives out tokens: JSON Web Tokens by ES256, with the certificate that vouches for them."""

    def __init__(self, realm, certificate):
        self.realm = realm
        content = certificate.read_bytes()
        self._key = serialization.load_pem_private_key(content, None)
        der = x509.load_pem_x509_certificate(content).public_bytes(serialization.Encoding.DER)
        self._header = {"typ": "JWT", "alg": "ES256", "x5c": [base64.b64encode(der).decode()]}
        self.asked = []

    def __call__(self, handler):
        scopes = parse_qs(urlsplit(handler.path).query)["scope"]
        self.asked.append(scopes)
        if handler.headers.get("Authorization") != basic("jane", "password"):
            handler.answer(401, {"details": "unknown user"})
            return
        handler.answer(200, {"token": self._token(scopes), "expires_in": 300})

    def _token(self, scopes):
        access = [
            {"type": kind, "name": name, "actions": actions.split(",")}
            for kind, name, actions in (scope.split(":") for scope in scopes)
        ]
        now = int(real_time.time())
        claims = {"iss": ISSUER, "sub": "jane", "aud": SERVICE, "exp": now + 300, "nbf": now - 60, "iat": now,
                  "jti": "1", "access": access}  # fmt: skip
        signed = ".".join(encoded(json.dumps(part).encode()) for part in (self._header, claims))
        r, s = utils.decode_dss_signature(self._key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
        return f"{signed}.{encoded(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


@pytest.fixture
def signer(server, certificate):
    signer = Signer(f"http://{server.host}/token", certificate)
    server.fail("GET", "/token", signer, times=1000)
    return signer


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def wait_for(port):
    until = real_time.monotonic() + 20
    while real_time.monotonic() < until:
        try:
            return socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            real_time.sleep(0.02)
    return pytest.fail("docker-registry did not come up")


@pytest.fixture
def guarded(signer, certificate, tmp_path):
    """The host of a registry that trusts the signer."""
    port = free_port()
    host = f"127.0.0.1:{port}"
    token = {
        "realm": signer.realm,
        "service": SERVICE,
        "issuer": ISSUER,
        "rootcertbundle": str(certificate),
    }
    config = {
        "version": 0.1,
        "log": {"level": "error", "accesslog": {"disabled": True}},
        "storage": {"filesystem": {"rootdirectory": str(tmp_path / "storage")}},
        "http": {"addr": host, "secret": "x"},
        "auth": {"token": token},
    }
    (tmp_path / "config.yml").write_text(json.dumps(config))
    command = [locate("docker-registry"), "serve", str(tmp_path / "config.yml")]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as running:
        try:
            wait_for(port)
            yield host
        finally:
            running.terminate()


def test_tokens_allow_what_they_are_asked_for(guarded, signer, open_client):
    client = open_client(guarded, ("jane", "password"))
    client.push_blob("models/wine", BLOB, lambda _: None)
    assert client.has_blob("models/wine", BLOB.descriptor.digest)
    assert client.mount_blob("models/beer", BLOB.descriptor.digest, "models/wine")
    assert signer.asked == [
        ["repository:models/wine:pull,push"],
        ["repository:models/beer:pull,push", "repository:models/wine:pull"],
    ]


def test_a_wrong_password_is_refused_in_words(guarded, open_client):
    with pytest.raises(RegistryError, match=r"refused user 'jane' .*: 401 Unauthorized: unknown user"):
        open_client(guarded, ("jane", "wrong")).has_blob("a/b", BLOB.descriptor.digest)
