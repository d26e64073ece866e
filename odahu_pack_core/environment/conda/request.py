"""What rattler is asked for: channels, match specs, and the virtual packages of the image."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Final

from odahu_pack_core.environment.digests import digest_of
from odahu_pack_core.environment.lock import Sought, lock_key
from odahu_pack_core.environment.target import Target
from odahu_pack_core.environment.uv import Uv
from odahu_pack_core.errors import DependencyError
from odahu_pack_core.plan.base import BaseFacts
from odahu_pack_core.plan.environment import Dependencies, EnvironmentLayer, LockedPackage
from odahu_pack_core.plan.match_spec import parse_match_spec
from odahu_pack_core.values import dataclass

from .words import DEFAULT_CHANNEL, NO_OWN_CHANNELS, OWN_CHANNELS, PYTHON, pip_requirements, words_of

_FORMAT: Final = 1
_SUBDIRS: Final = {"linux/amd64": "linux-64", "linux/arm64": "linux-aarch64"}
_HOME: Final = "https://conda.anaconda.org"
_OWN_URLS: Final = ("https://repo.anaconda.com/pkgs/main", "https://repo.anaconda.com/pkgs/r")
_CHANNEL_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(?:/[A-Za-z0-9_.-]+)*")
_CHANNEL_URL: Final = re.compile(r"(?:https?|file)://\S+")

_LOWEST: Final = {"__glibc": "2.28", "__linux": "4.18"}
"""What every image is taken to have, as Debian 10 and RHEL 8 do; uv takes the same glibc for wheels."""
_OVERRIDES: Final = {
    "__glibc": "CONDA_OVERRIDE_GLIBC",
    "__linux": "CONDA_OVERRIDE_LINUX",
    "__cuda": "CONDA_OVERRIDE_CUDA",
}
"""The user's own words on them, as conda has it; without them no image has CUDA."""


@dataclass(frozen=True)
class CondaRequest:
    """What is to be solved.

    Args:
        channels: URLs, the most important first.
        specs: Match specs, Python's included.
        subdir: The platform as conda names it, such as ``linux-64``.
        virtual: Name and version of each virtual package, sorted.
    """

    channels: tuple[str, ...]
    specs: tuple[str, ...]
    subdir: str
    virtual: tuple[tuple[str, str], ...]


def conda_request(layer: EnvironmentLayer, base: BaseFacts, environ: Mapping[str, str]) -> CondaRequest:
    """Return what is to be solved for an environment.

    Args:
        layer: The environment.
        base: The base image, with the Python that the environment is to have.
        environ: The user's environment variables.

    Raises:
        DependencyError: No conda packages are made for such an image, or a channel is none.
    """
    if layer.layout != "venv":
        raise DependencyError(
            f"{layer.name} is a flat folder of packages, which cannot hold conda packages: "
            f"{', '.join(layer.dependencies.conda)}",
            code="conda-layout",
        )
    subdir = _SUBDIRS.get(base.platform)
    if subdir is None:
        raise DependencyError(
            f"conda environments cannot be made for {base.platform}; known: {', '.join(_SUBDIRS)}",
            code="platform",
        )
    if base.libc == "musl":
        raise DependencyError(
            f"conda packages need glibc, but the base image {base.reference} has musl: "
            f"{', '.join(layer.dependencies.conda)}",
            code="conda-musl",
            hint="name a base image with glibc in dockerfileBaseImage, such as one of Debian's",
        )
    specs = (f"{PYTHON} {base.python}.*", *words_of(layer.dependencies).packages)
    return CondaRequest(tuple(_channels(layer.dependencies)), specs, subdir, _virtual(environ))


def _channels(dependencies: Dependencies) -> Iterator[str]:
    """Yield the URLs of the channels written down, else conda-forge's; never conda's own ones unasked."""
    written = [name for name in dependencies.channels if name != NO_OWN_CHANNELS] or [DEFAULT_CHANNEL]
    specs = map(parse_match_spec, words_of(dependencies).packages)
    beside = [spec.channel for spec in specs if spec and spec.channel]
    urls = [url for name in (*written, *beside) for url in _urls(name)]
    yield from dict.fromkeys(urls)


def _urls(channel: str) -> tuple[str, ...]:
    if channel == OWN_CHANNELS:
        return _OWN_URLS
    if _CHANNEL_URL.fullmatch(channel):
        return (channel.rstrip("/"),)
    if _CHANNEL_NAME.fullmatch(channel):
        return (f"{_HOME}/{channel}",)
    raise DependencyError(
        f"{channel!r} is not a conda channel",
        code="conda-channel",
        hint="write a name such as conda-forge, or a URL that begins with https:// or file://",
    )


def _virtual(environ: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    told = {name: environ[variable] for name, variable in _OVERRIDES.items() if environ.get(variable)}
    return tuple(sorted({"__unix": "0", **_LOWEST, **told}.items()))


def pip_section(dependencies: Dependencies, held: Iterable[str] = ()) -> Dependencies:
    """Return what wheels are needed for, beside conda packages.

    Args:
        dependencies: What the environment needs.
        held: Constraint lines for what conda brings.
    """
    constraints = (*dependencies.constraints, *held)
    return replace(dependencies, pip=pip_requirements(dependencies), conda=(), constraints=constraints)


def sought_packages(
    layer: EnvironmentLayer,
    base: BaseFacts,
    artifact_root: Path,
    environ: Mapping[str, str],
    channels: Path,
) -> Sought:
    """Return what is to be locked of a conda environment: its conda packages, and wheels beside them.

    Args:
        layer: The environment.
        base: The base image, with the Python that the environment is to have.
        artifact_root: The unpacked artifact, for wheels inside it.
        environ: The user's environment variables.
        channels: A folder for what the channels tell of their packages.

    Raises:
        DependencyError: No conda packages are made for such an image, or a channel is none.
    """
    request, target = conda_request(layer, base, environ), Target.of(base)

    def make(uv: Uv) -> tuple[LockedPackage, ...]:
        from .locking import make_conda_lock  # noqa: PLC0415  # not needed where the lock is in the cache

        return make_conda_lock(layer, request, target, artifact_root=artifact_root, channels=channels, uv=uv)

    wheels = lock_key(pip_section(layer.dependencies), target, artifact_root, environ)
    return Sought(digest_of(_FORMAT, asdict(request), wheels), make)
