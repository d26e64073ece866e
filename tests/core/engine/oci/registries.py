"""Registries that images of tests go into, as particular as real ones."""

import json
import re

from odahu_pack_core.blob.descriptor import OCI_MANIFEST, BytesBlob
from odahu_pack_core.plan.base import BasePython
from odahu_pack_core.plan.files import TextFile
from odahu_pack_core.plan.reference import ImageReference
from odahu_pack_core.plugins.protocols import ImageOutput
from tests.core.engine.oci.parts import base_image
from tests.core.registry.distribution.fault_registry import digest_of

TO_REGISTRY = ImageOutput("registry")
PYTHON = BasePython("3.11", "/usr/bin/python3")


def refuse_incomplete(registry):
    """Let a registry take manifests only with all their blobs, as real ones do."""

    def put(handler):
        content, [repository, reference] = (
            handler.body(),
            re.findall(r"/v2/(.+)/manifests/(.+)", handler.path)[0],
        )
        document = json.loads(content)
        blobs = [document["config"], *document["layers"]] if "layers" in document else []
        children = [(repository, entry["digest"]) for entry in document.get("manifests", ())]
        if not all((repository, blob["digest"]) in registry.blobs for blob in blobs):
            handler.answer(404, {"errors": [{"code": "MANIFEST_BLOB_UNKNOWN", "message": "no"}]})
        elif not all(child in registry.manifests for child in children):
            handler.answer(400, {"errors": [{"code": "MANIFEST_UNKNOWN", "message": "no"}]})
        else:
            for name in (reference, digest_of(content)):
                registry.manifests[repository, name] = (handler.headers["Content-Type"], content)
            handler.answer(201, Docker_Content_Digest=digest_of(content))

    registry.fail("PUT", "/manifests/", put, times=10**6)


def put_base(registry, repository="bases/python", tag="3.11", *files, **more):
    """Put a base image into a registry and return its name."""
    image = base_image(*files, **more)
    config = BytesBlob("application/vnd.oci.image.config.v1+json", json.dumps(image.config).encode())
    blobs = [layer.blob for layer in image.layers]
    for blob in (*blobs, config):
        registry.add_blob(repository, blob.content)
    described = [
        {"mediaType": blob.media_type, "digest": blob.descriptor.digest, "size": blob.descriptor.size}
        for blob in (config, *blobs)
    ]
    manifest = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": described[0],
        "layers": described[1:],
    }
    content = json.dumps(manifest).encode()
    registry.manifests[repository, tag] = (OCI_MANIFEST, content)
    registry.manifests[repository, digest_of(content)] = (OCI_MANIFEST, content)
    return ImageReference.parse(f"{registry.host}/{repository}:{tag}")


def manifest_of(registry, repository, tag="1"):
    return json.loads(registry.manifests[repository, tag][1])


def unique(text):
    return (TextFile("/opt/odahu/unique", text.encode()),)
