"""Triton 2.51, the server of release 24.10, from NVIDIA's own PyTriton wheel."""

import shutil
from pathlib import Path

from workbench.recipes.debian import DEBIAN
from workbench.recipes.recipe import Kitchen, Recipe
from workbench.wheels import unpacked_wheels

__all__ = ["TRITON"]

_WHEEL = "nvidia-pytriton==0.7.0"
_RELEASE = "24.10"
_SERVER = "2.51.0"

# NVIDIA's image of this release has Ubuntu's Python 3.10, which odahu-pack knows; this one has Debian's.
_LABEL = '{"interpreter":"/usr/bin/python3.11","libc":"glibc","python":"3.11"}'

# The release's own entry point prints a banner and ends with the same line.
_ENTRYPOINT = """\
#!/bin/sh
exec "$@"
"""
_DOCKERFILE = f"""\
FROM @PARENT@
RUN apt-get update \\
 && apt-get install -y --no-install-recommends libpython3.11 python3-numpy \\
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /usr/share/doc/* /var/log/*
COPY opt /opt
ENV PATH=/opt/tritonserver/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \\
    LD_LIBRARY_PATH=/opt/tritonserver/lib \\
    TRITON_SERVER_VERSION={_SERVER} \\
    NVIDIA_TRITON_SERVER_VERSION={_RELEASE}
WORKDIR /opt/tritonserver
ENTRYPOINT ["/opt/nvidia/nvidia_entrypoint.sh"]
LABEL org.odahu.pack.python='{_LABEL}'
CMD []
"""
_PROOF = f"""\
import json, subprocess, time, urllib.request
server = subprocess.Popen(
    ["tritonserver", "--model-repository=/mnt", "--allow-grpc=false", "--allow-metrics=false"],
    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
)
for attempt in range(150):
    time.sleep(0.2)
    try:
        told = json.load(urllib.request.urlopen("http://127.0.0.1:8000/v2"))
        break
    except OSError:
        assert server.poll() is None, "tritonserver ended with %s" % server.returncode
server.kill()
assert told["version"] == "{_SERVER}", told
"""


def _unpack(kitchen: Kitchen) -> None:
    wheel = unpacked_wheels([_WHEEL], kitchen.pantry, kitchen.environ)
    package, home = wheel / "pytriton", kitchen.context / "opt" / "tritonserver"
    shutil.copytree(package / "tritonserver" / "backends" / "python", home / "backends" / "python")
    shutil.copytree(wheel / "nvidia_pytriton.libs", home / "lib")
    _copy_program(package / "tritonserver" / "bin" / "tritonserver", home / "bin")
    stub = package / "tritonserver" / "python_backend_stubs" / "3.11" / "triton_python_backend_stub"
    _copy_program(stub, home / "backends" / "python")
    entrypoint = kitchen.context / "opt" / "nvidia" / "nvidia_entrypoint.sh"
    entrypoint.parent.mkdir()
    entrypoint.write_text(_ENTRYPOINT)
    entrypoint.chmod(0o755)


def _copy_program(source: Path, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / source.name
    shutil.copyfile(source, target)
    target.chmod(0o755)


TRITON = Recipe(
    name="triton",
    references=(f"nvcr.io/nvidia/tritonserver:{_RELEASE}-py3",),
    dockerfile=_DOCKERFILE,
    proof=("python3", "-c", _PROOF),
    prepare=_unpack,
    parent=DEBIAN,
    inputs=(_WHEEL, _ENTRYPOINT),
)
"""A real tritonserver with its Python backend, under the tag of the release that it is."""
