"""What engines say about base images, in the same words whoever found them."""

from __future__ import annotations

from typing import Final

from odahu_pack_core.errors import EngineError, RegistryError
from odahu_pack_core.events import Decision, Notice
from odahu_pack_core.names import CONDA_ENVIRONMENT_VARIABLE
from odahu_pack_core.plan.base_location import BaseLocation
from odahu_pack_core.plan.reference import ImageReference

_ELSEWHERE: Final = {
    "registry-unreachable": "if this machine has no way to that registry, name one that it reaches,"
    " with --mirror or in the base image's name, or a folder as oci:PATH",
    "base-missing": "check the name and the tag of the base image",
}
"""What to do where a registry does not give a base image, by the code of the failure."""


def docker_words(host: str) -> str:
    """Return what a Docker engine is called.

    Args:
        host: Its address.
    """
    return f"the Docker engine at {host}"


def registry_words(host: str, mirrored: str = "") -> str:
    """Return what a registry is called.

    Args:
        host: The registry.
        mirrored: What it is a mirror of, if it is one.
    """
    return f"the registry {host}" + (f", a mirror of {mirrored}" if mirrored else "")


def taken_from(reference: ImageReference, place: str, reason: str) -> Decision:
    """Return the decision for an image that its registry does not give."""
    return Decision("base image", f"{reference} of {place}", reason)


def base_missing(reference: ImageReference, failure: RegistryError, otherwise: str) -> RegistryError:
    """Return the error for an image that is nowhere.

    Args:
        reference: The image.
        failure: What its registry said.
        otherwise: What the place that was tried next said.
    """
    return RegistryError(
        f"the base image {reference} cannot be had: {failure.message}; {otherwise}",
        code="base-missing",
        hint=_ELSEWHERE.get(failure.code, failure.hint),
    )


def for_others(what: str, found: str, platform: str) -> RegistryError:
    """Return the error for an image that is not there for a platform.

    Args:
        what: The image, in words.
        found: The platforms that it is for.
        platform: The one that is wanted.
    """
    return RegistryError(
        f"{what} is for {found}, not {platform}",
        code="base-platform",
        hint=f"name a base image that is there for {platform}, or ask for other platforms",
    )


def holds_no(place: str) -> str:
    """Return how a place says that it does not have an image."""
    return f"{place} holds no image of that name"


def missing_environment(reference: ImageReference, name: str) -> Notice:
    """Return the warning for a dependency cache that lacks the conda environment that it names."""
    return Notice(
        f"{reference} sets {CONDA_ENVIRONMENT_VARIABLE}={name}, but no conda environment of that name "
        "was found in it; nothing that it holds is built upon",
        "warning",
    )


def located_base_refused(who: str, location: BaseLocation) -> EngineError:
    """Return the error for those who cannot build upon an image in the file system.

    Args:
        who: Cannot, in words.
        location: The image.
    """
    return EngineError(
        f"{who} cannot build upon {location}, since it finds images by their names only",
        code="base-location",
        hint="use --engine oci, or bring the image to a registry or into the engine and name it",
    )
