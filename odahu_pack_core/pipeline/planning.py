"""The offline half of the way through the product; `plan_model` is public.

A module of its own, since whoever only plans needs no engine, no environment and no registry.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from odahu_pack_core.plan.build_plan import DEFAULT_PLATFORM, BuildPlan
from odahu_pack_core.spec.connection import Connection
from odahu_pack_core.spec.integration import PackagingIntegration
from odahu_pack_core.spec.packaging import ModelPackaging

from .jobs import Request, open_job, plan_job
from .surroundings import Surroundings


def plan_model(
    packaging: ModelPackaging,
    *,
    artifact: str | Path,
    connections: Sequence[Connection] = (),
    integrations: Sequence[PackagingIntegration] = (),
    random_uuid: str | None = None,
    platforms: Sequence[str] = (DEFAULT_PLATFORM,),
) -> BuildPlan:
    """Decide the image of a model, without asking a package index or an image registry.

    Args:
        packaging: The request.
        artifact: The archive or folder of the model.
        connections: Connections that targets may name.
        integrations: Integrations that change a packager's defaults and bounds.
        random_uuid: The run's UUID; None to make one.
        platforms: ``os/arch`` of each image wanted.

    Returns:
        The plan; it holds no reference to the unpacked artifact.

    Raises:
        OdahuPackError: One of SpecError, PluginError, ArtifactError, PlanError.
    """
    request = Request(
        packaging,
        Path(artifact),
        connections,
        integrations,
        random_uuid=random_uuid,
        platforms=tuple(dict.fromkeys(platforms)),
    )
    return plan_request(request, Surroundings())


def plan_request(request: Request, surroundings: Surroundings) -> BuildPlan:
    """Return the plan of a request."""
    reporter = surroundings.reporter()
    with open_job(request, surroundings.catalog, reporter) as (job, packager):
        return plan_job(job, packager, surroundings.catalog, reporter)
