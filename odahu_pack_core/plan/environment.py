"""Python environments as they are planned: what must be in them, before versions are chosen."""

from __future__ import annotations

from typing import Literal

from odahu_pack_core.events import Decision
from odahu_pack_core.values import dataclass


@dataclass(frozen=True)
class CondaWords:
    """Both sections of a conda file, untranslated.

    Args:
        packages: Conda match specs, Python's included.
        pip: Requirement lines of the pip section.
    """

    packages: tuple[str, ...]
    pip: tuple[str, ...] = ()


@dataclass(frozen=True)
class Dependencies:
    """What a model needs, read from its conda.yaml.

    Args:
        pip: Requirement lines (PEP 508, with pip's ``--hash`` where written): twins of conda packages first.
        conda: Conda packages without a known twin on PyPI, as conda match specs; any makes the environment
            a conda one.
        channels: Conda channels as written.
        constraints: Constraint lines (PEP 508).
        wheels: Wheels inside the artifact, as relative paths.
        index_url: The package index written down; empty for the user's own.
        extra_index_urls: Further indexes written down. No index URL holds credentials.
        find_links: Folders of wheels inside the artifact, as relative paths.
        no_index: Whether only those folders are searched.
        build_from_source: Whether source distributions may be built.
        as_written: The conda file's own words, for a conda environment; None where there is no such file.
    """

    pip: tuple[str, ...] = ()
    conda: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    constraints: tuple[str, ...] = ()
    wheels: tuple[str, ...] = ()
    index_url: str = ""
    extra_index_urls: tuple[str, ...] = ()
    find_links: tuple[str, ...] = ()
    no_index: bool = False
    build_from_source: bool = False
    as_written: CondaWords | None = None


@dataclass(frozen=True)
class CondaFile:
    """A conda.yaml, read and translated.

    Args:
        dependencies: What it asks for.
        python: Its Python pin as a version specifier (``==3.7.*``, ``>=3.8,<3.11``); empty without one.
            Patch releases count: ``python=3.7.16`` is ``==3.7.16.*``.
        decisions: Each translation from a conda package to its PyPI twin, with its reason.
    """

    dependencies: Dependencies
    python: str = ""
    decisions: tuple[Decision, ...] = ()


@dataclass(frozen=True)
class EnvironmentLayer:
    """A layer that holds installed Python packages, made when the plan is resolved.

    Args:
        name: The layer's name in the plan.
        prefix: Absolute path in the image.
        layout: ``venv`` is a virtual environment with ``bin/python3``; ``site`` a flat folder of packages.
        dependencies: What must be in it.
        activate: Whether ``bin/activate`` is written (for Triton's stub).
    """

    name: str
    prefix: str
    layout: Literal["venv", "site"]
    dependencies: Dependencies
    activate: bool = False


Mode = Literal["uv", "conda", "base"]
"""How a model's environment comes about: wheels, conda packages, or what the base image lacks."""


@dataclass(frozen=True)
class LockedPackage:
    """One distribution of a lock.

    Args:
        name: Normalised name.
        version: Exact version.
        hashes: Acceptable digests as ``sha256:…``, sorted; of another kind only where an index tells no such.
        wheel: Path of its wheel inside the artifact; empty for packages of an index.
        file: Name of the chosen wheel; empty for what is built from source. A conda package has its folder of
            the channel before the name: ``noarch/tool-1.0-py_0.conda``.
        size: Bytes of that file; 0 where the index does not tell.
        url: Where a conda package comes from, without credentials; empty for packages of PyPI.
    """

    name: str
    version: str
    hashes: tuple[str, ...] = ()
    wheel: str = ""
    file: str = ""
    size: int = 0
    url: str = ""


@dataclass(frozen=True)
class EnvironmentPart:
    """One image layer of an environment.

    Args:
        name: What `AddLayer` calls it; unique in the plan.
        packages: What is installed in it, sorted by name.
        key: Names the finished layer in the cache: a digest over everything that decides its bytes.
    """

    name: str
    packages: tuple[LockedPackage, ...]
    key: str


@dataclass(frozen=True)
class ResolvedEnvironment:
    """An environment with every version chosen.

    Args:
        layer: The name of the layer it fills in the plan.
        mode: How it comes about.
        python: X.Y of the interpreter.
        platform: ``os/arch``.
        packages: What is installed, sorted by name; in ``base`` mode only what differs from the base.
        parts: The image layers that take the place of that one layer, in order: packages large enough for a
            layer of their own, then all others; none where the engine makes the environment.
    """

    layer: str
    mode: Mode
    python: str
    platform: str
    packages: tuple[LockedPackage, ...]
    parts: tuple[EnvironmentPart, ...] = ()
