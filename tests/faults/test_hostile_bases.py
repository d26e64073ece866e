"""Whole runs upon bases, and at registries, made by an enemy: refused in words, soon, and without escapes."""

import gzip
import json
import time
from contextlib import ExitStack

import pytest

from odahu_pack_core.blob.descriptor import digest_of_bytes
from odahu_pack_core.errors import RegistryError
from odahu_pack_core.testing import base_image
from tests.core.registry.distribution.serving import Serving
from tests.faults.conftest import PASSWORD

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"
CONFIG, (TREE,) = base_image("linux/amd64")
ESCAPE = "\x1b]0;owned\x07\x1b[31m\u202e"

pytestmark = [pytest.mark.registry, pytest.mark.slow, pytest.mark.usefixtures("in_a_hurry", "no_threads")]


@pytest.fixture
def server():
    with Serving() as registry:
        yield registry


class Base:
    """A base image of which anything can be changed before it is put into a registry."""

    def __init__(self, server):
        self.server = server
        self.config = json.loads(CONFIG)
        self.manifest = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": {},
            "layers": [self.blob(TREE, LAYER)],
        }

    def blob(self, content, kind, **changes):
        digest = self.server.add_blob("bases/python", content)
        return {"mediaType": kind, "digest": digest, "size": len(content), **changes}

    def put(self, **changes):
        kind = "application/vnd.oci.image.config.v1+json"
        content = json.dumps(self.config).encode()
        self.manifest["config"] = self.blob(content, kind, **changes)
        return self.put_document(self.manifest, MANIFEST)

    def put_document(self, document, kind):
        content = json.dumps(document).encode()
        for name in ("3.11", digest_of_bytes(content)):
            self.server.manifests["bases/python", name] = (kind, content)
        return digest_of_bytes(content)

    def with_layer(self, content, kind):
        self.manifest["layers"] = [self.blob(content, kind)]
        self.put()


def _size_of_layer(base):
    base.manifest["layers"][0]["size"] += 1
    base.put()


def _size_of_config(base):
    base.put(size=1)


def _absurd_config(base):
    base.put(size=1 << 50)


def _many_layers(base):
    base.manifest["layers"] *= 20_000
    base.config["rootfs"]["diff_ids"] *= 20_000
    base.put()


def _no_rootfs(base):
    del base.config["rootfs"]
    base.put()


def _rootfs_of_escapes(base):
    base.config["rootfs"] = {"type": ESCAPE, "diff_ids": [ESCAPE]}
    base.put()


def _digest_of_escapes(base):
    base.manifest["layers"][0]["digest"] = f"sha256:{ESCAPE}"
    base.put()


def _digest_of_a_path(base):
    base.manifest["layers"][0]["digest"] = "sha256:../../../../etc/passwd"
    base.put()


def _kind_of_escapes(base):
    base.manifest["layers"][0]["mediaType"] = ESCAPE
    base.put()


def _other_content(base):
    digest = base.manifest["layers"][0]["digest"]
    base.server.blobs["bases/python", digest] = TREE[::-1]
    base.put()


def _bomb(base):
    base.with_layer(gzip.compress(bytes(1 << 30), 9) + b"trailing", f"{LAYER}+gzip")


def _no_layer_at_all(base):
    base.with_layer(b"\x1f\x8b" + b"rubbish" * 100, f"{LAYER}+gzip")


def _index_in_itself(base):
    entry = {"mediaType": INDEX, "digest": "sha256:" + "0" * 64, "size": 100}
    content = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [entry]}).encode()
    base.server.manifests["bases/python", "3.11"] = (INDEX, content)
    base.server.manifests["bases/python", entry["digest"]] = (INDEX, content)


def _indexes_without_end(base):
    digest, kind = base.put(), MANIFEST
    for _ in range(50):
        platform = {"os": "linux", "architecture": "amd64"}
        entry = {"mediaType": kind, "digest": digest, "size": 100, "platform": platform}
        document = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [entry]}
        digest, kind = base.put_document(document, INDEX), INDEX


def _page(base):
    base.server.manifests["bases/python", "3.11"] = (MANIFEST, f"<html>{ESCAPE}</html>".encode())


def _redirects(base):
    def turn(handler):
        handler.answer(307, Location=handler.path)

    base.server.fail("GET", "/manifests/", turn, times=1000)


def _error_of_escapes(base):
    def refuse(handler):
        handler.error(400, ESCAPE, ESCAPE * 1000)

    base.server.fail("GET", "/manifests/", refuse, times=1000)


BASES = [
    _size_of_layer,
    _size_of_config,
    _absurd_config,
    _many_layers,
    _no_rootfs,
    _rootfs_of_escapes,
    _digest_of_escapes,
    _digest_of_a_path,
    _kind_of_escapes,
    _other_content,
    _bomb,
    _no_layer_at_all,
    _index_in_itself,
    _indexes_without_end,
    _page,
    _redirects,
    _error_of_escapes,
]


@pytest.mark.parametrize("make", BASES, ids=lambda make: make.__name__.strip("_"))
def test_a_hostile_base_is_refused(ground, server, cache, make):
    make(Base(server))
    started, events = time.monotonic(), []
    with pytest.raises(RegistryError) as caught:
        ground.run(server.host, "upon-an-enemy:1", cache, on_event=events.append)
    assert time.monotonic() - started < 10
    assert ("models/upon-an-enemy", "1") not in server.manifests
    assert all(character.isprintable() for character in f"{caught.value.message}{caught.value.hint}")
    assert len(str(caught.value)) < 2000


def test_a_token_server_elsewhere_sees_no_credentials_in_the_clear(ground, server, cache):
    with ExitStack() as stack:
        other = stack.enter_context(Serving())
        realm = f"http://localhost.evil.example:{other.host.rpartition(':')[2]}/token"
        server.challenge = f'Bearer realm="{realm}",service="x"'
        with pytest.raises(RegistryError, match="does not speak TLS"):
            ground.run(server.host, "elsewhere:1", cache, password=PASSWORD)
        assert other.asked == []
