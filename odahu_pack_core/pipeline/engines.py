"""Which engine builds an image, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from odahu_pack_core.environment.modes import may_need_engine
from odahu_pack_core.errors import EngineError
from odahu_pack_core.events import Decision
from odahu_pack_core.plan.build_plan import BuildPlan
from odahu_pack_core.plan.environment import EnvironmentLayer
from odahu_pack_core.plan.instruction import Run
from odahu_pack_core.plugins.catalog import PluginCatalog
from odahu_pack_core.plugins.protocols import OutputType
from odahu_pack_core.plugins.records import EngineRecord
from odahu_pack_core.values import dataclass

from .surroundings import AUTO

_OF_ONE_PLATFORM: Final = frozenset({"context", "docker", "docker-archive"})


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
    name: str, catalog: PluginCatalog, output: OutputType, plan: BuildPlan, environ: Mapping[str, str]
) -> tuple[EngineRecord, Decision]:
    """Choose the engine that executes a plan.

    Args:
        name: The engine that the user wants; ``auto`` for the first that can.
        catalog: The engines that are installed.
        output: Where the image goes; a build context can be written for any engine.
        plan: What it executes.
        environ: The environment variables of the run, which say where engines are.

    Returns:
        The engine and the decision with its reason.

    Raises:
        PluginError: There is no engine of that name.
        EngineError: The engine, or every engine, lacks what the plan or the output needs, or is not there.
    """
    _check_platforms(output, plan.platforms)
    wanted = Wanted(output, _runs(plan), len(plan.platforms) > 1)
    mend = _without_running(plan)
    if name == AUTO:
        return _first(_able(wanted, catalog, mend), environ, mend)
    record = catalog.engine(name)
    if lack := wanted.lack_of(record):
        raise EngineError(f"engine {name!r} {lack}", code="engine-cannot", hint=mend)
    return record, Decision("engine", name, "asked for")


def _check_platforms(output: OutputType, platforms: Sequence[str]) -> None:
    """Refuse several platforms where one place is for one image: now, before anything is asked for."""
    if len(platforms) > 1 and output in _OF_ONE_PLATFORM:
        raise EngineError(
            f"output type={output} holds an image of one platform, not of {', '.join(platforms)}",
            code="several-platforms",
            hint="use --output type=oci or type=registry, or name one --platform",
        )


def _able(wanted: Wanted, catalog: PluginCatalog, mend: str) -> list[EngineRecord]:
    """Return the engines that can do what is wanted, the preferred one first."""
    records = [provided.record for provided in catalog.engines.values()]
    records.sort(key=lambda record: (record.rank, record.name))
    able = [record for record in records if not wanted.lack_of(record)]
    if not able:
        lacks = "; ".join(f"{record.name} {wanted.lack_of(record)}" for record in records)
        raise EngineError(
            f"no engine can build this image: {lacks or 'none is installed'}", code="engine-cannot", hint=mend
        )
    return able


def _first(
    able: Sequence[EngineRecord], environ: Mapping[str, str], mend: str
) -> tuple[EngineRecord, Decision]:
    """Return the first engine that is there; where there is no choice, it says itself what it misses."""
    reason = "the first installed engine that can build this plan"
    if len(able) == 1:
        return able[0], Decision("engine", able[0].name, reason)
    passed: list[str] = []
    for record in able:
        missing = record.missing(environ) if record.missing else ""
        if not missing:
            return record, Decision("engine", record.name, "; ".join([reason, *passed]))
        passed.append(missing)
    raise EngineError(
        f"no engine that can build this image is there: {'; '.join(passed)}",
        code="engine-absent",
        hint=f"start or install one of {', '.join(record.name for record in able)}"
        + (f"; or {mend}" if mend else ""),
    )


def _runs(plan: BuildPlan) -> bool:
    return _has_program(plan) or bool(_made_by_engines(plan))


def _without_running(plan: BuildPlan) -> str:
    """Say what saves an image from running anything; nothing where that cannot be helped."""
    layers = _made_by_engines(plan)
    if not layers or _has_program(plan):
        return ""
    packages = dict.fromkeys(package for layer in layers for package in layer.dependencies.conda)
    return (
        f"have the conda packages ({', '.join(packages)}) installed here, which needs no such engine: "
        "pip install 'odahu-pack-core[conda]'"
    )


def _has_program(plan: BuildPlan) -> bool:
    return any(isinstance(instruction, Run) for instruction in plan.instructions)


def _made_by_engines(plan: BuildPlan) -> list[EnvironmentLayer]:
    layers = (layer for layer in plan.layers if isinstance(layer, EnvironmentLayer))
    return [layer for layer in layers if may_need_engine(layer)]
