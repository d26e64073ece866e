"""Which engine builds an image, and why."""

from __future__ import annotations

from dataclasses import dataclass

from odahu_pack_core.environment.modes import may_need_engine
from odahu_pack_core.errors import EngineError
from odahu_pack_core.events import Decision
from odahu_pack_core.plan.build_plan import BuildPlan
from odahu_pack_core.plan.environment import EnvironmentLayer
from odahu_pack_core.plan.instruction import Run
from odahu_pack_core.plugins.catalog import PluginCatalog
from odahu_pack_core.plugins.protocols import OutputType
from odahu_pack_core.plugins.records import EngineRecord

from .surroundings import AUTO


@dataclass(frozen=True)
class Wanted:
    """What an engine must be able to do.

    Args:
        output: Where the image goes.
        runs: Whether something runs while the image is built.
        several: Whether the image is for several platforms.
    """

    output: OutputType
    runs: bool = False
    several: bool = False

    def lack_of(self, record: EngineRecord) -> str:
        """Say what an engine lacks; nothing when it lacks nothing."""
        # A build context is written without an engine's help.
        if self.output != "context" and self.output not in record.outputs:
            able = ", ".join(sorted(record.outputs))
            return f"cannot bring an image to output type {self.output!r}, only to {able}"
        if self.runs and not record.runs:
            return "cannot execute RUN instructions"
        if self.several and not record.several_platforms:
            return "makes images of one platform at a time"
        return ""


def choose_engine(
    name: str, catalog: PluginCatalog, output: OutputType, plan: BuildPlan
) -> tuple[EngineRecord, Decision]:
    """Choose the engine that executes a plan.

    Args:
        name: The engine that the user wants; ``auto`` for the first that can.
        catalog: The engines that are installed.
        output: Where the image goes; a build context can be written for any engine.
        plan: What it executes.

    Returns:
        The engine and the decision with its reason.

    Raises:
        PluginError: There is no engine of that name.
        EngineError: The engine, or every engine, lacks what the plan or the output needs.
    """
    wanted = Wanted(output, _runs(plan), len(plan.platforms) > 1)
    if name != AUTO:
        record = catalog.engine(name)
        if lack := wanted.lack_of(record):
            raise EngineError(f"engine {name!r} {lack}", code="engine-cannot")
        return record, Decision("engine", name, "asked for")
    records = sorted(
        (provided.record for provided in catalog.engines.values()), key=lambda r: (r.rank, r.name)
    )
    able = [record for record in records if not wanted.lack_of(record)]
    if not able:
        lacks = "; ".join(f"{record.name} {wanted.lack_of(record)}" for record in records)
        raise EngineError(
            f"no engine can build this image: {lacks or 'none is installed'}", code="engine-cannot"
        )
    return able[0], Decision("engine", able[0].name, "the first installed engine that can build this plan")


def _runs(plan: BuildPlan) -> bool:
    environments = (layer for layer in plan.layers if isinstance(layer, EnvironmentLayer))
    runs = any(isinstance(instruction, Run) for instruction in plan.instructions)
    return runs or any(map(may_need_engine, environments))
