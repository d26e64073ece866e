"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from .parameters import FormatParameter, MirrorParameter, OutputParameter, PlatformsParameter
from .session import Loudness, Session

Decorated = TypeVar("Decorated", bound=Callable[..., Any])
"""A command, or a function on its way to become one."""


def debug_option(command: Decorated) -> Decorated:
    """Add ``--debug``."""

    def show(context: click.Context, _option: click.Parameter, chosen: bool) -> None:  # noqa: FBT001  # click's signature
        if chosen and isinstance(context.obj, Session):
            context.obj.show_debug()

    return click.option(
        "--debug",
        is_flag=True,
        expose_value=False,
        is_eager=True,
        callback=show,
        help="Show our own log, and where a failure happened.",
    )(command)


def loudness_options(command: Decorated) -> Decorated:
    """Add ``--quiet`` and ``--verbose``."""

    def setter(loudness: Loudness) -> Callable[[click.Context, click.Parameter, bool], None]:
        def choose(context: click.Context, _option: click.Parameter, chosen: bool) -> None:  # noqa: FBT001  # as above
            if chosen and isinstance(context.obj, Session):
                context.obj.loudness = loudness

        return choose

    verbose = click.option(
        "-v",
        "--verbose",
        is_flag=True,
        expose_value=False,
        callback=setter(Loudness.VERBOSE),
        help="Show also what the tools print.",
    )
    quiet = click.option(
        "-q",
        "--quiet",
        is_flag=True,
        expose_value=False,
        callback=setter(Loudness.QUIET),
        help="Show warnings and errors only.",
    )
    return quiet(verbose(command))


def version_option(command: Decorated) -> Decorated:
    """Add ``--version``."""

    def show(context: click.Context, _option: click.Parameter, chosen: bool) -> None:  # noqa: FBT001  # as above
        if chosen and not context.resilient_parsing:
            from .commands.version import print_version  # noqa: PLC0415  # reading metadata is slow

            print_version()
            context.exit()

    return click.option(
        "--version", is_flag=True, expose_value=False, is_eager=True, callback=show, help="Print the version."
    )(command)


def format_option(*kinds: str, default: str | None = None) -> Callable[[Decorated], Decorated]:
    """Return a decorator that adds ``-o`` with these formats."""
    return click.option(
        "-o",
        "--format",
        "--output-format",
        "output_format",
        type=FormatParameter(*kinds),
        default=default,
        show_default=default is not None,
        help="How results are printed.",
    )


def events_option(command: Decorated) -> Decorated:
    """Add ``--events``."""

    def choose(context: click.Context, _option: click.Parameter, chosen: str | None) -> None:
        if chosen and isinstance(context.obj, Session):
            context.obj.machine_events = True

    return click.option(
        "--events",
        type=click.Choice(["json"]),
        expose_value=False,
        callback=choose,
        is_eager=True,
        help="Print events on stdout and nothing else, one JSON object a line; the last is of type 'result'.",
    )(command)


def manifest_options(command: Decorated) -> Decorated:
    """Add the options that name manifests."""
    folders = click.option(
        "-d",
        "manifests",
        multiple=True,
        type=click.Path(path_type=Path),
        metavar="FILE|DIR",
        help="A manifest, or a folder of *.yaml, *.yml and *.json. Repeatable.",
    )
    files = click.option(
        "-f",
        "--file",
        "files",
        multiple=True,
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="FILE",
        help="A manifest: ModelPackaging, Connection or PackagingIntegration documents. Repeatable.",
    )
    return folders(files(command))


def packaging_options(command: Decorated) -> Decorated:
    """Add the options that say what is packaged, and into what kind of image."""
    platform = click.option(
        "--platform",
        "platforms",
        type=PlatformsParameter(),
        metavar="OS/ARCH[,…]",
        show_default="linux/amd64",
        help="The platform of the image; several make an image for each, under one name.",
    )
    return _all((model_options, output_option, platform), command)


def model_options(command: Decorated) -> Decorated:
    """Add the options that say which packaging of which model is meant."""
    options = (
        click.option(
            "--id",
            "--pack-id",
            "packaging_id",
            metavar="ID",
            help="The packaging to use; may be left out when there is only one.",
        ),
        manifest_options,
        click.option(
            "--artifact",
            type=click.Path(path_type=Path),
            metavar="PATH",
            help="The model: an archive or a folder. Left out: artifactName is looked for beside "
            "the manifest, in the current folder and in $LOCAL_MODEL_OUTPUT_DIR.",
        ),
        click.option("-a", "--artifact-name", metavar="NAME", help="Takes the place of spec.artifactName."),
        click.option(
            "--artifact-path",
            type=click.Path(path_type=Path),
            metavar="DIR",
            help="Takes the place of $LOCAL_MODEL_OUTPUT_DIR.",
        ),
        source_option,
        click.option(
            "--max-expansion",
            type=click.IntRange(min=1),
            metavar="N",
            help="How many times its own size an archive over 256 MiB may unpack to.",
            show_default="100",
        ),
    )
    return _all(options, command)


def output_option(command: Decorated) -> Decorated:
    """Add ``--output``."""
    return click.option(
        "--output",
        type=OutputParameter(),
        metavar="type=TYPE[,dest=PATH]",
        help="Where the image goes: registry, docker (the engine's own store), docker-archive, oci (an image "
        "layout: a folder, or a tar where PATH ends with .tar), or context (a folder for 'docker build').",
        show_default="registry, of the connection for pushes",
    )(command)


def source_option(command: Decorated) -> Decorated:
    """Add ``--build-from-source``."""
    return click.option(
        "--build-from-source",
        is_flag=True,
        help="Allow source distributions, whose code runs on this machine while they are built.",
    )(command)


def engine_options(command: Decorated) -> Decorated:
    """Add the options of a run that asks outside: the engine, and whether locks are renewed."""
    options = (
        mirror_option,
        click.option(
            "--engine",
            default="auto",
            show_default=True,
            metavar="NAME",
            help="What builds: oci, docker, buildah or a plugin's; 'auto' takes the first that can.",
        ),
        refresh_option,
    )
    return _all(options, command)


def refresh_option(command: Decorated) -> Decorated:
    """Add ``--refresh``."""
    return click.option(
        "--refresh", is_flag=True, help="Ask the package index again where versions are already locked."
    )(command)


def mirror_option(command: Decorated) -> Decorated:
    """Add ``--mirror``."""

    def add(context: click.Context, _option: click.Parameter, mirrors: tuple[str, ...]) -> None:
        if mirrors and isinstance(context.obj, Session):
            context.obj.add_mirrors(mirrors)

    return click.option(
        "--mirror",
        multiple=True,
        type=MirrorParameter(),
        expose_value=False,
        callback=add,
        metavar="REGISTRY=HOST[/PREFIX]",
        help="Pull the base images of a registry from another one, as in docker.io=registry.example/hub. "
        "Repeatable.",
    )(command)


def _all(options: tuple[Callable[[Decorated], Decorated], ...], command: Decorated) -> Decorated:
    for option in reversed(options):
        command = option(command)
    return command
