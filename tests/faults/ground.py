"""A small model with wheels, a registry for it, whole runs of it, and what must hold after each."""

import json
import os
import random
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass, field
from functools import cached_property
from http.client import HTTPConnection
from pathlib import Path

from odahu_pack_core.blob.descriptor import digest_of_bytes
from odahu_pack_core.blob.packed_layer import PackedLayer
from odahu_pack_core.engine.told_python import python_label
from odahu_pack_core.names import PYTHON_LABEL
from odahu_pack_core.pipeline.jobs import Request
from odahu_pack_core.pipeline.run import package_request
from odahu_pack_core.pipeline.surroundings import Surroundings
from odahu_pack_core.plan.base import BasePython
from odahu_pack_core.plan.files import TextFile
from odahu_pack_core.plugins.catalog import PluginCatalog
from odahu_pack_core.spec.connection import Connection
from odahu_pack_core.spec.packaging import ModelPackaging
from odahu_pack_core.testing import KnownRegistry, files_tar
from tests.core.environment.wheelhouse import build_wheel
from tests.e2e.parts import OBJECTS, gppi_project

ACCEPT = "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json"
PYTHON = BasePython("3.11", "/usr/local/bin/python3.11", "glibc")
_OF_THIS_PLATFORM = "cp311-cp311-manylinux_2_17_x86_64"
_PROGRAM = "from odahu_pack_core.cli import main; main()"


def dose(usual, thorough):
    """Return how many cases to try: more where the profile of hypothesis asks for it."""
    return range(thorough if os.environ.get("HYPOTHESIS_PROFILE") == "thorough" else usual)


