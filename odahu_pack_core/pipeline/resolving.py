"""Resolve: a plan becomes exact — the base pinned, versions locked, the environment's mode chosen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from odahu_pack_core.environment.conda_mode import conda_instructions
from odahu_pack_core.environment.environments import Environments
from odahu_pack_core.environment.modes import with_python
from odahu_pack_core.errors import PlanError
from odahu_pack_core.events import Decision, Event, EventSink
from odahu_pack_core.plan.artifact import ModelArtifact
from odahu_pack_core.plan.base import BaseFacts, BaseImage
from odahu_pack_core.plan.build_plan import (
    BASE_BLOCK,
    Block,
    BuildPlan,
    FilesLayer,
    ResolvedImage,
    ResolvedPlan,
)
from odahu_pack_core.plan.environment import EnvironmentLayer, ResolvedEnvironment
from odahu_pack_core.plan.instruction import AddLayer, From, Instruction
from odahu_pack_core.plan.layer_tar import TarSource
from odahu_pack_core.plugins.protocols import RegistryAccess
from odahu_pack_core.values import dataclass


class FindsBases(Protocol):
    """What resolving asks of an engine."""

    def inspect_base(
        self, base: BaseImage, platform: str, pull: RegistryAccess | None, emit: EventSink
    ) -> BaseFacts:
        """Find a base image and say what is in it; see `Engine`."""
        ...


def resolve_plan(
    plan: BuildPlan,
    *,
    engine: FindsBases,
    because: Decision,
    pull: RegistryAccess | None,
    environments: Environments,
    artifact: ModelArtifact,
    emit: EventSink,
) -> ResolvedPlan:
    """Settle everything that needs a package index or an image registry.

    Args:
        plan: The plan as decided offline.
        engine: Finds the base image.
        because: Why that engine was chosen.
        pull: The way into the base image's registry; None for anonymous or local bases.
        environments: Chooses versions.
        artifact: The artifact, for wheels inside it.
        emit: Receives decisions and progress.

    Raises:
        RegistryError: The base image cannot be had.
        DependencyError: The dependencies cannot be resolved.
        PlanError: The base has another Python than the model needs, or two layers share a name.
    """
    decisions = [because]

    def note(event: Event) -> None:
        if isinstance(event, Decision):
            decisions.append(event)
        emit(event)

    resolving = _Resolving(plan, engine, pull, environments, artifact, note)
    images = tuple(resolving.image(platform) for platform in plan.platforms)
    return ResolvedPlan(plan, images, tuple(decisions))


def layers_of(
    plan: ResolvedPlan, environments: Environments, artifact: ModelArtifact, time: int = 0
) -> dict[str, dict[str, TarSource]]:
    """Return the tar stream of each layer that a resolved plan adds, by platform and name.

    Args:
        plan: The resolved plan.
        environments: Makes the layers of environments.
        artifact: The artifact.
        time: When files of the model and of packagers were last changed, in seconds since 1970; layers of
            environments, which many images share, always say 1970.
    """
    return {
        image.platform: _layers_of_image(plan.plan, image, environments, artifact, time)
        for image in plan.images
    }


@dataclass(frozen=True)
class _Resolving:
    """The plan, and those who know what it leaves open."""

    plan: BuildPlan
    engine: FindsBases
    pull: RegistryAccess | None
    environments: Environments
    artifact: ModelArtifact
    note: EventSink

    def image(self, platform: str) -> ResolvedImage:
        """Settle the image of one platform."""
        plan = self.plan
        base = self._base(platform)
        layers = [layer for layer in plan.layers if isinstance(layer, EnvironmentLayer)]
        seen = with_python(plan.base, base, layers)
        resolved = tuple(
            self.environments.resolve(layer, seen, self.artifact.root, self.note) for layer in layers
        )
        blocks = tuple(_pinned(block, base) for block in plan.blocks)
        files: dict[str, bytes] = {}
        for layer, environment in zip(layers, resolved, strict=True):
            instructions: Sequence[Instruction] = [AddLayer(part.name) for part in environment.parts]
            if environment.mode == "conda" and not environment.parts:
                instructions, context = conda_instructions(layer, seen)
                files.update(context)
            blocks = tuple(_replaced(block, layer.name, instructions) for block in blocks)
        _check_names(blocks)
        return ResolvedImage(seen, resolved, blocks, plan.template, files)

    def _base(self, platform: str) -> BaseFacts:
        told: list[str] = []

        def note(event: Event) -> None:
            if isinstance(event, Decision):
                told.append(event.subject)
            self.note(event)

        base = self.engine.inspect_base(self.plan.base, platform, self.pull, note)
        if "base image" not in told:
            self.note(Decision("base image", str(base.reference), base.origin))
        return base


def _layers_of_image(
    plan: BuildPlan, image: ResolvedImage, environments: Environments, artifact: ModelArtifact, time: int
) -> dict[str, TarSource]:
    resolved = {environment.layer: environment for environment in image.environments}
    sources: dict[str, TarSource] = {}
    for layer in plan.layers:
        if isinstance(layer, FilesLayer):
            sources[layer.name] = layer.tar(artifact.open, time)
        else:
            sources |= _parts(layer, resolved[layer.name], image.base, environments, artifact)
    return sources


def _parts(
    layer: EnvironmentLayer,
    resolved: ResolvedEnvironment,
    base: BaseFacts,
    environments: Environments,
    artifact: ModelArtifact,
) -> dict[str, TarSource]:
    return {
        part.name: environments.tar(layer, resolved, part, base, artifact.root) for part in resolved.parts
    }


def _check_names(blocks: Sequence[Block]) -> None:
    """Refuse a layer whose name the part of an environment has, too: one would take the other's place."""
    instructions = (instruction for block in blocks for instruction in block.instructions)
    names = Counter(instruction.layer for instruction in instructions if isinstance(instruction, AddLayer))
    if shared := [name for name, count in names.items() if count > 1]:
        raise PlanError(
            f"a layer of the plan is called {shared[0]}, as is one that holds packages of an environment",
            code="bad-plan",
            hint="give the packager's layer another name",
        )


def _pinned(block: Block, base: BaseFacts) -> Block:
    if block.name != BASE_BLOCK:
        return block
    return replace(block, instructions=(From(str(base.reference)), *block.instructions[1:]))


def _replaced(block: Block, layer: str, instructions: Sequence[Instruction]) -> Block:
    """Put other instructions in place of the one that adds a layer."""
    changed: list[Instruction] = []
    for instruction in block.instructions:
        changed += instructions if instruction == AddLayer(layer) else [instruction]
    return replace(block, instructions=tuple(changed))
