"""``python3 -m workbench``: start the real parts by hand."""

# ruff: noqa: T201 - a command prints

import argparse
import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from workbench.bases import BaseImages, base_names
from workbench.engine import DockerEngine
from workbench.errors import WorkbenchError
from workbench.packages import install, missing
from workbench.registry import Registry
from workbench.rootless import debian_base

_DESCRIPTION = """\
Real parts for tests, demo and benchmarks: a container engine, registries, base images.

On a fresh Debian machine, as root:

    python3 -m workbench install        what apt has to bring
    python3 -m workbench up             an engine; prints the line that points docker at it
    python3 -m workbench base debian    a base image with Debian's Python; prints its reference
    python3 -m workbench layout DIR     the same without root and without an engine, as an OCI image layout
    python3 -m workbench registry       a registry with a password, until Ctrl-C
    python3 -m workbench down           the engine stops; its images stay for the next time

Images, archives and locks are kept in $ODAHU_PACK_WORKBENCH (~/.cache/odahu-pack-workbench).
An engine that answers at DOCKER_HOST or at the default socket is used instead of an own one."""


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit code."""
    chosen = _parser().parse_args(arguments)
    command: Callable[[argparse.Namespace], int] = chosen.command
    try:
        return command(chosen)
    except WorkbenchError as error:
        print(f"workbench: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "python3 -m workbench", description=_DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    commands.add_parser("install", help="install the Debian packages that are missing").set_defaults(
        command=_install
    )
    commands.add_parser("up", help="start an engine and let it run").set_defaults(command=_up)
    down = commands.add_parser("down", help="stop the engine that `up` started")
    down.add_argument("--unless-kept", action="store_true", help="leave one that `up` started alone")
    down.set_defaults(command=_down)
    commands.add_parser("status", help="what runs, what is there").set_defaults(command=_status)
    base = commands.add_parser("base", help="build base images; print their references")
    base.add_argument("names", nargs="+", metavar="NAME", help="debian, triton, python3.11, …; all")
    base.set_defaults(command=_base)
    layout = commands.add_parser("layout", help="make a base image without root; print oci:PATH")
    layout.add_argument("folder", type=Path, metavar="DIR", help="where it is kept")
    layout.set_defaults(command=_layout)
    registry = commands.add_parser("registry", help="run a registry on loopback until Ctrl-C")
    registry.add_argument("--anonymous", action="store_true", help="without a password")
    registry.set_defaults(command=_registry)
    return parser


def _install(_: argparse.Namespace) -> int:
    installed = install()
    print(f"installed: {', '.join(installed)}" if installed else "nothing is missing")
    return 0


def _up(_: argparse.Namespace) -> int:
    engine = DockerEngine()
    host = engine.borrowed()
    if host is None:
        engine.keep()
        host = engine.daemon.host
    print(f"export DOCKER_HOST={host}")
    return 0


def _down(chosen: argparse.Namespace) -> int:
    if DockerEngine().stop_if_idle(even_if_kept=not chosen.unless_kept):
        print("the engine is stopped")
        return 0
    print("the engine is in use: it stops when its last user ends")
    return 0 if chosen.unless_kept else 1


def _status(_: argparse.Namespace) -> int:
    engine = DockerEngine()
    host = engine.borrowed() or (engine.daemon.host if engine.daemon.pid() else None)
    print(f"packages missing  {', '.join(missing()) or 'none'}")
    print(f"state folder      {engine.state.path}")
    print(f"bases to be had   {', '.join(base_names())}")
    print(f"engine            {host or 'none runs'}")
    if host is not None:
        with engine:
            present = BaseImages(engine.environ, engine.state).present()
        print(f"bases built       {', '.join(present) or 'none'}")
    return 0


def _base(chosen: argparse.Namespace) -> int:
    names = base_names() if chosen.names == ["all"] else chosen.names
    with DockerEngine() as engine:
        bases = BaseImages(engine.environ, engine.state)
        for name in names:
            print(bases.ensure(name), flush=True)
    return 0


def _layout(chosen: argparse.Namespace) -> int:
    print(f"oci:{debian_base(chosen.folder.resolve(), os.environ).layout}")
    return 0


def _registry(chosen: argparse.Namespace) -> int:
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with Registry(username=None if chosen.anonymous else "packer") as registry:
        print(f"registry {registry.host}", flush=True)
        if registry.username is not None:
            print(f"username {registry.username}\npassword {registry.password}", flush=True)
        stop.wait()
    return 0


if __name__ == "__main__":
    os.umask(0o022)
    sys.exit(main())
