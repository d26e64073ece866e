import traceback
from concurrent.futures import ThreadPoolExecutor

import pytest

from odahu_pack_core.blob.descriptor import OCI_MANIFEST, BytesBlob
from odahu_pack_core.errors import RegistryError
from odahu_pack_core.plugins.refusal import REFUSED

from .conftest import Access
from .fault_registry import basic, digest_of

DIGEST = digest_of(b"{}")
SECRET = "s3cr3t-password"


@pytest.fixture
def with_basic(server):
    server.challenge = 'Basic realm="registry"'
    server.accepted.add(basic("jane", SECRET))
    server.add_blob("a/b", b"{}")
    return server


@pytest.fixture
def with_tokens(server):
    """Tokens are given out by the registry itself, at /token."""
    server.challenge = f'Bearer realm="http://{server.host}/token",service="the registry",scope="whatever"'
    server.add_blob("a/b", b"{}")
    return server


def token_requests(server):
    return [asked for asked in server.asked if asked[1].startswith("/token")]


class TestBasic:
    def test_credentials_are_asked_for_once_and_shown_from_then_on(self, with_basic, open_client):
        access = Access(("jane", SECRET))
        client = open_client(with_basic.host, access=access)
        assert access.asked == 0
        assert client.has_blob("a/b", DIGEST)
        assert client.has_blob("a/b", DIGEST)
        assert access.asked == 1
        assert with_basic.count("HEAD", "blobs") == 3

    def test_who_lets_everybody_in_is_shown_nothing(self, server, open_client):
        access = Access(("jane", SECRET))
        open_client(server.host, access=access).has_blob("a/b", DIGEST)
        assert access.asked == 0
        assert all("Authorization" not in headers for _, _, headers in server.asked)

    def test_wrong_ones_are_refused_in_words(self, with_basic, open_client):
        access = Access(("jane", "wrong"), was_base64=True)
        with pytest.raises(RegistryError) as caught:
            open_client(with_basic.host, access=access).has_blob("a/b", DIGEST)
        error = caught.value
        assert error.code == REFUSED
        assert f"{with_basic.host} refused user 'jane' from connection my-registry: 401" in error.message
        assert error.message.startswith(f"cannot look for the blob {DIGEST} in a/b")
        assert "was read as base64" in error.hint

    def test_nobody_is_refused_in_words(self, with_basic, open_client):
        with pytest.raises(RegistryError, match="refused anonymous access: 401") as caught:
            open_client(with_basic.host).has_blob("a/b", DIGEST)
        assert "docker login" in caught.value.hint

    def test_expired_ones_are_fetched_anew(self, with_basic, open_client):
        access = Access(("jane", SECRET), ("jane", "new"))
        client = open_client(with_basic.host, access=access)
        assert client.has_blob("a/b", DIGEST)
        with_basic.accepted = {basic("jane", "new")}
        assert client.has_blob("a/b", DIGEST)
        assert access.asked == 2

    def test_what_is_forbidden_is_said(self, with_basic, open_client):
        client = open_client(with_basic.host, ("jane", SECRET))
        assert client.has_blob("a/b", DIGEST)
        with_basic.fail(
            "PUT", "manifests", lambda handler: handler.error(403, "DENIED", f"not with {SECRET}")
        )
        with pytest.raises(RegistryError) as caught:
            client.put_manifest("a/b", "1", b"{}", OCI_MANIFEST)
        assert "DENIED: not with *****" in caught.value.message
        assert caught.value.code == REFUSED


