import os

import pytest

from odahu_pack_core.blob.descriptor import Descriptor
from odahu_pack_core.errors import RegistryError

CONTENT = os.urandom(300_000)


@pytest.fixture
def descriptor(server):
    return Descriptor("", server.add_blob("a/b", CONTENT), len(CONTENT))


def read(client, descriptor):
    with client.open_blob("a/b", descriptor) as chunks:
        return b"".join(chunks)


def broken_off_after(count):
    def act(handler):
        content = CONTENT[int((handler.headers.get("Range") or "bytes=0-")[6:-1]) :]
        start = len(CONTENT) - len(content)
        stated = {"Content_Range": f"bytes {start}-{len(CONTENT) - 1}/{len(CONTENT)}"} if start else {}
        handler.answer(206 if start else 200, content[:count], Content_Length=len(content), **stated)
        handler.wfile.flush()
        handler.close_connection = True

    return act


def test_a_blob_is_there_or_not(client, server, descriptor):
    assert client.has_blob("a/b", descriptor.digest)
    assert not client.has_blob("a/c", descriptor.digest)
    assert server.connections == 1


def test_a_blob_comes_in_chunks(client, server, descriptor):
    with client.open_blob("a/b", descriptor) as chunks:
        pieces = list(chunks)
    assert b"".join(pieces) == CONTENT
    assert len(pieces) > 1
    assert client.has_blob("a/b", descriptor.digest)
    assert server.connections == 1


def test_an_empty_blob(client, server):
    assert read(client, Descriptor("", server.add_blob("a/b", b""), 0)) == b""


def test_a_blob_that_breaks_off_goes_on_where_it_was(client, server, descriptor):
    server.fail("GET", "blobs", broken_off_after(100_000), times=2)
    assert read(client, descriptor) == CONTENT
    ranges = [headers.get("Range") for _, _, headers in server.asked]
    assert ranges == [None, "bytes=100000-", "bytes=200000-"]


def test_a_server_without_ranges_sends_all_again(client, server, descriptor):
    server.fail("GET", "blobs", broken_off_after(100_000))
    server.fail("GET", "blobs", lambda handler: handler.answer(200, CONTENT))
    assert read(client, descriptor) == CONTENT


def test_a_blob_that_never_gets_further(client, server, descriptor):
    server.fail("GET", "blobs", broken_off_after(0), times=100)
    with pytest.raises(RegistryError, match=r"\(6 tries\)"):
        read(client, descriptor)


def test_another_content(client, server, descriptor):
    server.fail("GET", "blobs", lambda handler: handler.answer(200, bytes(len(CONTENT))))
    with client.open_blob("a/b", descriptor) as chunks:
        received = []
        with pytest.raises(RegistryError, match="its content has another digest") as caught:
            received.extend(chunks)
    assert caught.value.code == "bad-digest"


@pytest.mark.parametrize("size", [len(CONTENT) - 1, len(CONTENT) + 1])
def test_another_length_than_the_descriptors(client, server, descriptor, size):
    server.fail("GET", "blobs", lambda handler: handler.answer(200, bytes(size)))
    with pytest.raises(RegistryError, match=f"it says that {size} bytes follow the first 0"):
        read(client, descriptor)


def test_more_than_the_descriptor_says_is_never_given_out(client, server, descriptor):
    def flood(handler):
        handler.send_response(200)
        handler.send_header("Connection", "close")
        handler.end_headers()
        for _ in range(10):
            handler.wfile.write(CONTENT)

    server.fail("GET", "blobs", flood)
    received = []
    with (
        client.open_blob("a/b", descriptor) as chunks,
        pytest.raises(RegistryError, match="more than 300000"),
    ):
        received.extend(chunks)
    assert sum(map(len, received)) <= len(CONTENT)


def test_another_range_than_asked_for(client, server, descriptor):
    server.fail("GET", "blobs", broken_off_after(1000))
    wrong = {"Content_Range": f"bytes 999-{len(CONTENT) - 1}/{len(CONTENT)}"}
    server.fail("GET", "blobs", lambda handler: handler.answer(206, CONTENT[999:], **wrong))
    with pytest.raises(RegistryError, match="another range"):
        read(client, descriptor)


def test_a_blob_that_comes_too_slowly(client, descriptor, time):
    with client.open_blob("a/b", descriptor) as chunks:
        next(chunks)
        time.passed += 3600
        with pytest.raises(RegistryError, match="it took too long"):
            list(chunks)


def test_a_reader_may_stop_early(client, descriptor):
    with client.open_blob("a/b", descriptor) as chunks:
        next(chunks)
    assert read(client, descriptor) == CONTENT


def test_a_blob_that_is_not_there(client):
    with pytest.raises(RegistryError, match="404 Not Found: BLOB_UNKNOWN: no such blob"):
        read(client, Descriptor("", "sha256:" + "0" * 64, 1))


class TestRedirects:
    @pytest.fixture
    def secured(self, server):
        server.challenge = 'Basic realm="x"'
        server.accepted.add("Basic dTpw")
        return server

    def test_storage_elsewhere_sees_no_credentials(self, secured, other_server, open_client, descriptor):
        other_server.add_blob("x", CONTENT)
        place = f"http://{other_server.host}/v2/x/blobs/{descriptor.digest}?X-Signature=secret"
        secured.fail("GET", "blobs", lambda handler: handler.answer(307, Location=place), times=2)
        assert read(open_client(secured.host, ("u", "p")), descriptor) == CONTENT
        (asked,) = other_server.asked
        assert "Authorization" not in asked[2]

    def test_its_own_places_do(self, secured, open_client, descriptor):
        client = open_client(secured.host, ("u", "p"))
        assert client.has_blob("a/b", descriptor.digest)
        place = f"/v2/a/b/blobs/{descriptor.digest}?x"
        secured.fail("GET", "blobs", lambda handler: handler.answer(302, Location=place))
        assert read(client, descriptor) == CONTENT

    def test_signatures_stay_secret(self, client, server, other_server, descriptor):
        place = f"http://{other_server.host}/x?X-Signature=secret"
        server.fail("GET", "blobs", lambda handler: handler.answer(307, Location=place), times=9)
        with pytest.raises(RegistryError) as caught:
            read(client, descriptor)
        assert "secret" not in str(caught.value)

    def test_they_end(self, client, server, descriptor):
        place = f"/v2/a/b/blobs/{descriptor.digest}"
        server.fail("GET", "blobs", lambda handler: handler.answer(307, Location=place), times=99)
        with pytest.raises(RegistryError, match="redirects more than 5 times"):
            read(client, descriptor)

    @pytest.mark.parametrize("place", ["file:///etc/passwd", "ftp://127.0.0.1/x", "https://:1/x"])
    def test_they_lead_to_web_addresses(self, client, server, descriptor, place):
        server.fail("GET", "blobs", lambda handler: handler.answer(307, Location=place))
        with pytest.raises(RegistryError, match="no web address"):
            read(client, descriptor)
