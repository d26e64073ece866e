"""From a request to a program of this machine; `prepare_local` is public."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from pathlib import Path
from typing import Any, Final

from odahu_pack_core.environment.cache import Cache
from odahu_pack_core.errors import UsageError
from odahu_pack_core.events import EventSink
from odahu_pack_core.folders import cache_folder
from odahu_pack_core.pipeline.integration import find_offer
from odahu_pack_core.pipeline.jobs import Request, decide_plan, open_job
from odahu_pack_core.pipeline.surroundings import Surroundings
from odahu_pack_core.plan.build_plan import BuildPlan
from odahu_pack_core.plan.instruction import Expose
from odahu_pack_core.plugins.catalog import PluginCatalog
from odahu_pack_core.spec.integration import PackagingIntegration
from odahu_pack_core.spec.packaging import ModelPackaging
from odahu_pack_core.values import dataclass

from .machine import host_platform
from .making import Making, forget_unused, kept_folders
from .model import folder_of
from .program import LocalProgram, check_runs_here, program_of

LOOPBACK: Final = "127.0.0.1"
_SECONDS_KEPT: Final = 30 * 24 * 3600.0


@dataclass(frozen=True)
class LocalRun:
    """How an image's program runs on this machine.

    Args:
        words: Arguments in place of the image's own, as after ``docker run IMAGE``; None for the image's.
        serves: Whether the program must open a port, or must not; None where either will do.
        host: The address to listen on, for packagers with an argument ``host``; None as the plan has it.
        port: The port to listen on; None as the plan has it.
        python: The interpreter to use; None to look for one.
        variables: Environment variables that the program gets beside those of the plan.
    """

    words: tuple[str, ...] | None = None
    serves: bool | None = None
    host: str | None = None
    port: int | None = None
    python: Path | None = None
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)


def prepare_local(
    packaging: ModelPackaging,
    *,
    artifact: str | Path,
    integrations: Sequence[PackagingIntegration] = (),
    words: Sequence[str] | None = None,
    host: str | None = LOOPBACK,
    port: int | None = None,
    python: str | Path | None = None,
    variables: Mapping[str, str] | None = None,
    on_event: EventSink | None = None,
) -> LocalProgram:
    """Prepare what a model's image would run to be run on this machine, without a container.

    Environment and server come from the same plan as the image, and are kept in the cache. No target is used
    and no registry is asked. Safe to call from several threads at once.

    Args:
        packaging: The request.
        artifact: The model; a folder is used in place, so that changes to it count with the next start.
        integrations: Integrations that change a packager's defaults and bounds.
        words: Arguments in place of the image's own, as after ``docker run IMAGE``; None for the image's.
        host: The address to listen on; None as the plan has it.
        port: The port to listen on; None as the plan has it.
        python: The interpreter to use; None for one of this machine that is of the plan's version.
        variables: Environment variables that the program gets beside those of the plan.
        on_event: Receives every event on this thread; an exception it raises stops the run.

    Returns:
        The program, not started: ``subprocess.run(program.argv, env=program.environ, cwd=program.cwd)``.

    Raises:
        OdahuPackError: Any of the error tree; nothing half-made is left behind.
    """
    run = LocalRun(
        words=None if words is None else tuple(words),
        host=host,
        port=port,
        python=Path(python) if python is not None else None,
        variables=variables or {},
    )
    request = Request(packaging, Path(artifact), integrations=integrations)
    return prepare_request(request, run, Surroundings(on_event=on_event))


def prepare_request(request: Request, run: LocalRun, surroundings: Surroundings) -> LocalProgram:
    """Prepare as a request says; see `prepare_local`."""
    reporter = surroundings.reporter()
    catalog, environ = surroundings.catalog, surroundings.environ
    cache = Cache(cache_folder(environ).absolute())
    request = replace(
        request,
        packaging=_listening(request, run, catalog),
        artifact=folder_of(request.artifact, cache, request.max_expansion, reporter.emit),
        platforms=(host_platform(),),
        binds_targets=False,
    )
    with open_job(request, catalog, reporter) as (job, packager):
        plan = decide_plan(job, packager, catalog, reporter)
        check_runs_here(plan)
        _check_serves(plan, run)
        making = Making(plan, job.artifact, cache, surroundings, reporter)
        resolved = making.resolve(run.python)
        layout = making.layout(resolved)
        root = making.root(layout)
    forget_unused(cache, time.time() - _SECONDS_KEPT)
    program = program_of(resolved, root, words=run.words, environ=environ, variables=run.variables)
    return replace(program, folders=(root, *kept_folders(layout, cache)))


def _listening(request: Request, run: LocalRun, catalog: PluginCatalog) -> ModelPackaging:
    """Return the packaging with the address and the port of this run, where its packager takes them."""
    packaging = request.packaging
    offer = find_offer(packaging, request.integrations, catalog)
    known = {field.alias or name for name, field in offer.record.arguments.model_fields.items()}
    if run.port is not None and "port" not in known:
        raise UsageError(f"{offer.record.name} has no argument port, so --port means nothing to it")
    wanted: dict[str, Any] = {"host": run.host, "port": run.port}
    chosen = {name: value for name, value in wanted.items() if value is not None and name in known}
    spec = packaging.spec.model_copy(update={"arguments": {**packaging.spec.arguments, **chosen}})
    return packaging.model_copy(update={"spec": spec})


def _check_serves(plan: BuildPlan, run: LocalRun) -> None:
    """Refuse to serve what opens no port, and to run what does, before anything is made for it."""
    serves = any(isinstance(instruction, Expose) for instruction in plan.instructions)
    if run.serves is None or run.serves == serves:
        return
    what, mend = ("serves", "serve") if serves else ("opens no port", "predict")
    raise UsageError(
        f"an image of {plan.packager} {what}", code="usage", hint=f"use: odahuflowctl local {mend}"
    )
