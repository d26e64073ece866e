"""A request made complete: the packager found, arguments validated, targets bound, the artifact opened."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

from odahu_pack_core.artifact.limits import DEFAULT_EXPANSION
from odahu_pack_core.artifact.reading import open_artifact
from odahu_pack_core.errors import OdahuPackError, PluginError
from odahu_pack_core.events import Notice
from odahu_pack_core.plan.build_plan import DEFAULT_PLATFORM, BuildPlan
from odahu_pack_core.plan.job import PUSH_TARGET, PackagingJob
from odahu_pack_core.plugins.catalog import PluginCatalog
from odahu_pack_core.plugins.protocols import ImageOutput, Packager
from odahu_pack_core.plugins.records import ArtifactReaderRecord, PackagerRecord
from odahu_pack_core.spec.connection import Connection
from odahu_pack_core.spec.integration import PackagingIntegration
from odahu_pack_core.spec.packaging import ModelPackaging, Resources
from odahu_pack_core.values import dataclass

from .arguments import bind_arguments
from .integration import Offer, find_offer
from .reporter import Reporter
from .targets import bind_targets


@dataclass(frozen=True)
class Request:
    """What a caller asks for, in one value.

    Args:
        packaging: The request itself.
        artifact: The archive or folder of the model.
        connections: Connections that targets may name.
        integrations: Integrations that change a packager's defaults and bounds.
        output: Where the image goes; None for the push target.
        random_uuid: The run's UUID; None to make one.
        platforms: ``os/arch`` of each image wanted.
        build_from_source: Whether source distributions may be built.
        max_expansion: How many times its size an archive may become.
        binds_targets: Whether targets lead anywhere; without, nobody pulls or pushes.
    """

    packaging: ModelPackaging
    artifact: Path
    connections: Sequence[Connection] = ()
    integrations: Sequence[PackagingIntegration] = ()
    output: ImageOutput | None = None
    random_uuid: str | None = None
    platforms: tuple[str, ...] = (DEFAULT_PLATFORM,)
    build_from_source: bool = False
    max_expansion: int = DEFAULT_EXPANSION
    binds_targets: bool = True


@contextmanager
def open_job(
    request: Request, catalog: PluginCatalog, reporter: Reporter
) -> Iterator[tuple[PackagingJob, Packager]]:
    """Make a request complete, for as long as the block runs.

    Raises:
        SpecError: An argument, target or connection is wrong.
        PluginError: The packager is missing or broken.
        ArtifactError: The artifact is missing, unsafe, or not of a kind that the packager takes.
    """
    with reporter.step("load", f"Read {request.packaging.place()}"):
        offer = find_offer(request.packaging, request.integrations, catalog)
        arguments = bind_arguments(request.packaging, offer)
        targets = _bound_targets(request, offer, catalog) if request.binds_targets else {}
        for notice in _ignored(request.packaging, offer):
            reporter.emit(notice)
    with ExitStack() as stack:
        with reporter.step("artifact", f"Open the artifact {request.artifact}"):
            readers = _readers(offer.record, catalog)
            opened = open_artifact(request.artifact, readers, expansion=request.max_expansion)
            artifact = stack.enter_context(opened)
        job = PackagingJob(
            packaging=request.packaging,
            packager=offer.record.name,
            arguments=arguments,
            targets=targets,
            artifact=artifact,
            random_uuid=request.random_uuid or str(uuid4()),
            platforms=request.platforms,
            build_from_source=request.build_from_source,
        )
        with _blaming(offer.record.name, "cannot be made", catalog):
            packager = offer.record.create()
        yield job, packager


def _bound_targets(request: Request, offer: Offer, catalog: PluginCatalog) -> Mapping[str, Connection]:
    """Bind the targets; the push target may be left out where the image goes elsewhere."""
    elsewhere = request.output is not None and request.output.type != "registry"
    optional = frozenset({PUSH_TARGET}) if elsewhere else frozenset[str]()
    return bind_targets(request.packaging, offer, request.connections, catalog, optional=optional)


def plan_job(job: PackagingJob, packager: Packager, catalog: PluginCatalog, reporter: Reporter) -> BuildPlan:
    """Return the packager's plan of an image, with a warning where the image's name is a poor one."""
    plan = decide_plan(job, packager, catalog, reporter)
    if plan.image.tag == "latest":
        reporter.emit(Notice(f"{plan.image} is called latest and will be overwritten", "warning"))
    return plan


def decide_plan(
    job: PackagingJob, packager: Packager, catalog: PluginCatalog, reporter: Reporter
) -> BuildPlan:
    """Return the packager's plan, amended by plugins, its decisions and notices reported."""
    with reporter.step("plan", f"Plan an image for {job.artifact.name} {job.artifact.version}"):
        with _blaming(job.packager, "failed to plan", catalog):
            plan = packager.plan(job)
            if not isinstance(plan, BuildPlan):
                raise TypeError(f"planned {type(plan).__name__}, no BuildPlan")
        # The platforms are the user's choice; a packager that names none would silently make another image.
        plan = catalog.amend(replace(plan, platforms=job.platforms), job)
        for event in (*plan.decisions, *plan.notices):
            reporter.emit(event)
    return plan


@contextmanager
def _blaming(name: str, what: str, catalog: PluginCatalog) -> Iterator[None]:
    """Tell whose packager it is that fails in a way which it should not."""
    try:
        yield
    except OdahuPackError:
        raise
    except Exception as error:
        owner = catalog.packagers[name].distribution
        reason = f"{type(error).__name__}: {error}"
        raise PluginError(f"packager {name!r} of {owner} {what}: {reason}", code="plugin-failed") from error


def _readers(record: PackagerRecord, catalog: PluginCatalog) -> list[ArtifactReaderRecord]:
    """Return the readers of the kinds that a packager accepts, in its order of preference."""
    known = [kind for kind in record.artifact_kinds if kind in catalog.artifact_readers]
    if not known:
        raise PluginError(
            f"packager {record.name!r} takes artifacts of kind {', '.join(record.artifact_kinds)}, "
            "but no plugin that is installed reads them",
            code="no-reader",
        )
    return [catalog.artifact_readers[kind].record for kind in known]


def _ignored(packaging: ModelPackaging, offer: Offer) -> Iterator[Notice]:
    """Say once what is validated and kept, but means nothing to a local run."""
    spec = packaging.spec
    if spec.node_selector or spec.resources != Resources():
        yield Notice("resources and nodeSelector are for a cluster; this run is local and keeps them unused")
    if spec.image:
        yield Notice("spec.image names a runner image of a cluster; this run is local and keeps it unused")
    written = offer.written.spec if offer.written else None
    if written and (written.default_image or written.privileged):
        yield Notice("defaultImage and privileged of the integration are kept unused")
