"""Records that plugins return from their hooks: a name, a summary, and what stands behind it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Final

from pydantic import BaseModel

from odahu_pack_core.spec.connection import Connection
from odahu_pack_core.spec.origin import Problem
from odahu_pack_core.values import dataclass

from .protocols import ArtifactReader, Engine, OutputType, Packager, RegistryAccess


@dataclass(frozen=True)
class TargetRule:
    """A target that a packager understands.

    Args:
        name: Such as ``docker-push``.
        connection_types: Types of connection that may fill it.
        required: Whether a packaging must bind it.
        description: What it is for.
    """

    name: str
    connection_types: tuple[str, ...]
    required: bool = False
    description: str = ""


DOCKER_TARGETS: Final = (
    TargetRule(
        "docker-push", ("docker", "ecr"), required=True, description="Registry that receives the image."
    ),
    TargetRule("docker-pull", ("docker", "ecr"), description="Registry that holds a private base image."),
)
"""The targets of every packager that makes an image."""


@dataclass(frozen=True)
class PackagerRecord:
    """A packager.

    Args:
        name: What ``spec.integrationName`` says.
        summary: One sentence for lists.
        arguments: Pydantic model of its arguments: their validation, JSON Schema, help and documentation.
        create: Makes the packager.
        targets: The targets it understands.
        artifact_kinds: Kinds of artifact it accepts, in order of preference.
    """

    name: str
    summary: str
    arguments: type[BaseModel]
    create: Callable[[], Packager]
    targets: tuple[TargetRule, ...] = ()
    artifact_kinds: tuple[str, ...] = ("gppi",)

    def __post_init__(self) -> None:
        _check_name(self.name)
        arguments: object = self.arguments
        if not isinstance(arguments, type) or not issubclass(arguments, BaseModel):
            raise TypeError(f"the arguments of {self.name!r} are no pydantic model")


@dataclass(frozen=True)
class EngineRecord:
    """A container engine.

    Args:
        name: What ``--engine`` says.
        summary: One sentence for lists.
        create: Makes the engine from the environment variables of the run.
        outputs: Where it can bring an image.
        runs: Whether it can execute `Run` instructions.
        rank: Order in which ``auto`` prefers engines; lowest first.
        several_platforms: Whether it can make one image for several platforms.
        missing: Says in words what is missing on this machine, nothing when nothing is, from the environment
            variables of the run; asked only where ``auto`` can choose between engines, so it must be quick.
    """

    name: str
    summary: str
    create: Callable[[Mapping[str, str]], Engine]
    outputs: frozenset[OutputType]
    runs: bool
    rank: int = 100
    several_platforms: bool = False
    missing: Callable[[Mapping[str, str]], str] | None = None

    def __post_init__(self) -> None:
        _check_name(self.name)


@dataclass(frozen=True)
class ArtifactReaderRecord:
    """A kind of model artifact.

    Args:
        name: The kind, such as ``gppi``.
        summary: One sentence for lists.
        read: Recognises and reads it.
    """

    name: str
    summary: str
    read: ArtifactReader

    def __post_init__(self) -> None:
        _check_name(self.name)


def _no_problems(_: Connection) -> list[Problem]:
    return []


@dataclass(frozen=True)
class ConnectionTypeRecord:
    """A connection type.

    Args:
        name: What ``spec.type`` says.
        summary: One sentence for lists.
        problems: Finds what a connection of this type lacks.
        registry: Makes a way into the image registry from a connection and the environment variables;
            None for types that are no registry.
    """

    name: str
    summary: str
    problems: Callable[[Connection], list[Problem]] = field(default=_no_problems)
    registry: Callable[[Connection, Mapping[str, str]], RegistryAccess] | None = None

    def __post_init__(self) -> None:
        _check_name(self.name)


def _check_name(name: object) -> None:
    if not isinstance(name, str) or not name.strip() or not name.isprintable():
        raise TypeError(f"{name!r} is not a name")
