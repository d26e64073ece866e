"""Which engine builds an image, and why."""

from __future__ import annotations

from odahu_pack_core.errors import EngineError
from odahu_pack_core.events import Decision
from odahu_pack_core.plan.instruction import Instruction, Run
from odahu_pack_core.plugins.catalog import PluginCatalog
from odahu_pack_core.plugins.protocols import OutputType
from odahu_pack_core.plugins.records import EngineRecord

AUTO = "auto"


def choose_engine(
    name: str, catalog: PluginCatalog, output: OutputType, instructions: tuple[Instruction, ...]
) -> tuple[EngineRecord, Decision]:
    """Choose the engine that executes a plan.

    Args:
        name: The engine that the user wants; ``auto`` for the first that can.
        catalog: The engines that are installed.
        output: Where the image goes; a build context can be written for any engine.
        instructions: The plan's instructions.

    Returns:
        The engine and the decision with its reason.

    Raises:
        PluginError: There is no engine of that name.
        EngineError: The engine, or every engine, lacks what the plan or the output needs.
    """
    needs_run = any(isinstance(instruction, Run) for instruction in instructions)
    if name != AUTO:
        record = catalog.engine(name)
        if lack := _lack(record, output, needs_run=needs_run):
            raise EngineError(f"engine {name!r} {lack}", code="engine-cannot")
        return record, Decision("engine", name, "asked for")
    records = sorted(
        (provided.record for provided in catalog.engines.values()), key=lambda r: (r.rank, r.name)
    )
    able = [record for record in records if not _lack(record, output, needs_run=needs_run)]
    if not able:
        lacks = "; ".join(f"{r.name} {_lack(r, output, needs_run=needs_run)}" for r in records)
        raise EngineError(
            f"no engine can build this image: {lacks or 'none is installed'}", code="engine-cannot"
        )
    return able[0], Decision("engine", able[0].name, "the first installed engine that can build this plan")


def _lack(record: EngineRecord, output: OutputType, *, needs_run: bool) -> str:
    """Say what an engine lacks; nothing when it lacks nothing."""
    if output != "context" and output not in record.outputs:
        return f"cannot bring an image to output type {output!r}, only to {', '.join(sorted(record.outputs))}"
    return "cannot execute RUN instructions" if needs_run and not record.runs else ""
