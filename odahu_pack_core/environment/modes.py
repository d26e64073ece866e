"""How an environment comes about: wheels, conda packages, or what the base image lacks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from odahu_pack_core.events import Decision, Event, Notice
from odahu_pack_core.plan.base import BaseFacts, BaseImage
from odahu_pack_core.plan.environment import EnvironmentLayer, LockedPackage, Mode
from odahu_pack_core.plan.match_spec import parse_match_spec
from odahu_pack_core.plan.python_choice import DOCUMENTED_DEFAULT, check_base_python, fitting

from .conda import can_link
from .conda_mode import conda_tool
from .words import some_of


def mode_of(layer: EnvironmentLayer, base: BaseFacts) -> tuple[Mode, tuple[Event, ...]]:
    """Choose how an environment comes about.

    Args:
        layer: The environment.
        base: What was found in the base image.

    Returns:
        The mode, and what to tell of it.
    """
    subject = f"mode of {layer.name}"
    conda = layer.dependencies.conda
    if layer.layout == "venv" and base.site_packages is not None:
        reason = f"the base image holds packages in {base.site_packages.path}; only what differs is added"
        return "base", (Decision(subject, "base", reason), *_unchecked(conda, base))
    if brings_python(layer, base):
        reason = f"PyPI has no known twin of {some_of(conda)}; {_maker(base)}"
        return "conda", (Decision(subject, "conda", reason),)
    return "uv", (Decision(subject, "uv", "everything that is needed is on PyPI, as wheels"),)


def with_python(wanted: BaseImage, base: BaseFacts, layers: Iterable[EnvironmentLayer]) -> BaseFacts:
    """Return a base image's facts with the Python that its environments have.

    That is the base's own, but for a conda environment, which brings another, interpreter included.

    Args:
        wanted: The base image as planned.
        base: What was found in it.
        layers: All environments of the plan.

    Raises:
        PlanError: The base's Python is not the one that the model needs.
    """
    bringing = [layer for layer in layers if brings_python(layer, base)]
    if not bringing:
        check_base_python(wanted, base)
        return base
    newest = fitting(wanted.python_pin)[-1] if wanted.python_pin else base.python
    python = wanted.python or newest or DOCUMENTED_DEFAULT
    return replace(base, python=python, interpreter=f"{bringing[0].prefix}/bin/python{python}")


def brings_python(layer: EnvironmentLayer, base: BaseFacts) -> bool:
    """Tell whether an environment is a conda one, with a Python of its own."""
    return bool(layer.dependencies.conda) and (layer.layout != "venv" or base.site_packages is None)


def may_need_engine(layer: EnvironmentLayer) -> bool:
    """Tell whether an engine may have to make an environment while it builds the image."""
    return bool(layer.dependencies.conda) and not can_link()


def lacking(packages: Sequence[LockedPackage], base: BaseFacts) -> tuple[tuple[LockedPackage, ...], Decision]:
    """Return what a base image lacks of a lock, or has in another version.

    Args:
        packages: The lock.
        base: A dependency cache.

    Returns:
        What to install, and which packages come from the base.
    """
    held = dict(base.site_packages.packages) if base.site_packages else {}
    added = tuple(package for package in packages if not _same(package.version, held.get(package.name)))
    taken = [package.name for package in packages if package not in added]
    replaced = [
        f"{package.name} {held[package.name]} by {package.version}"
        for package in added
        if package.name in held
    ]
    reason = f"from the base image: {some_of(taken) or 'nothing'}"
    if replaced:
        reason += f"; replaced, since the model's version wins: {some_of(replaced)}"
    names = [f"{package.name} {package.version}" for package in added]
    return added, Decision("packages on top of the base", some_of(names) or "none", reason)


def _maker(base: BaseFacts) -> str:
    """Say who makes a conda environment."""
    if can_link():
        return "conda packages are linked here, and bring a Python of their own"
    return (
        "the engine makes the environment while it builds the image, so the base image must hold "
        f"{conda_tool(base)} and the engine must reach the channels; neither is needed after: "
        "pip install 'odahu-pack-core[conda]'"
    )


def _same(version: str, held: str | None) -> bool:
    if held is None:
        return False
    try:
        return Version(version) == Version(held)
    except InvalidVersion:
        return version == held


def _unchecked(conda: Sequence[str], base: BaseFacts) -> tuple[Notice, ...]:
    """Name the conda packages that cannot be looked for among the base's Python packages."""
    held = {name for name, _ in base.site_packages.packages} if base.site_packages else set()
    unknown = [spec for spec in conda if _name(spec) not in held]
    if not unknown:
        return ()
    message = f"taken to be in the base image {base.reference}, which cannot be checked: {some_of(unknown)}"
    return (Notice(message, "warning"),)


def _name(spec: str) -> str:
    parsed = parse_match_spec(spec)
    return canonicalize_name(parsed.name) if parsed else spec
