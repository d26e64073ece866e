"""A base image made of bytes, the engine on top of it, and what reads the images that it makes."""

import gzip
import hashlib
import io
import json
import tarfile
from dataclasses import dataclass, replace
from pathlib import Path

import zstandard
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from odahu_pack_core.blob.descriptor import (
    OCI_CONFIG,
    OCI_INDEX,
    OCI_LAYER_GZIP,
    OCI_LAYER_ZSTD,
    OCI_MANIFEST,
    BytesBlob,
    digest_of_bytes,
)
from odahu_pack_core.engine.oci.engine import OciEngine
from odahu_pack_core.engine.oci.source_image import SourceImage, SourceLayer
from odahu_pack_core.plan.base import BaseFacts
from odahu_pack_core.plan.files import TextFile
from odahu_pack_core.plan.reference import ImageReference
from tests.core.engine.parts import planned_tar

SCHEMAS = Path(__file__).parent / "schemas"
SETTINGS = {
    "Env": ["PATH=/usr/local/bin:/usr/bin:/bin", "LANG=C.UTF-8"],
    "Cmd": ["python3"],
    "Labels": {"of": "base"},
    "Healthcheck": {"Test": ["CMD", "true"]},
    "StopSignal": "SIGINT",
    "Volumes": {"/var/lib/base": {}},
    "OnBuild": ["RUN false"],
    "Image": "sha256:of-another",
}


def base_image(*files, platform="linux/amd64", reference="python:3.11-slim", **more):
    """Return a base image with a layer for each file."""
    layers = [_layer(file) for file in files or (TextFile("/etc/base", b"base"),)]
    system, architecture = platform.split("/")[:2]
    config = {
        "os": system,
        "architecture": architecture,
        "docker_version": "20.10",
        "container": "0123",
        "config": SETTINGS,
        "rootfs": {"type": "layers", "diff_ids": [layer.diff_id for layer in layers]},
        "history": [{"created": "2024-02-01T00:00:00.5Z", "created_by": "ADD file in /"} for _ in layers],
        **more,
    }
    pinned = ImageReference.parse(reference).pinned(digest_of_bytes(json.dumps(config).encode()))
    facts = BaseFacts(pinned, digest_of_bytes(b"config"), platform, "3.11", "/usr/bin/python3")
    return SourceImage(pinned, pinned.digest, config, tuple(layers), facts)


def _layer(file):
    content = b"".join(planned_tar(file).chunks())
    blob = BytesBlob(OCI_LAYER_GZIP, gzip.compress(content, mtime=0))
    return SourceLayer(digest_of_bytes(content), blob)


def with_zstd(image):
    """Return a base image whose layers are compressed with zstd."""
    blobs = [zstandard.compress(unpacked(layer.blob.content)) for layer in image.layers]
    layers = [
        SourceLayer(layer.diff_id, BytesBlob(OCI_LAYER_ZSTD, blob))
        for layer, blob in zip(image.layers, blobs, strict=True)
    ]
    return replace(image, layers=tuple(layers))


def for_platforms(request, bases):
    """Return a request for the platforms of base images; the model's layer is the same in each."""
    [image] = request.plan.images
    images = tuple(replace(image, base=base.facts) for base in bases)
    layers = dict.fromkeys((base.facts.platform for base in bases), request.layers["linux/amd64"])
    return replace(request, plan=replace(request.plan, images=images), layers=layers)


@dataclass
class Bases:
    """Base images by platform; counts how often one was asked for."""

    images: tuple
    asked: int = 0

    def find(self, _, platform, *__):
        self.asked += 1
        return next(image for image in self.images if image.facts.platform == platform)


def no_registry(host, _):
    raise AssertionError(f"{host} was asked for")


def oci_engine(environ, *images, open_registry=no_registry):
    return OciEngine(environ, open_registry, Bases(images or (base_image(),)))


@dataclass
class Layout:
    """An OCI image layout as its files."""

    files: dict

    @classmethod
    def of(cls, path):
        """Read a folder or a tar."""
        if path.is_dir():
            files = {
                str(file.relative_to(path)): file.read_bytes() for file in path.rglob("*") if file.is_file()
            }
            return cls(files)
        with tarfile.open(path, "r:") as tar:
            return cls({member.name: tar.extractfile(member).read() for member in tar})

    def json(self, path):
        return json.loads(self.files[path])

    def blob(self, descriptor):
        content = self.files[blob_path(descriptor["digest"])]
        assert hashlib.sha256(content).hexdigest() == descriptor["digest"].partition(":")[2]
        assert len(content) == descriptor["size"]
        return content

    @property
    def root(self):
        """The descriptor of the only image."""
        [root] = self.json("index.json")["manifests"]
        return root

    def images(self):
        """Return manifest and config of each platform, all of it valid."""
        checked("index", self.json("index.json"))
        root = json.loads(self.blob(self.root))
        if self.root["mediaType"] == OCI_INDEX:
            checked("index", root)
            manifests = [json.loads(self.blob(entry)) for entry in root["manifests"]]
        else:
            assert self.root["mediaType"] == OCI_MANIFEST
            manifests = [root]
        return [(checked("manifest", manifest), self._config(manifest)) for manifest in manifests]

    def _config(self, manifest):
        config = checked("config", json.loads(self.blob(manifest["config"])))
        assert manifest["config"]["mediaType"] == OCI_CONFIG
        streams = [unpacked(self.blob(layer)) for layer in manifest["layers"]]
        assert [digest_of_bytes(stream) for stream in streams] == config["rootfs"]["diff_ids"]
        filled = [entry for entry in config["history"] if not entry.get("empty_layer")]
        assert len(filled) == len(streams)
        return config

    def entries(self, manifest):
        """Return the tar entries of each layer."""
        return [members(unpacked(self.blob(layer))) for layer in manifest["layers"]]


def unpacked(content):
    if content.startswith(b"\x28\xb5\x2f\xfd"):
        return zstandard.decompress(content)
    return gzip.decompress(content) if content.startswith(b"\x1f\x8b") else content


def members(stream):
    with tarfile.open(fileobj=io.BytesIO(stream)) as tar:
        return {f"/{member.name}": member for member in tar}


def blob_path(digest):
    return f"blobs/{digest.replace(':', '/')}"


def checked(name, document):
    """Return a document that fits the schema of its kind."""
    resources = {
        path.name: Resource.from_contents(json.loads(path.read_text())) for path in SCHEMAS.iterdir()
    }
    registry = Registry().with_resources(resources.items())
    Draft202012Validator(resources[f"{name}.json"].contents, registry=registry).validate(document)
    return document
