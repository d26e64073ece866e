"""The public way through the product: `plan_model`, `resolve_model` and `package_model`."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from odahu_pack_core.command import SubprocessRunner
from odahu_pack_core.engine.context import write_context
from odahu_pack_core.environment.cache import cache_folder
from odahu_pack_core.environment.environments import Environments
from odahu_pack_core.errors import PluginError, UsageError
from odahu_pack_core.events import EventSink, Notice, RunFinished
from odahu_pack_core.plan.build_plan import BuildPlan, ResolvedPlan
from odahu_pack_core.plan.job import PUSH_TARGET, PackagingJob
from odahu_pack_core.plugins.catalog import PluginCatalog
from odahu_pack_core.plugins.protocols import BuildRequest, Engine, ImageOutput, Packager, RegistryAccess
from odahu_pack_core.result import PackagingResult, PublishedImage
from odahu_pack_core.spec.connection import Connection
from odahu_pack_core.spec.integration import PackagingIntegration
from odahu_pack_core.spec.packaging import ModelPackaging

from .access import pull_access, push_access
from .engines import AUTO, choose_engine
from .jobs import Request, open_job, plan_job
from .reporter import Reporter
from .resolving import EnvironmentMaker, layers_of, resolve_plan

TO_REGISTRY = ImageOutput("registry")


@dataclass(frozen=True)
class Surroundings:
    """What a run takes from around it; every default is the real thing.

    Args:
        catalog: Plugins; None to load those that are installed.
        environ: Environment variables.
        engine: Name of the engine; ``auto`` for the first that can.
        on_event: Receives every event on the thread that runs.
        refresh: Ask the package index again where a lock is already known.
    """

    catalog: PluginCatalog = field(default_factory=PluginCatalog.load)
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    engine: str = AUTO
    on_event: EventSink | None = None
    refresh: bool = False

    def reporter(self) -> Reporter:
        """Return a reporter to the caller and to the plugins that observe."""
        caller = (self.on_event,) if self.on_event else ()
        return Reporter(*caller, self.catalog.observe)


def plan_model(
    packaging: ModelPackaging,
    *,
    artifact: str | Path,
    connections: Sequence[Connection] = (),
    integrations: Sequence[PackagingIntegration] = (),
    random_uuid: str | None = None,
) -> BuildPlan:
    """Decide the image of a model, without asking a package index or an image registry.

    Args:
        packaging: The request.
        artifact: The archive or folder of the model.
        connections: Connections that targets may name.
        integrations: Integrations that change a packager's defaults and bounds.
        random_uuid: The run's UUID; None to make one.

    Returns:
        The plan; it holds no reference to the unpacked artifact.

    Raises:
        OdahuPackError: One of SpecError, PluginError, ArtifactError, PlanError.
    """
    request = Request(packaging, Path(artifact), connections, integrations, random_uuid=random_uuid)
    return plan_request(request, Surroundings())


def package_model(
    packaging: ModelPackaging,
    *,
    artifact: str | Path,
    connections: Sequence[Connection] = (),
    integrations: Sequence[PackagingIntegration] = (),
    engine: str = AUTO,
    output: ImageOutput | None = None,
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
        on_event: Receives every event on this thread; an exception it raises stops the run.

    Returns:
        The image and the packager's own results, in the order of ``status.results``.

    Raises:
        OdahuPackError: Any of the error tree; nothing half-made is left behind.
    """
    request = Request(packaging, Path(artifact), connections, integrations, output)
    return package_request(request, Surroundings(engine=engine, on_event=on_event))


def plan_request(request: Request, surroundings: Surroundings) -> BuildPlan:
    """Return the plan of a request."""
    with _planned(request, surroundings) as run:
        return run.plan


def resolve_request(request: Request, surroundings: Surroundings) -> ResolvedPlan:
    """Return the resolved plan of a request; asks the package index and the registry, builds nothing."""
    with _planned(request, surroundings) as run:
        return run.resolve()


def package_request(request: Request, surroundings: Surroundings) -> PackagingResult:
    """Package as a request says; see `package_model`."""
    with _planned(request, surroundings) as run:
        result = run.package(request.output)
    run.reporter.emit(RunFinished(result.results))
    return result


@dataclass(frozen=True)
class _Run:
    """A planned request on its way to an image."""

    job: PackagingJob
    packager: Packager
    plan: BuildPlan
    surroundings: Surroundings
    reporter: Reporter
    environments: EnvironmentMaker

    def resolve(self, output: ImageOutput = TO_REGISTRY) -> ResolvedPlan:
        return self._resolve(self._engine(output))

    def package(self, output: ImageOutput | None) -> PackagingResult:
        destination = output or self._to_push_target()
        engine = self._engine(destination)
        resolved = self._resolve(engine)
        build = _EngineBuild(self, engine, destination, self._pull())
        result = self.packager.build_and_push(self.job, resolved, build)
        if not isinstance(result, PackagingResult):
            raise PluginError(f"{self.plan.packager} returned {type(result).__name__}, no PackagingResult")
        return result

    def _to_push_target(self) -> ImageOutput:
        if PUSH_TARGET not in self.job.targets:
            raise UsageError(
                f"there is no target {PUSH_TARGET}, so the image would exist nowhere",
                code="no-output",
                hint="bind the target, or say where the image goes, for example --output type=docker",
            )
        return TO_REGISTRY

    def _engine(self, output: ImageOutput) -> Engine:
        catalog, environ = self.surroundings.catalog, self.surroundings.environ
        record, decision = choose_engine(
            self.surroundings.engine, catalog, output.type, self.plan.instructions
        )
        self.reporter.emit(decision)
        return record.create(environ)

    def _pull(self) -> RegistryAccess:
        return pull_access(self.job, self.plan.base, self.surroundings.catalog, self.surroundings.environ)

    def _resolve(self, engine: Engine) -> ResolvedPlan:
        with self.reporter.step("resolve", f"Resolve base image and dependencies of {self.plan.image}"):
            return resolve_plan(
                self.plan,
                engine=engine,
                pull=self._pull(),
                environments=self.environments,
                artifact_root=self.job.artifact.root,
                emit=self.reporter.emit,
            )


@dataclass(frozen=True)
class _EngineBuild:
    """What a packager builds and pushes with."""

    run: _Run
    engine: Engine
    output: ImageOutput
    pull: RegistryAccess

    def publish(self, plan: ResolvedPlan) -> PublishedImage:
        run, emit = self.run, self.run.reporter.emit
        with run.reporter.step("layers", "Make the layers"):
            layers = layers_of(plan, run.environments, run.job.artifact.root, emit)
        push = None
        if self.output.type == "registry":
            push = push_access(run.job, run.surroundings.catalog, run.surroundings.environ)
        request = BuildRequest(plan, layers, self.output, push, self.pull)
        with run.reporter.step("build", f"Build {plan.plan.image}"):
            if self.output.type == "context":
                return write_context(request, emit)
            return self.engine.execute(request, emit)

    def emit(self, message: str) -> None:
        self.run.reporter.emit(Notice(message))


@contextmanager
def _planned(request: Request, surroundings: Surroundings) -> Iterator[_Run]:
    reporter = surroundings.reporter()
    environments = Environments(
        cache_folder(surroundings.environ),
        surroundings.environ,
        SubprocessRunner(),
        refresh=surroundings.refresh,
    )
    with open_job(request, surroundings.catalog, reporter) as (job, packager):
        plan = plan_job(job, packager, surroundings.catalog, reporter)
        yield _Run(job, packager, plan, surroundings, reporter, environments)
