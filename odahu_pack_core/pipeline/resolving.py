"""Resolve: a plan becomes exact — the base pinned, versions locked, the environment's mode chosen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from odahu_pack_core.artifact.reading import open_member
from odahu_pack_core.environment.conda_mode import conda_instructions
from odahu_pack_core.environment.environments import Environments
from odahu_pack_core.environment.modes import with_python
from odahu_pack_core.events import Decision, Event, EventSink
from odahu_pack_core.plan.base import BaseFacts
from odahu_pack_core.plan.build_plan import BASE_BLOCK, Block, BuildPlan, FilesLayer, ResolvedPlan
from odahu_pack_core.plan.environment import EnvironmentLayer
from odahu_pack_core.plan.instruction import AddLayer, From, Instruction
from odahu_pack_core.plan.layer_tar import TarSource
from odahu_pack_core.plugins.protocols import Engine, RegistryAccess


def resolve_plan(
    plan: BuildPlan,
    *,
    engine: Engine,
    because: Decision,
    pull: RegistryAccess | None,
    environments: Environments,
    artifact_root: Path,
    emit: EventSink,
) -> ResolvedPlan:
    """Settle everything that needs a package index or an image registry.

    Args:
        plan: The plan as decided offline.
        engine: Finds the base image.
        because: Why that engine was chosen.
        pull: The way into the base image's registry; None for anonymous or local bases.
        environments: Chooses versions.
        artifact_root: The unpacked artifact, for wheels inside it.
        emit: Receives decisions and progress.

    Raises:
        RegistryError: The base image cannot be had.
        DependencyError: The dependencies cannot be resolved.
        PlanError: The base has another Python than the model needs.
    """
    decisions = [because]

    def note(event: Event) -> None:
        if isinstance(event, Decision):
            decisions.append(event)
        emit(event)

    base = engine.inspect_base(plan.base, plan.platforms[0], pull, note)
    if "base image" not in {decision.subject for decision in decisions}:
        note(Decision("base image", str(base.reference), base.origin))
    layers = [layer for layer in plan.layers if isinstance(layer, EnvironmentLayer)]
    seen = with_python(plan.base, base, layers)
    resolved = tuple(environments.resolve(layer, seen, artifact_root, note) for layer in layers)
    blocks = tuple(_pinned(block, base) for block in plan.blocks)
    files: dict[str, bytes] = {}
    for layer, environment in zip(layers, resolved, strict=True):
        if environment.mode == "conda":
            instructions, context = conda_instructions(layer, seen)
            blocks = tuple(_replaced(block, layer.name, instructions) for block in blocks)
            files.update(context)
    return ResolvedPlan(plan, seen, resolved, blocks, files, tuple(decisions))


def layers_of(
    plan: ResolvedPlan, environments: Environments, artifact_root: Path, emit: EventSink
) -> dict[str, TarSource]:
    """Return the tar stream of each layer that a resolved plan adds."""
    added = {instruction.layer for instruction in plan.instructions if isinstance(instruction, AddLayer)}
    resolved = {environment.layer: environment for environment in plan.environments}
    sources: dict[str, TarSource] = {}
    for layer in plan.plan.layers:
        if layer.name not in added:
            continue
        if isinstance(layer, FilesLayer):
            sources[layer.name] = layer.tar(partial(open_member, artifact_root))
        else:
            sources[layer.name] = environments.tar(
                layer, resolved[layer.name], plan.base, artifact_root, emit
            )
    return sources


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