class TestTokens:
    def test_a_token_is_used_for_all_that_it_allows(self, with_tokens, open_client):
        client = open_client(with_tokens.host, ("jane", SECRET))
        for _ in range(3):
            assert client.has_blob("a/b", DIGEST)
        client.push_blob("a/b", BytesBlob("", b"x"), lambda _: None)
        client.push_blob("a/b", BytesBlob("", b"y"), lambda _: None)
        assert client.has_blob("a/b", digest_of(b"y"))
        assert dict(with_tokens.tokens) == {"repository:a/b:pull": 1, "repository:a/b:pull,push": 1}
        assert "service=the+registry" in token_requests(with_tokens)[0][1]

    def test_a_mount_needs_both_repositories(self, with_tokens, open_client):
        assert open_client(with_tokens.host, ("jane", SECRET)).mount_blob("models/wine", DIGEST, "a/b")
        assert dict(with_tokens.tokens) == {"repository:a/b:pull repository:models/wine:pull,push": 1}

    def test_the_user_is_shown_to_the_token_server_only(self, with_tokens, open_client):
        open_client(with_tokens.host, ("jane", SECRET)).has_blob("a/b", DIGEST)
        shown = {
            path.partition("?")[0]: headers.get("Authorization") for _, path, headers in with_tokens.asked
        }
        assert shown["/token"] == basic("jane", SECRET)
        assert shown[f"/v2/a/b/blobs/{DIGEST}"] == "Bearer token-1"

    def test_nobody_gets_a_token_too(self, with_tokens, open_client):
        assert open_client(with_tokens.host).has_blob("a/b", DIGEST)
        assert "Authorization" not in token_requests(with_tokens)[0][2]

    def test_an_identity_token_is_posted(self, with_tokens, open_client):
        bodies = []

        def note(handler):
            bodies.append(handler.body().decode())
            handler.answer(200, {"access_token": handler.registry.give_token("x")["token"]})

        with_tokens.fail("POST", "/token", note)
        assert open_client(with_tokens.host, ("<token>", "identity&")).has_blob("a/b", DIGEST)
        expected = (
            "grant_type=refresh_token&service=the+registry&client_id=odahu-pack"
            "&scope=repository%3Aa%2Fb%3Apull&refresh_token=identity%26"
        )
        assert bodies == [expected]

    def test_a_token_is_renewed_before_it_expires(self, with_tokens, open_client, time):
        client = open_client(with_tokens.host, ("jane", SECRET))
        client.has_blob("a/b", DIGEST)
        time.passed += with_tokens.token_life - 5
        client.has_blob("a/b", DIGEST)
        assert with_tokens.tokens.total() == 2
        assert with_tokens.count("HEAD", "blobs") == 3

    def test_a_token_that_expires_half_way_is_renewed(self, with_tokens, open_client):
        def expire(handler):
            handler.registry.accepted.clear()
            return False

        with_tokens.fail("PUT", "uploads", expire)
        client = open_client(with_tokens.host, ("jane", SECRET))
        sent = []
        client.push_blob("a/b", BytesBlob("", bytes(1_000_000)), sent.append)
        assert with_tokens.blobs["a/b", digest_of(bytes(1_000_000))]
        assert with_tokens.tokens["repository:a/b:pull,push"] == 2
        assert sum(sent) == 1_000_000

    def test_a_fresh_token_that_is_rejected_is_a_refusal(self, with_tokens, open_client):
        with_tokens.accepted = frozenset()
        with_tokens.give_token = lambda _: {"token": "never-good"}
        with pytest.raises(RegistryError, match="refused user 'jane'") as caught:
            open_client(with_tokens.host, ("jane", SECRET)).has_blob("a/b", DIGEST)
        assert caught.value.code == REFUSED
        assert with_tokens.count("HEAD", "blobs") == 2

    @pytest.mark.parametrize("status", [400, 401, 403])
    def test_the_token_server_refuses(self, with_tokens, open_client, status):
        with_tokens.fail("GET", "/token", lambda handler: handler.answer(status, {"details": f"no {SECRET}"}))
        with pytest.raises(RegistryError, match=rf"refused user 'jane' .*: {status} .*: no \*\*\*\*\*"):
            open_client(with_tokens.host, ("jane", SECRET)).has_blob("a/b", DIGEST)

    def test_the_token_server_fails_for_a_while(self, with_tokens, open_client, time):
        with_tokens.fail("GET", "/token", lambda handler: handler.error(503, Retry_After=2), times=2)
        assert open_client(with_tokens.host).has_blob("a/b", DIGEST)
        assert time.slept == [2.0, 2.0]

    def test_a_token_server_that_stays_broken_is_not_asked_for_ever(self, with_tokens, open_client):
        with_tokens.fail("GET", "/token", lambda handler: handler.error(500), times=1000)
        with pytest.raises(RegistryError, match=r"token server .* answered 500 .*\(6 tries\)"):
            open_client(with_tokens.host).has_blob("a/b", DIGEST)
        assert with_tokens.count("GET", "/token") == 6

    @pytest.mark.parametrize(
        "answer",
        [
            b"",
            b"[]",
            b"{",
            b'{"token": 1}',
            b'{"token": "a b"}',
            b'{"token": "a\\r\\nX: y"}',
            b'{"token": ""}',
        ],
    )
    def test_what_is_no_token(self, with_tokens, open_client, answer):
        with_tokens.fail("GET", "/token", lambda handler: handler.answer(200, answer))
        with pytest.raises(RegistryError, match="gave no token"):
            open_client(with_tokens.host).has_blob("a/b", DIGEST)

    @pytest.mark.parametrize("life", [None, "soon", -1, True, 0, float("nan"), 10**400])
    def test_a_strange_expiry(self, with_tokens, open_client, life):
        with_tokens.token_life = life
        assert open_client(with_tokens.host).has_blob("a/b", DIGEST)

    @pytest.mark.parametrize(
        "realm",
        ["http://auth.example/token", "ftp://127.0.0.1/", "https://user@auth.example/", "/token", "https://",
         "http://[::1", ""],
    )  # fmt: skip
    def test_who_is_not_asked_for_tokens(self, with_tokens, open_client, realm):
        with_tokens.challenge = f'Bearer realm="{realm}"'
        access = Access(("jane", SECRET))
        with pytest.raises(RegistryError) as caught:
            open_client(with_tokens.host, access=access).has_blob("a/b", DIGEST)
        assert caught.value.code == "bad-answer"
        assert with_tokens.tokens.total() == 0

    def test_threads_fetch_one_token(self, with_tokens, open_client):
        client = open_client(with_tokens.host, ("jane", SECRET))
        with ThreadPoolExecutor(8) as pool:
            assert all(pool.map(lambda _: client.has_blob("a/b", DIGEST), range(16)))
        assert with_tokens.tokens.total() == 1


def test_a_login_that_nobody_knows(server, open_client):
    server.challenge = "Negotiate, OAuth realm=x"
    with pytest.raises(RegistryError, match=r"in no known way \(negotiate, oauth\)"):
        open_client(server.host).has_blob("a/b", DIGEST)


def test_no_secret_is_ever_told(with_tokens, open_client, caplog):
    caplog.set_level("DEBUG")
    with_tokens.fail(
        "PUT", "manifests", lambda handler: handler.error(400, "X", handler.headers["Authorization"])
    )
    client = open_client(with_tokens.host, ("jane", SECRET))
    with pytest.raises(RegistryError) as caught:
        client.put_manifest("a/b", "1", b"{}", OCI_MANIFEST)
    told = "".join(traceback.format_exception(caught.value)) + repr(caught.value) + caplog.text
    assert "token-1" not in told
    assert SECRET not in told
    assert basic("jane", SECRET).partition(" ")[2] not in told
