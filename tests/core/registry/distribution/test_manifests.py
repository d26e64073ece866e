import json

import pytest

from odahu_pack_core.blob.descriptor import DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST, Descriptor
from odahu_pack_core.errors import RegistryError

from .fault_registry import digest_of

CONTENT = json.dumps({"schemaVersion": 2, "mediaType": OCI_MANIFEST}).encode()
DIGEST = digest_of(CONTENT)


@pytest.fixture
def stored(server):
    server.manifests["a/b", "1"] = server.manifests["a/b", DIGEST] = (OCI_MANIFEST, CONTENT)
    return server


def test_a_manifest_by_tag_and_by_digest(client, stored):
    for reference in ("1", DIGEST):
        fetched = client.manifest("a/b", reference)
        assert fetched.content == CONTENT
        assert fetched.descriptor == Descriptor(OCI_MANIFEST, DIGEST, len(CONTENT))
    assert stored.connections == 1


@pytest.mark.parametrize("media_type", [OCI_INDEX, DOCKER_MANIFEST])
def test_every_kind_of_manifest_is_asked_for(client, server, media_type):
    server.manifests["a/b", "1"] = (media_type, b"{}")
    assert client.manifest("a/b", "1").descriptor.media_type == media_type


def test_what_is_not_there(client, stored):
    assert client.manifest("a/b", "2") is None
    assert client.manifest("a/c", "1") is None
    assert not client.has_manifest("a/c", DIGEST)
    assert client.has_manifest("a/b", DIGEST)
    assert stored.connections == 1


def test_a_manifest_is_stored(client, server):
    assert client.put_manifest("a/b", "1", CONTENT, OCI_MANIFEST) == DIGEST
    assert server.manifests["a/b", "1"] == (OCI_MANIFEST, CONTENT)


def test_a_page_that_somebody_answers_stores_nothing(client, server):
    server.fail("PUT", "manifests", lambda handler: handler.discard() or handler.answer(200, b"<html>Hi"))
    with pytest.raises(RegistryError, match="answer 200 does not say that it is stored") as caught:
        client.put_manifest("a/b", "1", CONTENT, OCI_MANIFEST)
    assert caught.value.code == "bad-answer"


def test_a_registry_that_does_not_say_created_may_say_what_it_stored(client, server):
    def accept(handler):
        handler.discard()
        handler.answer(202, Docker_Content_Digest=DIGEST)

    server.fail("PUT", "manifests", accept)
    assert client.put_manifest("a/b", "1", CONTENT, OCI_MANIFEST) == DIGEST


def test_where_the_registry_does_not_say_what_it_is_the_manifest_does(client, server):
    server.fail("GET", "manifests", lambda handler: handler.answer(200, CONTENT))
    assert client.manifest("a/b", "1").descriptor.media_type == OCI_MANIFEST


def test_another_content_than_the_digest_asked_for(client, server):
    server.fail("GET", "manifests", lambda handler: handler.answer(200, b"{}"))
    with pytest.raises(RegistryError, match="another digest") as caught:
        client.manifest("a/b", DIGEST)
    assert caught.value.code == "bad-digest"


def test_another_content_than_the_digest_stated(client, server):
    lie = {"Docker_Content_Digest": digest_of(b"other")}
    server.fail("GET", "manifests", lambda handler: handler.answer(200, CONTENT, **lie))
    with pytest.raises(RegistryError, match="another digest"):
        client.manifest("a/b", "1")
    server.fail("PUT", "manifests", lambda handler: handler.discard() or handler.answer(201, **lie))
    with pytest.raises(RegistryError, match="another digest"):
        client.put_manifest("a/b", "1", CONTENT, OCI_MANIFEST)


def test_a_manifest_without_end(client, server):
    def flood(handler):
        handler.answer(200, Content_Length=1 << 40)
        for _ in range(6):
            handler.wfile.write(bytes(1024 * 1024))

    server.fail("GET", "manifests", flood)
    with pytest.raises(RegistryError, match="no end within 4194304 bytes"):
        client.manifest("a/b", "1")


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_what_may_pass_is_tried_again(client, stored, time, status):
    stored.fail("GET", "manifests", lambda handler: handler.error(status), times=2)
    assert client.manifest("a/b", "1").content == CONTENT
    assert len(time.slept) == 2


def test_retry_after_is_kept(client, stored, time):
    stored.fail("GET", "manifests", lambda handler: handler.error(429, Retry_After=9))
    assert client.manifest("a/b", "1").content == CONTENT
    assert time.slept == [9.0]


@pytest.mark.parametrize("status", [400, 403, 405, 413, 501])
def test_what_will_not_pass_is_not_tried_again(client, server, time, status):
    server.fail(
        "GET", "manifests", lambda handler: handler.error(status, "DENIED", "no\x1b[31m\nway"), times=2
    )
    with pytest.raises(RegistryError, match=rf"a/b:1: the registry .*{status} .*: DENIED: no \[31m way"):
        client.manifest("a/b", "1")
    assert (server.count("GET"), time.slept) == (1, [])


def test_an_error_without_end_is_cut(client, server):
    def flood(handler):
        handler.answer(400, Content_Length=1 << 40)
        for _ in range(3):
            handler.wfile.write(b"x" * 65536)

    server.fail("GET", "manifests", flood)
    with pytest.raises(RegistryError) as caught:
        client.manifest("a/b", "1")
    assert len(caught.value.message) < 1000


@pytest.mark.parametrize(
    "body", [b"<html>no</html>", b"[" * 60000, b"[1]", b'{"errors": [1, null]}', b"\xff"]
)
def test_errors_in_strange_forms(client, server, body):
    server.fail("GET", "manifests", lambda handler: handler.answer(400, body))
    with pytest.raises(RegistryError, match="answered 400 Bad Request"):
        client.manifest("a/b", "1")


def test_a_connection_that_breaks_is_made_anew(client, stored):
    stored.fail("GET", "manifests", lambda handler: handler.slam())
    assert client.manifest("a/b", "1").content == CONTENT
    assert stored.connections == 2


def test_nobody_listens(open_client):
    client = open_client("127.0.0.1:9")
    with pytest.raises(
        RegistryError, match=r"127\.0\.0\.1:9 cannot be reached: .*refused.* \(3 tries\)"
    ) as caught:
        client.has_manifest("a/b", DIGEST)
    assert caught.value.code == "registry-unreachable"


@pytest.mark.parametrize(
    ("repository", "reference"),
    [("a/../b", "1"), ("a?b", "1"), ("A", "1"), ("a", "../1"), ("a", "1?x"), ("a", "sha512:00"), ("a", "")],
)
def test_names_that_are_none_never_leave(client, server, repository, reference):
    with pytest.raises(RegistryError):
        client.manifest(repository, reference)
    assert server.asked == []
