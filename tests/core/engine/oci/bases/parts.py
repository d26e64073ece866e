"""Layers and images written by hand, and what holds them."""

import gzip
import io
import json
import tarfile
from contextlib import contextmanager
from dataclasses import dataclass, field

import zstandard

from odahu_pack_core.blob.descriptor import (
    OCI_CONFIG,
    OCI_INDEX,
    OCI_LAYER_GZIP,
    OCI_MANIFEST,
    BytesBlob,
    Descriptor,
    digest_of_bytes,
)
from odahu_pack_core.engine.oci.source_image import SourceLayer
from odahu_pack_core.plugins.distribution import FetchedManifest

ELF = b"\x7fELF" + b"\0" * 600 + b"/lib64/ld-linux-x86-64.so.2\0" + b"\0" * 9000
MUSL_ELF = b"\x7fELF" + b"\0" * 600 + b"/lib/ld-musl-x86_64.so.1\0" + b"\0" * 9000
PACKERS = {
    "plain": lambda tar: tar,
    "gzip": gzip.compress,
    "members": lambda tar: b"".join(gzip.compress(tar[at : at + 700]) for at in range(0, len(tar), 700)),
    "padded": lambda tar: gzip.compress(tar) + b"\0" * 3000,
    "zstd": zstandard.compress,
    "frames": lambda tar: b"".join(zstandard.compress(tar[at : at + 700]) for at in range(0, len(tar), 700)),
}


def tar_of(entries, tar_format=tarfile.PAX_FORMAT):
    """Return a tar of ``(path, kind, content or target, mode)``."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tar_format) as tar:
        for path, kind, value, mode in entries:
            member = tarfile.TarInfo(path)
            member.type, member.mode = kind, mode
            content = value if kind == tarfile.REGTYPE else b""
            member.size = len(content)
            member.linkname = value if kind in {tarfile.SYMTYPE, tarfile.LNKTYPE} else ""
            tar.addfile(member, io.BytesIO(content))
    return out.getvalue()


def program(path, content=ELF):
    return path, tarfile.REGTYPE, content, 0o755


def link(path, target):
    return path, tarfile.SYMTYPE, target, 0o777


def directory(path):
    return path, tarfile.DIRTYPE, b"", 0o755


def file(path, content=b""):
    return path, tarfile.REGTYPE, content, 0o644


@dataclass
class CountedBlob:
    """A blob that counts how often it is read."""

    content: bytes
    reads: int = 0

    @property
    def descriptor(self):
        return Descriptor(OCI_LAYER_GZIP, digest_of_bytes(self.content), len(self.content))

    def chunks(self, start=0):
        self.reads += 1
        for at in range(start, len(self.content), 1000):
            yield self.content[at : at + 1000]


def layer(*entries, pack="gzip", tar_format=tarfile.PAX_FORMAT):
    tar = tar_of(entries, tar_format)
    return SourceLayer(digest_of_bytes(tar), CountedBlob(PACKERS[pack](tar)))


def image_blobs(tars, settings=None, platform="linux/amd64", **manifest):
    """Return config, manifest and layers of an image as blobs."""
    layers = [BytesBlob(OCI_LAYER_GZIP, gzip.compress(tar, mtime=0)) for tar in tars]
    system, architecture, *variant = platform.split("/")
    config = {
        "os": system,
        "architecture": architecture,
        **({"variant": variant[0]} if variant else {}),
        "config": settings or {},
        "rootfs": {"type": "layers", "diff_ids": [digest_of_bytes(tar) for tar in tars]},
    }
    config_blob = BytesBlob(OCI_CONFIG, json.dumps(config).encode())
    document = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": entry_of(config_blob),
        "layers": [entry_of(blob) for blob in layers],
        **manifest,
    }
    return BytesBlob(OCI_MANIFEST, json.dumps(document).encode()), [config_blob, *layers]


def index_blob(*entries):
    document = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": list(entries)}
    return BytesBlob(OCI_INDEX, json.dumps(document).encode())


def entry_of(blob, platform="", **more):
    names = (
        dict(zip(("os", "architecture", "variant"), platform.split("/"), strict=False)) if platform else None
    )
    found = blob.descriptor
    entry = {"mediaType": found.media_type, "digest": found.digest, "size": found.size, **more}
    return {**entry, "platform": names} if names else entry


@dataclass
class MemoryRegistry:
    """A registry in memory that notes what it is asked for; opens itself."""

    manifests: dict = field(default_factory=dict)
    blobs: dict = field(default_factory=dict)
    asked: list = field(default_factory=list)
    opened: list = field(default_factory=list)
    closed: int = 0

    def hold(self, name, root, blobs=()):
        repository, tag = name
        for blob in (root, *blobs):
            self.blobs[blob.descriptor.digest] = blob.content
        self.manifests[repository, tag] = self.manifests[repository, root.descriptor.digest] = root

    def open(self, host, access):
        self.host = host
        self.opened.append((host, access))
        return self

    def manifest(self, repository, reference):
        self.asked.append(f"{repository} {reference}")
        root = self.manifests.get((repository, reference))
        return root and FetchedManifest(root.descriptor, root.content)

    @contextmanager
    def open_blob(self, repository, descriptor):
        self.asked.append(f"{repository} {descriptor.digest}")
        content = self.blobs[descriptor.digest]
        yield iter([content[:10], content[10:]])

    def close(self):
        self.closed += 1


def write_layout(path, root, blobs, *entries):
    """Write an OCI image layout."""
    (path / "blobs/sha256").mkdir(parents=True)
    for blob in (root, *blobs):
        (path / "blobs" / blob.descriptor.digest.replace(":", "/")).write_bytes(blob.content)
    (path / "oci-layout").write_text('{"imageLayoutVersion":"1.0.0"}')
    (path / "index.json").write_bytes(index_blob(*(entries or [entry_of(root)])).content)
