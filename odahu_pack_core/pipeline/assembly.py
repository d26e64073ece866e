"""An image on its way from a plan to its output."""

from __future__ import annotations

from odahu_pack_core.command import SubprocessRunner
from odahu_pack_core.engine.source_date import source_date
from odahu_pack_core.environment.environments import Environments
from odahu_pack_core.events import Decision, Notice
from odahu_pack_core.folders import cache_folder
from odahu_pack_core.plan.artifact import ModelArtifact
from odahu_pack_core.plan.build_plan import BuildPlan, ResolvedPlan
from odahu_pack_core.plugins.protocols import BuildRequest, Engine, ImageOutput, RegistryAccess
from odahu_pack_core.result import PublishedImage
from odahu_pack_core.values import dataclass

from .engines import choose_engine
from .reporter import Reporter
from .resolving import layers_of, resolve_plan
from .surroundings import Surroundings

TO_REGISTRY = ImageOutput("registry")


@dataclass(frozen=True)
class Chosen:
    """An engine, why it was chosen, and where it brings the image."""

    engine: Engine
    decision: Decision
    output: ImageOutput


@dataclass(frozen=True)
class Assembly:
    """A plan, and everything that is needed to make its image.

    Args:
        plan: The plan as decided offline.
        artifact: The artifact.
        surroundings: Plugins, environment variables and the engine's name.
        reporter: Receives the events.
        pull: The way into the base image's registry.
        push: The way into the registry that receives the image; None without a push target.
    """

    plan: BuildPlan
    artifact: ModelArtifact
    surroundings: Surroundings
    reporter: Reporter
    pull: RegistryAccess
    push: RegistryAccess | None = None

    def choose(self, output: ImageOutput) -> Chosen:
        """Return the engine that makes the image, and why it is that one."""
        around = self.surroundings
        record, decision = choose_engine(
            around.engine, around.catalog, output.type, self.plan, around.environ
        )
        self.reporter.emit(decision)
        return Chosen(record.create(around.environ), decision, output)

    def resolve(self, chosen: Chosen) -> ResolvedPlan:
        """Return the plan with base, versions and modes settled."""
        with self.reporter.step("resolve", f"Resolve base image and dependencies of {self.plan.image}"):
            return resolve_plan(
                self.plan,
                engine=chosen.engine,
                because=chosen.decision,
                pull=self.pull,
                environments=self._environments,
                artifact=self.artifact,
                emit=self.reporter.emit,
            )

    def publish(self, plan: ResolvedPlan, chosen: Chosen) -> PublishedImage:
        """Make the layers, build the image and bring it to its output."""
        output, emit = chosen.output, self.reporter.emit
        time = source_date(self.surroundings.environ)
        layers = layers_of(plan, self._environments, self.artifact, time)
        push = self.push if output.type == "registry" else None
        request = BuildRequest(plan, layers, output, push, self.pull)
        with self.reporter.step("build", f"Build {plan.plan.image}"):
            if output.type == "context":
                from odahu_pack_core.engine.context import write_context  # noqa: PLC0415  # rarely asked for

                return write_context(request, emit)
            return chosen.engine.execute(request, emit)

    @property
    def _environments(self) -> Environments:
        environ = self.surroundings.environ
        refresh = self.surroundings.refresh
        return Environments(cache_folder(environ), environ, SubprocessRunner(), refresh=refresh)


@dataclass(frozen=True)
class EngineBuild:
    """What a packager builds and pushes with: an assembly and its engine."""

    assembly: Assembly
    chosen: Chosen

    def publish(self, plan: ResolvedPlan) -> PublishedImage:
        """Have the engine build the image and bring it to its output."""
        return self.assembly.publish(plan, self.chosen)

    def emit(self, message: str) -> None:
        """Tell the user something."""
        self.assembly.reporter.emit(Notice(message))
