import pytest

from odahu_pack_core.errors import RegistryError

from .fault_registry import digest_of

CONTENT = b"a layer"
DIGEST = digest_of(CONTENT)


def test_what_another_repository_has_appears(client, server):
    server.add_blob("base", CONTENT)
    assert client.mount_blob("a/b", DIGEST, "base")
    assert server.blobs["a/b", DIGEST] == CONTENT
    assert [method for method, _, _ in server.asked] == ["POST"]


def test_a_registry_that_cannot_is_told_to_forget_it(client, server):
    assert not client.mount_blob("a/b", DIGEST, "x/y")
    assert [method for method, _, _ in server.asked] == ["POST", "DELETE"]
    assert server.uploads == {}


@pytest.mark.parametrize("status", [403, 404, 405])
def test_a_registry_that_will_not(client, server, status):
    server.fail("POST", "mount", lambda handler: handler.error(status))
    assert not client.mount_blob("a/b", DIGEST, "x/y")


def test_a_registry_that_fails(client, server):
    server.fail("POST", "mount", lambda handler: handler.error(500), times=9)
    with pytest.raises(RegistryError, match="500"):
        client.mount_blob("a/b", DIGEST, "x/y")
