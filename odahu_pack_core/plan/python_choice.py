"""Which Python an image has, and which base image brings it."""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from packaging.specifiers import SpecifierSet

from odahu_pack_core.errors import PlanError, SpecError
from odahu_pack_core.events import Decision

from .base import BaseFacts, BaseImage
from .base_location import BaseLocation
from .reference import ImageReference, registry_prefix

SUPPORTED: Final = tuple(f"3.{minor}" for minor in range(6, 15))
"""The Pythons that models may ask for, oldest first."""

DOCUMENTED_DEFAULT: Final = "3.6"
_MOST_PATCHES: Final = 50
_PYTHON_TAG: Final = re.compile(r"(\d+\.\d+)(?:\.\d+|(?:a|b|rc)\d+|\.\d+(?:a|b|rc)\d+)?(?:-.*)?")


def choose_base(
    conda_python: str,
    written_base: str | None,
    *,
    default_python: str = DOCUMENTED_DEFAULT,
    pull_uri: str | None = None,
) -> tuple[BaseImage, tuple[Decision, ...]]:
    """Choose an image's Python and its base image.

    The conda file's pin decides, then the base image that the user wrote, then the default.

    Args:
        conda_python: The conda file's pin as a version specifier; empty without one.
        written_base: The base image as the user wrote it; None when it was left out.
        default_python: The Python where nothing else decides.
        pull_uri: The uri of the connection for base images, under which a name without a registry is taken.

    Returns:
        The base image, and what was decided for the user.

    Raises:
        PlanError: No supported Python fits the pin, or the base's name shows another Python, or the base is
            in another registry than ``pull_uri``.
        SpecError: The base is not an image reference.
    """
    if written_base is None:
        python, decision = _python_of(conda_python, default_python)
        name = "python:3.6" if python == DOCUMENTED_DEFAULT else f"python:{python}-slim"
        reference, moves = _under(pull_uri, ImageReference.parse(name))
        reason = f"the official image of Python {python}"
        base = Decision("base image", str(reference), f"{reason}; dockerfileBaseImage says nothing else")
        return BaseImage(reference, python, python_pin=conda_python), (decision, *moves, base)
    if (location := BaseLocation.parse(written_base)) is not None:
        return _located(location, conda_python)
    written = _reference(written_base)
    needed, decisions = _python_of_written(conda_python, written, _shown_by(written))
    reference, moves = _under(pull_uri, written)
    return BaseImage(reference, needed, explicit=True, python_pin=conda_python), (*decisions, *moves)


def _reference(written_base: str) -> ImageReference:
    try:
        return ImageReference.parse(written_base)
    except SpecError as error:
        raise SpecError(f"the base image: {error.message}", code=error.code, hint=error.hint) from error


def _located(location: BaseLocation, pin: str) -> tuple[BaseImage, tuple[Decision, ...]]:
    """Take a base from the file system; its name is ours, so it shows nothing of its Python."""
    needed, decisions = _python_of_written(pin, location, None)
    base = BaseImage(location.reference, needed, explicit=True, python_pin=pin, location=location)
    return base, decisions


def check_base_python(base: BaseImage, facts: BaseFacts) -> None:
    """Check that a base image has the Python that was planned for.

    A base image in which no Python was found is not judged here: an environment of its own may bring one.

    Raises:
        PlanError: It has another one; the error names both.
    """
    if facts.python is None:
        return
    if base.python is not None and facts.python != base.python:
        wanted = f"Python {base.python}"
    elif base.python_pin and not _fits(facts.python, SpecifierSet(base.python_pin)):
        wanted = f"a Python that fits {base.python_pin}"
    else:
        return
    raise PlanError(
        f"the model needs {wanted}, but the base image {facts.reference} has Python {facts.python}",
        code="python-mismatch",
        hint=f"{_pin(facts.python)}, or choose a base image that has the model's Python",
    )


@cache
def fitting(specifier: str) -> tuple[str, ...]:
    """Return the supported Pythons that fit a version specifier, oldest first."""
    specifiers = SpecifierSet(specifier)
    return tuple(python for python in SUPPORTED if _fits(python, specifiers))


def _fits(python: str, specifiers: SpecifierSet) -> bool:
    """Tell whether some release of a Python X.Y fits."""
    return any(specifiers.contains(f"{python}.{patch}") for patch in range(_MOST_PATCHES))


def _python_of(pin: str, default: str) -> tuple[str, Decision]:
    if not pin:
        reason = (
            f"conda.yaml pins no Python, so the documented default {default} is taken; better add the Python "
            "that trained the model under dependencies, such as '- python=3.11'"
        )
        return default, Decision("Python", default, reason)
    python = _newest(pin)
    several = len(fitting(pin)) > 1
    reason = f"the newest that fits conda.yaml's {pin}" if several else f"conda.yaml pins {pin}"
    return python, Decision("Python", python, reason)


def _newest(pin: str) -> str:
    candidates = fitting(pin)
    if not candidates:
        raise PlanError(
            f"no supported Python fits conda.yaml's {pin}: models may ask for Python {SUPPORTED[0]} to "
            f"{SUPPORTED[-1]}",
            code="python-unsupported",
            hint="change the python line in conda.yaml",
        )
    return candidates[-1]


def _python_of_written(
    pin: str, written: ImageReference | BaseLocation, shown: str | None
) -> tuple[str | None, tuple[Decision, ...]]:
    """Return the Python that a written base must have; None when its own will do."""
    if not pin:
        reason = "conda.yaml pins no Python, so the base image's own is taken"
        return None, (Decision("Python", f"that of {written}", reason),)
    _newest(pin)
    if shown is not None and shown not in fitting(pin):
        raise PlanError(
            f"conda.yaml asks for Python {pin}, but dockerfileBaseImage is {written} with Python {shown}",
            code="python-mismatch",
            hint=f"{_pin(shown)}, or name a base image with the model's Python in dockerfileBaseImage, "
            "or leave that out",
        )
    candidates = fitting(pin)
    if shown is None and len(candidates) > 1:
        reason = f"conda.yaml allows {pin}, and the base image is written down"
        return None, (Decision("Python", f"that of {written}", reason),)
    python = shown or candidates[0]
    reason = f"{written} has it, and it fits conda.yaml's {pin}" if shown else f"conda.yaml pins {pin}"
    return python, (Decision("Python", python, reason),)


def _shown_by(reference: ImageReference) -> str | None:
    """Return the Python that an image named ``python:X.Y…`` shows in its tag."""
    if reference.repository.rpartition("/")[2] != "python":
        return None
    match = _PYTHON_TAG.fullmatch(reference.tag)
    return match[1] if match else None


def _pin(python: str) -> str:
    return f"write python={python} in conda.yaml if the model works with it"


def _under(pull_uri: str | None, written: ImageReference) -> tuple[ImageReference, tuple[Decision, ...]]:
    """Take a name without a registry under the uri of the connection for base images."""
    if pull_uri is None:
        return written, ()
    host, prefix = registry_prefix(pull_uri)
    if written.registry:
        if written.registry != host:
            raise PlanError(
                f"the base image {written} is in the registry {written.registry}, but the connection of "
                f"docker-pull is for {host}",
                code="pull-registry",
                hint="bind docker-pull to a connection of the base image's registry, or leave the target out",
            )
        return written, ()
    repository = f"{prefix}/{written.repository}" if prefix else written.repository
    reference = ImageReference(repository, host, written.tag, written.digest)
    reason = f"{written} names no registry, so it is taken under the uri of docker-pull"
    return reference, (Decision("base registry", str(reference), reason),)
