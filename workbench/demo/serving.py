"""The image as a server: run by Docker or podman, else its own layers run by this machine's Python."""

from __future__ import annotations

import os
import shutil
import socket
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from workbench.command import run as run_quietly
from workbench.demo.bases import MINOR
from workbench.demo.image import Image
from workbench.demo.packaging import Packaging
from workbench.demo.stage import DemoError, Stage
from workbench.errors import WorkbenchError

__all__ = ["Server", "serve"]

_READY_SECONDS = 60
_ASK_SECONDS = 20
_POLL_SECONDS = 0.1
_LABEL = "odahu-pack-demo"
_OURS = "/opt/"


@dataclass(frozen=True)
class Server:
    """A server that answers.

    Args:
        address: Where it listens.
        how: Who runs it, in words.
    """

    address: str
    how: str


def serve(packaging: Packaging, image: Image, stack: ExitStack) -> Server:
    """Start the image and return the server once it is healthy.

    Args:
        packaging: Brings the image into an engine that does not read layouts.
        image: The image.
        stack: Ends the server, and removes what was made for it.

    Raises:
        DemoError: The image does not start.
    """
    runtimes: dict[str, Callable[[], Iterator[str]]] = {
        "Docker": lambda: _docker(packaging),
        "podman": lambda: _podman(packaging.stage, image),
    }
    why = "no container runtime here"
    for name, present in (("Docker", _docker_answers), ("podman", _podman_works)):
        if not present(packaging.stage):
            continue
        with suppress(DemoError):
            return Server(stack.enter_context(contextmanager(runtimes[name])()), f"in {name}")
        why = f"{name} is here but fails (see {packaging.stage.log})"
    address = stack.enter_context(_layers(packaging.stage, image))
    return Server(address, f"{why}: the image's own layers on this Python {MINOR}")


def _docker_answers(stage: Stage) -> bool:
    return _succeeds(stage, "docker", "version", "--format", "{{.Server.Version}}")


def _podman_works(stage: Stage) -> bool:
    return _succeeds(stage, "podman", "info")


def _succeeds(stage: Stage, *argv: str) -> bool:
    if shutil.which(argv[0], path=stage.environ["PATH"]) is None:
        return False
    try:
        run_quietly(argv, environ=stage.environ, timeout=_ASK_SECONDS)
    except WorkbenchError:
        return False
    return True


def _docker(packaging: Packaging) -> Iterator[str]:
    stage, image = packaging.stage, packaging.into_docker()
    with (
        _removed(stage, "docker", "image", "rm", "--force", image),
        _container(stage, "docker", "--publish", "127.0.0.1::5000", image) as container,
    ):
        address = "http://" + stage.run("docker", "port", container, "5000/tcp").split()[0]
        _await_health(stage, address)
        yield address


def _podman(stage: Stage, image: Image) -> Iterator[str]:
    name = stage.run("podman", "pull", "--quiet", f"oci:{image.folder}").strip()
    address, options = _loopback()
    with (
        _removed(stage, "podman", "image", "rm", "--force", name),
        # Ordinary users may lack what a network of the container's own takes.
        _container(stage, "podman", "--network", "host", name, *options),
    ):
        _await_health(stage, address)
        yield address


@contextmanager
def _container(stage: Stage, engine: str, *arguments: str) -> Iterator[str]:
    """Run a container for as long as the block lasts."""
    container = stage.run(engine, "run", "--detach", "--label", _LABEL, *arguments).strip()
    with _removed(stage, engine, "rm", "--force", container):
        yield container


@contextmanager
def _removed(stage: Stage, *argv: str) -> Iterator[None]:
    """Run a command after the block, for what may be gone already."""
    try:
        yield
    finally:
        with suppress(DemoError):
            stage.run(*argv)


@contextmanager
def _layers(stage: Stage, image: Image) -> Iterator[str]:
    """Start the image's entrypoint on this machine, with nothing of the base image."""
    root = stage.folder / "root"
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir()
    for layer in image.own_layers():
        stage.run("tar", "--extract", "--no-same-owner", "--file", layer, "--directory", root)
    _point_to_this_python(root / "opt" / "model" / "bin")
    address, options = _loopback()
    argv = [_below(root, word) for word in (*image.settings["Entrypoint"], *options)]
    variables = (entry.partition("=") for entry in image.settings["Env"])
    environ = {name: _below(root, value) for name, _, value in variables}
    with stage.start(*argv, cwd=root, environ=environ) as server:
        _await_health(stage, address, lambda: server.poll() is None)
        yield address


def _loopback() -> tuple[str, list[str]]:
    """Return an address that others cannot reach, and the options that have an image listen there."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    return f"http://127.0.0.1:{port}", ["--host", "127.0.0.1", "--port", str(port)]


def _below(root: Path, word: str) -> str:
    """Return a path of the image as one of this machine; other words stay as they are."""
    return f"{root}{word}" if word.startswith(_OURS) else word


def _point_to_this_python(folder: Path) -> None:
    """Let the environment's links lead to this interpreter, where the image's lead to the base's."""
    for link in folder.iterdir():
        if link.is_symlink() and link.readlink().is_absolute():
            link.unlink()
            link.symlink_to(os.path.realpath(sys.executable))


def _await_health(stage: Stage, address: str, runs: Callable[[], bool] = lambda: True) -> None:
    until = time.monotonic() + _READY_SECONDS
    while not _is_healthy(address):
        if time.monotonic() > until or not runs():
            raise DemoError(f"the image does not become healthy:\n{stage.tail()}")
        time.sleep(_POLL_SECONDS)


def _is_healthy(address: str) -> bool:
    """Say whether the model server has loaded the model."""
    try:
        with urllib.request.urlopen(f"{address}/readiness", timeout=5) as response:  # noqa: S310  # loopback
            return bool(response.status == 200)  # noqa: PLR2004  # HTTP's own number
    except OSError:
        return False
