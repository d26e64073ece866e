"""Where all contenders are measured: one engine, one registry, one base image, nothing known of before."""

import configparser
import os
import shutil
import ssl
import uuid
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.build_cache import BuildCache
from benchmarks.docker import Docker
from benchmarks.ground import MINOR, forget, fresh_environ
from benchmarks.peers import UV
from workbench import BaseImages, DockerEngine, Registry

_BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
_INDEXES = ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX", "UV_INDEX_URL")
# What no round changes is built once: pip as the official images have it, and the host's certificates.
_WITH_PIP = """\
FROM {python}
COPY certificates.crt /etc/ssl/certs/ca-certificates.crt
ENV {variables}
RUN python3 -m ensurepip --default-pip && python3 -m pip install --quiet --upgrade pip
"""
# BuildKit knows a base by its layers: a file of its own makes every later step unknown. The folder of
# uv's cache keeps apart the rounds of those who mount a cache while they build.
_UNKNOWN = """\
COPY unknown /etc/odahu-pack-benchmark
ENV UV_CACHE_DIR=/root/.cache/odahu-pack-benchmark-{mark}
"""
_SWEEP = """\
FROM {base}
RUN --mount=type=cache,target=/root/.cache/,sharing=locked rm -rf /root/.cache/odahu-pack-benchmark-{mark}
"""
_UV_IMAGE = "FROM scratch\nCOPY uv /uv\n"


@dataclass
class Arena:
    """One round's ground.

    Args:
        folder: For what contenders write.
        environ: Environment variables with a home, caches and a PATH of the round's own.
        docker: The docker command, logged in to the registry.
        registry: Receives the images; the base is there.
        base: The base image: one name in the engine and in the registry.
        uv_image: An image in the engine that holds nothing but uv.
        images: Names in the engine that the round leaves behind.
    """

    folder: Path
    environ: Mapping[str, str]
    docker: Docker
    registry: Registry
    base: str
    uv_image: str
    images: list[str] = field(default_factory=list)

    def new_image(self, name: str) -> str:
        """Return an image reference in the registry that was never used."""
        image = f"{self.registry.host}/benchmark/{name}:{uuid.uuid4()}"
        self.images.append(image)
        return image

    def blobs(self) -> Iterator[Path]:
        """Return the files in the registry's store that hold blobs and manifests."""
        return self.registry.storage.glob("docker/registry/v2/blobs/*/*/*/data")

    def stored_bytes(self) -> int:
        """Return the size of all blobs and manifests in the registry."""
        return sum(file.stat().st_size for file in self.blobs())


@contextmanager
def fresh_arena(folder: Path) -> Iterator[Arena]:
    """Make ground where nothing was packaged before.

    Args:
        folder: An empty folder.
    """
    with ExitStack() as stack:
        engine = stack.enter_context(DockerEngine())
        registry = stack.enter_context(Registry(username="benchmark"))
        environ = fresh_environ(engine, registry, folder)
        docker = Docker(environ, folder / "bin")
        login = ("login", registry.host, "--username", registry.username or "", "--password-stdin")
        docker(*login, text=registry.password or "")
        mark = uuid.uuid4().hex[:8]
        arena = Arena(
            folder,
            docker.environ,
            docker,
            registry,
            f"{registry.host}/bases/python:{MINOR}-{mark}",
            f"odahu-pack-benchmark/uv:{mark}",
        )
        stack.callback(BuildCache(docker).forget_base, mark)
        stack.callback(lambda: forget(arena.images, arena.environ))
        _build_base(arena, BaseImages(engine.environ, engine.state).ensure(f"python{MINOR}"), mark)
        _build_uv(arena)
        stack.callback(_sweep, arena, mark)
        yield arena


def _build_base(arena: Arena, python: str, mark: str) -> None:
    context = arena.folder / "base"
    context.mkdir()
    bundle = os.environ.get("SSL_CERT_FILE") or ssl.get_default_verify_paths().cafile or _BUNDLE
    shutil.copy(bundle, context / "certificates.crt")
    (context / "unknown").write_text(mark)
    variables = " ".join(f'{name}="{value}"' for name, value in _settings_of_images().items())
    dockerfile = _WITH_PIP.format(python=python, variables=variables) + _UNKNOWN.format(mark=mark)
    (context / "Dockerfile").write_text(dockerfile)
    arena.docker("build", "--quiet", "--tag", arena.base, context)
    arena.images.append(arena.base)
    arena.docker("push", "--quiet", arena.base)


def _build_uv(arena: Arena) -> None:
    context = arena.folder / "uv-image"
    context.mkdir()
    shutil.copy(UV, context / "uv")
    (context / "Dockerfile").write_text(_UV_IMAGE)
    arena.docker("build", "--quiet", "--tag", arena.uv_image, context)
    arena.images.append(arena.uv_image)


def _sweep(arena: Arena, mark: str) -> None:
    """Empty the round's folder in the cache that builds mount."""
    image = f"odahu-pack-benchmark/sweep:{mark}"
    arena.images.append(image)
    arena.docker("build", "--quiet", "--tag", image, "-", text=_SWEEP.format(base=arena.base, mark=mark))


def _settings_of_images() -> dict[str, str]:
    """Return variables with which pip and uv in images use the host's package index and certificates."""
    config = configparser.ConfigParser(interpolation=None)
    config.read(["/etc/pip.conf", os.environ.get("PIP_CONFIG_FILE") or Path.home() / ".config/pip/pip.conf"])
    index = config.get("global", "index-url", fallback="")
    return {
        "PIP_CERT": _BUNDLE,
        "SSL_CERT_FILE": _BUNDLE,
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        **({"PIP_INDEX_URL": index, "UV_DEFAULT_INDEX": index} if index else {}),
        **{name: os.environ[name] for name in _INDEXES if name in os.environ},
    }
