import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from odahu_pack_core.blob.descriptor import BytesBlob, Descriptor
from odahu_pack_core.errors import RegistryError
from odahu_pack_core.registry.distribution import upload

from .fault_registry import digest_of

CONTENT = os.urandom(3_000_000)
DIGEST = digest_of(CONTENT)


class Pieces:
    """A blob that comes in pieces."""

    def __init__(self, content=CONTENT, size=None):
        self.content = content
        self.descriptor = Descriptor("", digest_of(content), len(content) if size is None else size)

    def chunks(self, start=0):
        for position in range(start, len(self.content), 700_000):
            yield self.content[position : position + 700_000]


class Sent(list):
    """What an upload told of bytes that left."""

    def __call__(self, count):
        self.append(count)


@pytest.fixture
def push(client):
    def one(blob=None):
        sent = Sent()
        client.push_blob("a/b", blob or Pieces(), sent)
        return sent

    return one


def broken_off_after(count):
    """Keep what came, then reset the connection."""

    def act(handler):
        upload = handler.path.partition("?")[0].rpartition("/")[2]
        handler.registry.uploads[upload] += handler.body(count)
        handler.slam()

    return act


def methods(server):
    return [method for method, _, _ in server.asked]


def test_a_blob_goes_in_one_piece(push, server):
    sent = push()
    assert server.blobs["a/b", DIGEST] == CONTENT
    assert methods(server) == ["POST", "PUT"]
    assert (sum(sent), min(sent)) == (len(CONTENT), min(upload.PIECE_BYTES, 700_000 - 2 * upload.PIECE_BYTES))
    assert server.connections == 1
    assert server.asked[1][2]["Content-Length"] == str(len(CONTENT))


def test_an_empty_blob(push, server):
    assert push(BytesBlob("", b"")) == []
    assert server.blobs["a/b", digest_of(b"")] == b""


@pytest.mark.parametrize(
    "location",
    ["{path}", "http://{host}{path}", "{path}?_state=a%2Fb%3D", "https://{host}{path}", "//{host}{path}"],
)
def test_where_it_goes_on_may_be_said_in_many_ways(push, server, location):
    server.location = location
    push()
    assert server.blobs["a/b", DIGEST] == CONTENT
    if "_state" in location:
        assert "?_state=a%2Fb%3D&digest=" in server.asked[1][1]


@pytest.mark.parametrize("location", ["ftp://evil.example{path}", "https://user@evil.example{path}"])
def test_where_nothing_may_be_sent(push, server, location):
    server.location = location
    with pytest.raises(RegistryError, match="nothing may be sent"):
        push()
    assert methods(server) == ["POST"]


def test_a_registry_that_does_not_say_where_it_goes_on(push, server):
    server.fail("POST", "uploads", lambda handler: handler.answer(202))
    with pytest.raises(RegistryError, match="does not say where"):
        push()


def test_another_host_sees_no_credentials(server, other_server, open_client):
    server.challenge = 'Basic realm="x"'
    server.accepted.add("Basic dTpw")
    server.location = f"http://{other_server.host}/v2/a/b/blobs/uploads/upload-0"
    other_server.uploads["upload-0"] = bytearray()
    open_client(server.host, ("u", "p")).push_blob("a/b", Pieces(), Sent())
    assert other_server.blobs["a/b", DIGEST] == CONTENT
    assert all("Authorization" not in headers for _, _, headers in other_server.asked)


def test_a_registry_that_asks_for_chunks_gets_some(push, server, monkeypatch):
    monkeypatch.setattr(upload, "_CHUNK_BYTES", 1_000_000)
    server.upload_headers = {"OCI_Chunk_Min_Length": 1_200_000}
    sent = push()
    assert server.blobs["a/b", DIGEST] == CONTENT
    ranges = [headers["Content-Range"] for method, _, headers in server.asked if method == "PATCH"]
    assert ranges == ["0-1199999", "1200000-2399999", "2400000-2999999"]
    assert sum(sent) == len(CONTENT)


def test_an_upload_that_breaks_off_goes_on_where_it_was(push, server):
    server.fail("PUT", "uploads", broken_off_after(1_500_000))
    server.fail("PATCH", "uploads", broken_off_after(500_000))
    sent = push()
    assert server.blobs["a/b", DIGEST] == CONTENT
    ranges = [headers["Content-Range"] for method, _, headers in server.asked if method == "PATCH"]
    assert ranges == ["1500000-2999999", "2000000-2999999"]
    assert sum(sent) == len(CONTENT)
    assert server.count("POST") == 1


