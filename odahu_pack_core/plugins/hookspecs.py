"""The hooks of odahu-pack; each kind of extension has one that returns typed records."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from odahu_pack_core.events import Event
from odahu_pack_core.plan.build_plan import BuildPlan
from odahu_pack_core.plan.job import PackagingJob

from .markers import hookspec
from .records import ArtifactReaderRecord, ConnectionTypeRecord, EngineRecord, PackagerRecord

if TYPE_CHECKING:
    import click


@hookspec
def odahu_pack_packagers() -> Iterable[PackagerRecord]:
    """Offer packagers.

    Returns:
        A record for each packager of the plugin.

    Example:
        >>> from odahu_pack_core import PackagerRecord, hookimpl
        >>> from pydantic import BaseModel
        >>> class Arguments(BaseModel):
        ...     greeting: str = "hello"
        >>> class HelloPackager:
        ...     def plan(self, job): ...
        ...     def build_and_push(self, job, plan, build): ...
        >>> @hookimpl
        ... def odahu_pack_packagers():
        ...     yield PackagerRecord("hello", "Says hello.", Arguments, HelloPackager)
    """
    raise AssertionError("a specification is never called")


@hookspec
def odahu_pack_engines() -> Iterable[EngineRecord]:
    """Offer container engines.

    Returns:
        A record for each engine of the plugin.

    Example:
        >>> from odahu_pack_core import EngineRecord, hookimpl
        >>> class MyEngine:
        ...     def __init__(self, environ): ...
        ...     def inspect_base(self, base, platform, pull, emit): ...
        ...     def execute(self, request, emit): ...
        >>> @hookimpl
        ... def odahu_pack_engines():
        ...     outputs = frozenset({"registry"})
        ...     yield EngineRecord("mine", "Builds my way.", MyEngine, outputs, runs=False)
    """
    raise AssertionError("a specification is never called")


@hookspec
def odahu_pack_artifact_readers() -> Iterable[ArtifactReaderRecord]:
    """Offer readers of model artifacts.

    Returns:
        A record for each kind of artifact that the plugin can read.

    Example:
        >>> from odahu_pack_core import ArtifactReaderRecord, ModelArtifact, hookimpl
        >>> def read(root, entries):
        ...     if any(entry.path == "model.pmml" for entry in entries):
        ...         return ModelArtifact("pmml", root, entries, name="model", version="1")
        >>> @hookimpl
        ... def odahu_pack_artifact_readers():
        ...     yield ArtifactReaderRecord("pmml", "A PMML file.", read)
    """
    raise AssertionError("a specification is never called")


@hookspec
def odahu_pack_connection_types() -> Iterable[ConnectionTypeRecord]:
    """Offer connection types.

    Returns:
        A record for each type that ``Connection.spec.type`` may name.

    Example:
        >>> from odahu_pack_core import ConnectionTypeRecord, hookimpl
        >>> @hookimpl
        ... def odahu_pack_connection_types():
        ...     yield ConnectionTypeRecord("ftp", "A file server; no image registry.")
    """
    raise AssertionError("a specification is never called")


@hookspec
def odahu_pack_amend_plan(plan: BuildPlan, job: PackagingJob) -> BuildPlan | None:
    """Change a plan before it is resolved, for instance add an organisation's labels.

    Args:
        plan: The plan as the packager, and the plugins called before, made it.
        job: What is being packaged.

    Returns:
        The changed plan; None to leave it as it is.

    Example:
        >>> from odahu_pack_core import Block, Label, hookimpl
        >>> @hookimpl
        ... def odahu_pack_amend_plan(plan, job):
        ...     return plan.with_block(Block("acme", (Label("com.acme.team", "risk"),)))
    """
    raise AssertionError("a specification is never called")


@hookspec
def odahu_pack_observe(event: Event) -> None:
    """See every event of a run; a failure here never fails the run.

    Args:
        event: What happened.

    Example:
        >>> from odahu_pack_core import hookimpl
        >>> seen = []
        >>> @hookimpl
        ... def odahu_pack_observe(event):
        ...     seen.append(event.to_json())
    """
    raise AssertionError("a specification is never called")


@hookspec
def odahu_pack_register_commands(cli: click.Group) -> None:
    """Add commands to ``odahuflowctl``.

    Args:
        cli: The root command.

    Example:
        >>> import click
        >>> from odahu_pack_core import hookimpl
        >>> @hookimpl
        ... def odahu_pack_register_commands(cli):
        ...     cli.add_command(click.Command("hello", callback=lambda: click.echo("hello")))
    """
    raise AssertionError("a specification is never called")
