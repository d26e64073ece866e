"""TLS, proxies, silence: what lies between the client and a registry."""

import socket
import subprocess
import sys
import threading
from contextlib import ExitStack
from time import sleep as pause

import pytest

from odahu_pack_core.blob.descriptor import BytesBlob
from odahu_pack_core.errors import RegistryError
from odahu_pack_core.registry.distribution import wire
from odahu_pack_core.registry.distribution.opening import registry_opener
from odahu_pack_core.registry.distribution.proxies import proxy_for

from .conftest import Access
from .fault_registry import Handler, digest_of
from .serving import Serving

DIGEST = digest_of(b"{}")


class TestTls:
    @pytest.fixture
    def secured(self, certificate):
        with Serving(certificate) as registry:
            registry.add_blob("a/b", b"{}")
            yield registry

    @pytest.mark.parametrize("name", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
    def test_a_private_authority(self, secured, open_client, certificate, name):
        assert open_client(secured.host, environ={name: str(certificate)}).has_blob("a/b", DIGEST)

    def test_nobody_vouches_for_it(self, secured, open_client, time):
        with pytest.raises(RegistryError, match="CERTIFICATE_VERIFY_FAILED") as caught:
            open_client(secured.host).has_blob("a/b", DIGEST)
        assert "SSL_CERT_FILE" in caught.value.hint
        assert time.slept == []

    def test_another_host_than_it_vouches_for(self, secured, open_client, certificate):
        host = secured.host.replace("127.0.0.1", "localhost")
        with pytest.raises(RegistryError, match="CERTIFICATE_VERIFY_FAILED"):
            open_client(host, environ={"SSL_CERT_FILE": str(certificate)}).has_blob("a/b", DIGEST)

    def test_certificates_that_cannot_be_read(self, secured, open_client, tmp_path):
        environ = {"SSL_CERT_FILE": str(tmp_path / "none.pem")}
        with pytest.raises(RegistryError, match=r"cannot read the certificates .*none\.pem") as caught:
            open_client(secured.host, environ=environ).has_blob("a/b", DIGEST)
        assert caught.value.code == "bad-certificates"

    def test_no_way_leads_back_to_plain_http(self, secured, server, open_client, certificate):
        server.add_blob("a/b", b"{}")
        place = f"http://{server.host}/v2/a/b/blobs/{DIGEST}"
        secured.fail("HEAD", "blobs", lambda handler: handler.answer(307, Location=place))
        client = open_client(secured.host, environ={"SSL_CERT_FILE": str(certificate)})
        with pytest.raises(RegistryError, match="redirects to plain HTTP"):
            client.has_blob("a/b", DIGEST)
        assert server.asked == []

    def test_uploads_and_tokens_do_not_go_over_plain_http(self, secured, server, open_client, certificate):
        client = open_client(secured.host, environ={"SSL_CERT_FILE": str(certificate)})
        secured.location = f"http://{server.host}{{path}}"
        with pytest.raises(RegistryError, match="nothing may be sent"):
            client.mount_blob("a/b", DIGEST, "c") or client.push_blob(
                "a/b", BytesBlob("", b"x"), lambda _: None
            )
        secured.challenge = f'Bearer realm="http://{server.host}/token"'
        with pytest.raises(RegistryError, match="does not speak TLS"):
            client.has_blob("a/b", DIGEST)
        assert server.asked == []


class TestPlainHttp:
    @pytest.fixture
    def elsewhere(self, server, monkeypatch):
        """Let the registry be found under a name that is not this machine's."""
        find = socket.getaddrinfo
        monkeypatch.setattr(
            socket, "getaddrinfo", lambda _, *more, **options: find("127.0.0.1", *more, **options)
        )
        server.add_blob("a/b", b"{}")
        return server.host.replace("127.0.0.1", "registry.example")

    def test_it_is_spoken_where_the_user_wrote_so(self, elsewhere, open_client):
        access = Access(host=elsewhere)
        access.plain_http = True
        assert open_client(elsewhere, access=access).has_blob("a/b", DIGEST)

    def test_else_it_is_not(self, elsewhere, server, open_client):
        with pytest.raises(RegistryError, match="SSL") as caught:
            open_client(elsewhere).has_blob("a/b", DIGEST)
        assert "write http:// in the connection's uri" in caught.value.hint
        assert server.asked == []


class TestProxies:
    @pytest.mark.parametrize(
        ("url", "environ", "expected"),
        [("https://reg.example/", {}, None),
         ("https://reg.example/", {"HTTPS_PROXY": "http://proxy:3128"}, "http://proxy:3128"),
         ("https://reg.example/", {"https_proxy": "proxy:3128"}, "http://proxy:3128"),
         ("https://reg.example/", {"http_proxy": "http://proxy:3128"}, None),
         ("http://reg.example/", {"http_proxy": "http://proxy:3128"}, "http://proxy:3128"),
         ("http://reg.example/", {"HTTP_PROXY": "http://proxy:3128"}, None),
         ("https://reg.example/", {"ALL_PROXY": "http://proxy:3128"}, "http://proxy:3128"),
         ("https://reg.example:5/", {"https_proxy": "http://p", "NO_PROXY": "other, .example"}, None),
         ("https://reg.example/", {"https_proxy": "http://p", "no_proxy": "*"}, None),
         ("https://127.0.0.1:5000/", {"https_proxy": "http://p"}, None)],
    )  # fmt: skip
    def test_which_leads_where(self, url, environ, expected):
        assert proxy_for(url, environ) == expected

    def test_a_proxy_is_asked(self, server, open_client):
        server.fail("HEAD", "http://registry.example", lambda handler: handler.answer(200))
        access = Access(host="registry.example")
        access.plain_http = True
        client = open_client(
            "registry.example", access=access, environ={"http_proxy": f"http://{server.host}"}
        )
        assert client.has_blob("a/b", DIGEST)

    @pytest.mark.parametrize(("status", "tries"), [(407, 1), (503, 6)])
    def test_one_that_leads_nowhere(self, server, open_client, monkeypatch, status, tries):
        answers = []

        def connect(handler):
            answers.append(status)
            handler.answer(status)

        monkeypatch.setattr(Handler, "do_CONNECT", connect, raising=False)
        client = open_client("registry.example", environ={"https_proxy": f"http://{server.host}"})
        with pytest.raises(RegistryError, match=rf"the proxy does not lead to registry\.example: {status}"):
            client.has_blob("a/b", DIGEST)
        assert len(answers) == tries

    @pytest.mark.parametrize(
        "proxy", ["http://[::1", "gopher://user:secret@proxy", "socks5://user:secret@proxy"]
    )
    def test_one_that_cannot_be_used(self, open_client, proxy):
        client = open_client("registry.example", environ={"https_proxy": proxy})
        with pytest.raises(RegistryError, match="the proxy that the environment names") as caught:
            client.has_blob("a/b", DIGEST)
        assert "secret" not in str(caught.value)


class TestSilence:
    @pytest.fixture
    def silent(self, monkeypatch):
        """A port that takes everything and says nothing."""
        monkeypatch.setattr(wire, "_WRITE_SECONDS", 0.05)
        with socket.create_server(("127.0.0.1", 0)) as listener:
            yield f"127.0.0.1:{listener.getsockname()[1]}"

    def test_it_is_not_waited_for(self, silent, open_client, monkeypatch):
        monkeypatch.setattr("odahu_pack_core.registry.distribution.endpoint._PROBE_SECONDS", 0.05)
        client = open_client(silent)
        monkeypatch.setattr(
            wire.httpx.Timeout, "as_dict", lambda _: dict.fromkeys(("connect", "read", "write", "pool"), 0.05)
        )
        with pytest.raises(RegistryError, match=r"did not answer in time \(6 tries\)") as caught:
            client.has_blob("a/b", DIGEST)
        assert caught.value.code == "registry-unreachable"

    def test_a_host_that_takes_no_connection_is_given_up_soon(self, open_client, monkeypatch):
        monkeypatch.setattr("odahu_pack_core.registry.distribution.endpoint._PROBE_SECONDS", 0.05)
        monkeypatch.setattr(
            wire.httpx.Timeout, "as_dict", lambda _: dict.fromkeys(("connect", "read", "write", "pool"), 0.05)
        )
        with ExitStack() as stack:
            # Once its queue is full, Linux lets further callers wait.
            listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
            for _ in range(4):
                waiting = stack.enter_context(socket.socket())
                waiting.settimeout(0)
                waiting.connect_ex(listener.getsockname())
            client = open_client(f"127.0.0.1:{listener.getsockname()[1]}")
            with pytest.raises(RegistryError, match=r"nobody answered in time \(3 tries\)") as caught:
                client.has_blob("a/b", DIGEST)
        assert caught.value.code == "registry-unreachable"


def test_a_body_that_trickles_ends(client, server, time):
    def trickle(handler):
        handler.answer(200, Content_Length=1000)
        for _ in range(1000):
            time.passed += 20
            handler.wfile.write(b" ")
            pause(0.001)

    server.fail("GET", "manifests", trickle, times=6)
    with pytest.raises(RegistryError, match="did not answer in time"):
        client.manifest("a/b", "1")


def test_httpx_is_imported_when_a_registry_is_opened_and_without_its_command():
    program = """
import sys
from odahu_pack_core.registry.distribution.opening import registry_opener
opener = registry_opener({})
assert "httpx" not in sys.modules
opener("127.0.0.1:9", None).close()
assert "httpx" in sys.modules
assert "httpx._main" not in sys.modules and "pygments" not in sys.modules and "tenacity" not in sys.modules
import httpx
httpx.main(["--help"])
"""
    told = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert "--follow-redirects" in told.stdout  # others in the program find the command where it belongs


class TestClosing:
    def test_nothing_is_asked_after_it(self, server, open_client):
        client = open_client(server.host)
        client.has_blob("a/b", DIGEST)
        client.close()
        server.asked.clear()
        with pytest.raises(RegistryError, match="the run has ended") as caught:
            client.put_manifest("a/b", "1", b"{}", "application/vnd.oci.image.manifest.v1+json")
        assert caught.value.code == "closed"
        assert server.asked == []

    def test_who_waits_to_try_again_gives_up(self, server):
        server.fail("HEAD", "blobs", lambda handler: handler.answer(429, Retry_After="60"))
        client = registry_opener({})(server.host, None)
        failures = []

        def ask():
            try:
                client.has_blob("a/b", DIGEST)
            except RegistryError as error:
                failures.append(error.code)

        thread = threading.Thread(target=ask)
        thread.start()
        while not server.count("HEAD", "blobs"):
            pause(0.01)
        client.close()
        thread.join(timeout=5)
        assert not thread.is_alive()
        assert failures == ["closed"]