def test_an_upload_that_broke_off_with_nothing_kept_begins_again(push, server):
    server.fail("PUT", "uploads", broken_off_after(0))
    assert sum(push()) == len(CONTENT)
    assert server.blobs["a/b", DIGEST] == CONTENT
    assert server.count("POST") == 2


def test_an_upload_that_always_breaks_off_goes_on_while_it_gets_further(push, server, time):
    server.fail("PUT", "uploads", broken_off_after(100_000))
    server.fail("PATCH", "uploads", broken_off_after(100_000), times=20)
    push()
    assert server.blobs["a/b", DIGEST] == CONTENT
    assert len(time.slept) == 21


def test_an_upload_that_gets_no_further_fails(push, server):
    server.fail("PUT", "uploads", broken_off_after(0), times=100)
    with pytest.raises(RegistryError, match=r"\(6 tries\)") as caught:
        push()
    assert caught.value.code == "registry-unreachable"


def forget(handler):
    handler.registry.uploads.clear()
    handler.discard()
    handler.slam()


def test_a_forgotten_upload_begins_again(push, server):
    server.fail("PUT", "uploads", forget)
    sent = push()
    assert server.blobs["a/b", DIGEST] == CONTENT
    assert methods(server) == ["POST", "PUT", "HEAD", "GET", "POST", "PUT"]
    assert sum(sent) == len(CONTENT)
    assert min(sent) < 0


def test_a_forgotten_upload_that_the_registry_tells_of_begins_again(push, server):
    server.fail("PUT", "uploads", lambda handler: handler.error(404, "BLOB_UPLOAD_UNKNOWN"))
    push()
    assert server.blobs["a/b", DIGEST] == CONTENT


def test_a_server_error_at_the_end_is_tried_again(push, server):
    server.fail("PUT", "uploads", lambda handler: handler.error(503, Retry_After=3))
    sent = push()
    assert server.blobs["a/b", DIGEST] == CONTENT
    assert sum(sent) == len(CONTENT)


def test_a_success_whose_answer_is_lost_is_noticed(push, server):
    def act(handler):
        handler.registry.add_blob("a/b", handler.body())
        handler.slam()

    server.fail("PUT", "uploads", act)
    sent = push()
    assert methods(server) == ["POST", "PUT", "HEAD"]
    assert sum(sent) == len(CONTENT)


def test_a_resumed_upload_that_went_wrong_begins_again(push, server):
    def corrupt(handler):
        handler.registry.uploads["upload-0"] += bytes(2_000_000)
        handler.discard()
        handler.slam()

    server.fail("PUT", "uploads", corrupt)
    push()
    assert server.blobs["a/b", DIGEST] == CONTENT
    assert server.count("POST") == 2


def test_a_blob_that_is_not_what_it_says(push, server):
    with pytest.raises(RegistryError, match=r"another content") as caught:
        push(Pieces(CONTENT, size=len(CONTENT) - 1))
    assert caught.value.code == "bad-digest"
    with pytest.raises(RegistryError, match="only 3000000 of its 3000001 bytes"):
        push(Pieces(CONTENT, size=len(CONTENT) + 1))
    assert server.blobs == {}


def test_a_registry_that_stores_something_else(push, server):
    def lie(handler):
        handler.discard()
        handler.answer(201, Docker_Content_Digest=digest_of(b"other"))

    server.fail("PUT", "uploads", lie)
    with pytest.raises(RegistryError, match="under another digest"):
        push()


def test_what_is_too_large_is_refused_once(push, server):
    server.fail("PUT", "uploads", lambda handler: handler.error(413, "", "too large"), times=9)
    with pytest.raises(RegistryError, match=r"413 .*: too large"):
        push()
    assert server.count("PUT") == 1


def test_a_registry_that_keeps_nothing_of_chunks(push, server):
    server.upload_headers = {"OCI_Chunk_Min_Length": 1}

    def ignore(handler):
        handler.discard()
        handler.answer(202, Range="0-0")

    server.fail("PATCH", "uploads", ignore, times=100)
    with pytest.raises(RegistryError, match="keeps nothing"):
        push(Pieces(CONTENT[:10]))


def test_threads_share_a_client(client, server):
    contents = [os.urandom(500_000) for _ in range(16)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda each: client.push_blob("a/b", BytesBlob("", each), Sent()), contents))
    assert all(server.blobs["a/b", digest_of(each)] == each for each in contents)
    assert server.connections <= 16  # of 32 requests
