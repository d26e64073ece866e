"""The way through the product: plan, resolve, build and push; `package_model` is public."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from odahu_pack_core.errors import PluginError, UsageError
from odahu_pack_core.events import EventSink, RunFinished
from odahu_pack_core.plan.build_plan import DEFAULT_PLATFORM, BuildPlan, ResolvedPlan
from odahu_pack_core.plan.job import PULL_TARGET, PUSH_TARGET, PackagingJob
from odahu_pack_core.plugins.protocols import ImageOutput
from odahu_pack_core.result import PackagingResult
from odahu_pack_core.spec.connection import Connection
from odahu_pack_core.spec.integration import PackagingIntegration
from odahu_pack_core.spec.packaging import ModelPackaging

from .access import pull_access, push_access
from .assembly import TO_REGISTRY, Assembly, EngineBuild
from .jobs import Request, open_job, plan_job
from .reporter import Reporter
from .surroundings import AUTO, Surroundings


def package_model(
    packaging: ModelPackaging,
    *,
    artifact: str | Path,
    connections: Sequence[Connection] = (),
    integrations: Sequence[PackagingIntegration] = (),
    engine: str = AUTO,
    output: ImageOutput | None = None,
    platforms: Sequence[str] = (DEFAULT_PLATFORM,),
    on_event: EventSink | None = None,
) -> PackagingResult:
    """Package a model: plan, resolve, build and push.

    Safe to call from several threads at once.

    Args:
        packaging: The request.
        artifact: The archive or folder of the model.
        connections: Connections that targets may name.
        integrations: Integrations that change a packager's defaults and bounds.
        engine: Name of the engine; ``auto`` for the first that can.
        output: Where the image goes; None for the push target.
        platforms: ``os/arch`` of each image wanted; several are made under one name.
        on_event: Receives every event on this thread; an exception it raises stops the run.

    Returns:
        The image and the packager's own results, in the order of ``status.results``.

    Raises:
        OdahuPackError: Any of the error tree; nothing half-made is left behind.
    """
    wanted = tuple(dict.fromkeys(platforms))
    request = Request(packaging, Path(artifact), connections, integrations, output, platforms=wanted)
    return package_request(request, Surroundings(engine=engine, on_event=on_event))


def resolve_request(request: Request, surroundings: Surroundings) -> ResolvedPlan:
    """Return the resolved plan of a request; asks the package index and the registry, builds nothing."""
    reporter = surroundings.reporter()
    with open_job(request, surroundings.catalog, reporter) as (job, packager):
        plan = plan_job(job, packager, surroundings.catalog, reporter)
        assembly = _assembly(job, plan, surroundings, reporter)
        return assembly.resolve(assembly.choose(request.output or TO_REGISTRY))


def package_request(request: Request, surroundings: Surroundings) -> PackagingResult:
    """Package as a request says; see `package_model`."""
    reporter = surroundings.reporter()
    with open_job(request, surroundings.catalog, reporter) as (job, packager):
        output = request.output or _push_target(job)
        plan = plan_job(job, packager, surroundings.catalog, reporter)
        assembly = _assembly(job, plan, surroundings, reporter)
        chosen = assembly.choose(output)
        resolved = assembly.resolve(chosen)
        result = packager.build_and_push(job, resolved, EngineBuild(assembly, chosen))
    if not isinstance(result, PackagingResult):
        raise PluginError(f"{plan.packager} returned {type(result).__name__}, no PackagingResult")
    reporter.emit(RunFinished(result.results))
    return result


def _assembly(job: PackagingJob, plan: BuildPlan, surroundings: Surroundings, reporter: Reporter) -> Assembly:
    catalog, environ = surroundings.catalog, surroundings.environ
    pull = pull_access(job.targets.get(PULL_TARGET), plan.base, catalog, environ)
    push = push_access(job.targets.get(PUSH_TARGET), plan.image, catalog, environ)
    return Assembly(plan, job.artifact, surroundings, reporter, pull, push)


def _push_target(job: PackagingJob) -> ImageOutput:
    if PUSH_TARGET not in job.targets:
        raise UsageError(
            f"there is no target {PUSH_TARGET}, so the image would exist nowhere",
            code="no-output",
            hint="bind the target, or say where the image goes, for example --output type=docker",
        )
    return TO_REGISTRY
