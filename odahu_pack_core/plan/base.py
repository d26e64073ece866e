"""Base images: which one a plan asks for, and what was found in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from odahu_pack_core.values import dataclass

from .base_location import BaseLocation
from .reference import ImageReference


@dataclass(frozen=True)
class BasePython:
    """The Python of a base image, known without looking into it.

    Args:
        python: X.Y.
        interpreter: Absolute path of the interpreter, links followed.
        libc: ``glibc`` or ``musl``.
    """

    python: str
    interpreter: str
    libc: str = "glibc"


@dataclass(frozen=True)
class BaseImage:
    """The base image that a plan asks for.

    Args:
        reference: Its name as written or chosen.
        python: The Python X.Y that it must have; None when any will do.
        explicit: Whether the user wrote it down.
        keeps_entrypoint: Whether the image's own ENTRYPOINT is kept (Triton).
        python_pin: The version specifier that its Python must fit; empty when any will do.
        known: What its publisher tells of its Python, so that nobody has to look; None where nobody told.
        location: Where it is in the file system; None for an image that has to be found by its name.
    """

    reference: ImageReference
    python: str | None = None
    explicit: bool = False
    keeps_entrypoint: bool = False
    python_pin: str = ""
    known: BasePython | None = None
    location: BaseLocation | None = None


@dataclass(frozen=True)
class SitePackages:
    """Python packages that a base image already holds, for the dependency cache.

    Args:
        path: Absolute path of the site-packages folder.
        packages: Normalised name and version of each distribution, sorted.
    """

    path: str
    packages: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class BaseFacts:
    """What was found in a base image.

    Args:
        reference: The image, with its digest where the registry has one.
        image_id: The engine's or the config's digest.
        platform: ``os/arch`` such as ``linux/amd64``.
        python: X.Y of its interpreter; None when there is none.
        interpreter: Absolute path of the interpreter, links followed; None when there is none.
        libc: ``glibc`` or ``musl``.
        env: Its environment variables.
        labels: Its labels.
        site_packages: Packages to build on, where the image is a dependency cache.
        origin: Where it was found, in words.
    """

    reference: ImageReference
    image_id: str
    platform: str
    python: str | None
    interpreter: str | None
    libc: str = "glibc"
    env: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    site_packages: SitePackages | None = None
    origin: str = ""
