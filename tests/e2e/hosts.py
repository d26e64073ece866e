"""Whoever packages, and where: the command as run by another user, Python, processor, in another folder."""

import json
import os
import random
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from odahu_pack_core.blob.descriptor import OCI_INDEX, digest_of_bytes
from odahu_pack_core.engine.told_python import python_label
from odahu_pack_core.plan.base import BasePython
from odahu_pack_core.plan.files import TextFile
from tests.core.engine.parts import planned_tar
from tests.e2e.parts import packaging
from workbench.rootless.layout import LayoutWriter

REPOSITORY = Path(__file__).parents[2]
DISTRIBUTIONS = {
    "odahu-pack-core": ".",
    "odahu-pack-docker-rest": "plugins/docker_rest",
    "odahu-pack-docker-cli": "plugins/docker_cli",
}
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
NOBODY = 65534
_RUN = "import sys; from odahu_pack_core.cli import main; sys.exit(main())"
_NOISE = random.Random(1).randbytes(64 * 1024)
_HANDED_ON = ("UV_CACHE_DIR", "SSL_CERT_FILE", "SSL_CERT_DIR")


@dataclass(frozen=True)
class Host:
    """What a run finds around itself.

    Args:
        python: The Python that runs odahu-pack, which is installed there.
        prefix: What starts it: ``setpriv``, ``taskset`` or an emulator, with their arguments.
        environ: Environment variables.
        umask: Of the process.
        cwd: Where it runs.
        uid: The user.
    """

    python: Path = Path(sys.executable)
    prefix: tuple[str, ...] = ()
    environ: dict[str, str] = field(default_factory=dict)
    umask: int = 0o022
    cwd: str = "/"
    uid: int = 0

    def package(self, folder, request, artifact, *options):
        """Package into a layout, with a home and a cache that nobody used before; return what it says."""
        folder.mkdir()
        for name in ("home", "tmp", "cache", "out"):
            (folder / name).mkdir()
            if self.uid:
                os.chown(folder / name, self.uid, self.uid)
        output = ("--output", f"type=oci,dest={folder}/out/image")
        command = ("local", "pack", "run", "-f", request, "--artifact", artifact, *output, *options)
        done = subprocess.run(
            [*self.prefix, self.python, "-c", _RUN, *command],
            env={**_surroundings(folder), **self.environ},
            cwd=self.cwd,
            umask=self.umask,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    def digest(self, folder, request, artifact):
        """Package, and return the digest of the image's manifest."""
        self.package(folder, request, artifact)
        return digest_in(folder / "out" / "image")


def _surroundings(folder):
    """Return the least that a run needs: nothing of who runs the tests but the way to the package index."""
    handed_on = {name: os.environ[name] for name in _HANDED_ON if name in os.environ}
    handed_on |= {name: value for name, value in os.environ.items() if name.lower().endswith("_proxy")}
    if settings := os.environ.get("UV_CONFIG_FILE"):
        handed_on["UV_CONFIG_FILE"] = str(shutil.copyfile(settings, folder / "uv.toml"))
    own = {"HOME": f"{folder}/home", "TMPDIR": f"{folder}/tmp", "ODAHU_PACK_CACHE_DIR": f"{folder}/cache"}
    return {**handed_on, **own, "PATH": PATH, "DOCKER_HOST": f"unix://{folder}/no-engine.sock"}


def digest_in(layout):
    """Return the digest of the only image of a layout."""
    (entry,) = json.loads((layout / "index.json").read_text())["manifests"]
    return entry["digest"]


def labelled_base(layout, platform="linux/amd64"):
    """Write a base image of one file that tells of a Python; nothing of it is ever run."""
    layer = b"".join(planned_tar(TextFile("/etc/base", _NOISE)).chunks())
    label = python_label(BasePython("3.11", "/usr/bin/python3", "glibc"))
    config = {
        "os": "linux",
        "architecture": platform.partition("/")[2],
        "created": "1970-01-01T00:00:00Z",
        "config": {"Env": [f"PATH={PATH}"], "Labels": {"org.odahu.pack.python": label}},
        "history": [{"created": "1970-01-01T00:00:00Z", "created_by": "tests"}],
    }
    LayoutWriter(layout).write("python3.11", layer, config)
    return layout


def merged_layout(layout, layouts):
    """Write a layout of one index, whose images are those of others, each the one of a platform."""
    unfinished = layout.with_name(f"{layout.name}.{os.getpid()}")
    manifests = []
    for platform, each in layouts.items():
        shutil.copytree(each / "blobs", unfinished / "blobs", dirs_exist_ok=True)
        (entry,) = json.loads((each / "index.json").read_text())["manifests"]
        system, architecture = platform.split("/")
        del entry["annotations"]
        manifests.append({**entry, "platform": {"os": system, "architecture": architecture}})
    index = json.dumps(_index_of(manifests)).encode()
    digest = digest_of_bytes(index)
    (unfinished / "blobs" / digest.replace(":", "/")).write_bytes(index)
    root = {"mediaType": OCI_INDEX, "digest": digest, "size": len(index)}
    (unfinished / "index.json").write_text(json.dumps(_index_of([root])))
    (unfinished / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    unfinished.rename(layout)
    return layout


def _index_of(manifests):
    return {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": manifests}


def written_request(path, base, **arguments):
    """Write a packaging that pushes nowhere."""
    request = packaging("docker-rest", dockerfileBaseImage=f"oci:{base}", **arguments)
    document = request.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude={"kind"})
    document["spec"]["targets"] = []
    path.write_text(json.dumps({"kind": "ModelPackaging", **document}))
    return path


def install(folder, python):
    """Install odahu-pack for a Python into a folder, as its users do; return the Python there."""
    uv = Path(sys.executable).with_name("uv")
    own = folder / "bin" / "python"
    subprocess.run([uv, "venv", "--quiet", "--python", python, folder], check=True)
    # uv remembers what it built of a folder, whatever changes in it.
    fresh = [f"--refresh-package={name}" for name in DISTRIBUTIONS]
    paths = [REPOSITORY / each for each in DISTRIBUTIONS.values()]
    subprocess.run([uv, "pip", "install", "--quiet", *fresh, "--python", own, *paths], check=True)
    return own