@dataclass
class Ground:
    """Where models are packaged.

    Args:
        folder: Holds model, wheels and caches; empty.
        upstream: The registry itself, which lets everybody in.
    """

    folder: Path
    upstream: str
    catalog: PluginCatalog = field(default_factory=PluginCatalog.load)

    def __post_init__(self):
        house = self.folder / "house"
        noise = random.Random(7).randbytes(1_100_000).hex()
        build_wheel(house, "noisy", "1.0", {"noisy.py": "", "noise.txt": noise}, tag=_OF_THIS_PLATFORM)
        build_wheel(house, "greeter", "1.0", {"greeter.py": "def main():\n    print('hello')\n"})
        self.uv_settings = self.folder / "uv.toml"
        self.uv_settings.write_text(f'no-index = true\nfind-links = ["{house}"]\n')
        layers = (b"".join(files_tar([TextFile("/etc/base", b"base" * 20_000)]).chunks()),)
        KnownRegistry(self.upstream).push("bases/python", "3.11", self._base_config(layers), layers)

    def _base_config(self, layers):
        diff_ids = [digest_of_bytes(layer) for layer in layers]
        settings = {
            "Env": ["PATH=/usr/local/bin:/usr/bin"],
            "Labels": {PYTHON_LABEL: python_label(PYTHON, diff_ids)},
        }
        config = {
            "created": "1970-01-01T00:00:00Z",
            "os": "linux",
            "architecture": "amd64",
            "config": settings,
            "rootfs": {"type": "layers", "diff_ids": diff_ids},
            "history": [{"created": "1970-01-01T00:00:00Z", "created_by": "tests"}],
        }
        return json.dumps(config).encode()

    @cached_property
    def plain_model(self):
        """A model that needs no package."""
        return gppi_project(
            self.folder / "plain", OBJECTS, **{"weights.bin": random.Random(1).randbytes(300_000)}
        )

    @cached_property
    def model(self):
        """A model that needs a large wheel and a small one."""
        pip = ("noisy==1.0", "greeter==1.0")
        return gppi_project(
            self.folder / "model", OBJECTS, pip=pip, **{"weights.bin": random.Random(2).randbytes(200_000)}
        )

    def environ(self, cache, **more):
        return {
            **os.environ,
            "ODAHU_PACK_CACHE_DIR": str(cache),
            "UV_CONFIG_FILE": str(self.uv_settings),
            **{name: str(value) for name, value in more.items()},
        }

    def documents(self, host, image, *, base="", password=""):
        """Return packaging and connection as the user writes them."""
        targets = [{"name": f"docker-{way}", "connectionName": "ours"} for way in ("push", "pull")]
        arguments = {"imageName": image, "dockerfileBaseImage": base or f"{host}/bases/python:3.11"}
        spec = {
            "integrationName": "docker-cli",
            "artifactName": "model",
            "targets": targets,
            "arguments": arguments,
        }
        connection = {"type": "docker", "uri": f"{host}/models"}
        if password:
            connection |= {"username": "packer", "password": {"env": "REGISTRY_PASSWORD"}}
        return (
            {"kind": "ModelPackaging", "id": "faults", "spec": spec},
            {"kind": "Connection", "id": "ours", "spec": connection},
        )

    def run(self, host, image, cache, *, model=None, output=None, on_event=None, password="", **more):
        """Package in this process and return the result."""
        packaging, connection = self.documents(host, image, base=more.pop("base", ""), password=password)
        request = Request(
            ModelPackaging.model_validate({key: packaging[key] for key in ("id", "spec")}),
            model or self.model,
            (Connection.model_validate({key: connection[key] for key in ("id", "spec")}),),
            output=output,
        )
        environ = self.environ(cache, REGISTRY_PASSWORD=password, **more)
        return package_request(request, Surroundings(self.catalog, environ, "oci", on_event))

    def start(self, host, image, cache, *words, model=None, password="", **more):
        """Package with the command in a process of its own, and return the process."""
        manifest = self.folder / f"{image.replace(':', '-')}.json"
        documents = self.documents(host, image, base=more.pop("base", ""), password=password)
        manifest.write_text("\n---\n".join(map(json.dumps, documents)))
        preexec = more.pop("preexec_fn", None)
        run = ["local", "pack", "run", "-f", str(manifest), "--artifact", str(model or self.model)]
        return subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, *run, "--engine", "oci", *map(str, words)],
            env=self.environ(cache, REGISTRY_PASSWORD=password, **more),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=preexec,  # noqa: PLW1509  # the tests that ask for it run no threads
        )

    def tag(self, image):
        """Return the digest of a tag of which every blob is there; empty where there is no such tag."""
        repository, _, tag = image.partition(":")
        content = self._get(f"models/{repository}/manifests/{tag}", missing=b"")
        if not content:
            return ""
        manifest = json.loads(content)
        for blob in (manifest["config"], *manifest["layers"]):
            held = self._get(f"models/{repository}/blobs/{blob['digest']}")
            assert (digest_of_bytes(held), len(held)) == (blob["digest"], blob["size"])
        return digest_of_bytes(content)

    def _get(self, path, missing=None):
        connection = HTTPConnection(self.upstream, timeout=10)
        with closing(connection):
            connection.request("GET", f"/v2/{path}", headers={"Accept": ACCEPT})
            answer = connection.getresponse()
            content = answer.read()
        assert answer.status in ({200} if missing is None else {200, 404}), path
        return content if answer.status == 200 else missing


def check_cache(cache):
    """Every layer that a note vouches for is what the note says; nothing half-made lies around."""
    for blob in (cache / "v1" / "layers").glob("*.blob"):
        note = blob.with_suffix(".json")
        if note.exists():
            layer = PackedLayer.from_note(blob, json.loads(note.read_bytes()))
            assert digest_of_bytes(blob.read_bytes()) == layer.descriptor.digest
            assert digest_of_bytes(b"".join(layer.chunks())) == layer.diff_id


def leftovers(cache):
    """Return scratch folders and drafts that no run works on any more."""
    folders = (cache / "drafts", cache / "v1" / "scratch")
    return [path for folder in folders if folder.is_dir() for path in folder.iterdir()]
