"""The dependency cache: a base image that already holds what a conda file asks for."""

from __future__ import annotations

from pathlib import Path

from odahu_pack_core.errors import ArtifactError, UsageError
from odahu_pack_core.events import RunFinished
from odahu_pack_core.names import CACHE_ENVIRONMENT, CACHE_LABEL
from odahu_pack_core.plan.artifact import ArtifactEntry, ModelArtifact
from odahu_pack_core.plan.build_plan import BASE_BLOCK, Block, BuildPlan
from odahu_pack_core.plan.dependencies import read_conda_file
from odahu_pack_core.plan.environment import CondaFile, EnvironmentLayer
from odahu_pack_core.plan.image_name import ImageName, image_reference, render_name
from odahu_pack_core.plan.instruction import AddLayer, From, Label
from odahu_pack_core.plan.python_choice import choose_base
from odahu_pack_core.plugins.protocols import ImageOutput
from odahu_pack_core.result import PackagingResult
from odahu_pack_core.spec.connection import Connection

from .access import pull_access, push_access
from .assembly import TO_REGISTRY, Assembly
from .surroundings import Surroundings

_LAYER = "cache"


def cache_image(
    conda_file: Path,
    *,
    image: str,
    base: str | None = None,
    push: Connection | None = None,
    pull: Connection | None = None,
    output: ImageOutput | None = None,
    build_from_source: bool = False,
    surroundings: Surroundings,
) -> PackagingResult:
    """Build a base image that holds a conda file's dependencies, for ``dockerfileBaseImage``.

    Args:
        conda_file: The conda file of the models that will build on it.
        image: Name of the image, such as ``packaging-model-cache:1.0.0``.
        base: Its own base image; None to choose one by the conda file's Python.
        push: The connection to the registry that receives it.
        pull: The connection to the registry of the base image.
        output: Where the image goes; None for the registry of ``push``.
        build_from_source: Whether source distributions may be built.
        surroundings: Plugins, environment variables, engine and listener.

    Raises:
        OdahuPackError: Any of the error tree; nothing half-made is left behind.
    """
    if push is None and output is None:
        raise UsageError(
            "there is no connection to push to and no output, so the image would exist nowhere",
            code="no-output",
            hint="name a connection with --push, or a place with --output type=oci,dest=PATH",
        )
    artifact = _surrounding(conda_file)
    conda = read_conda_file(artifact, conda_file.name, build_from_source=build_from_source)
    name = render_name(image, name=artifact.name, version="1", random_uuid="")
    plan = _plan(conda, name, base, push, pull)
    catalog, environ = surroundings.catalog, surroundings.environ
    reporter = surroundings.reporter()
    for decision in plan.decisions:
        reporter.emit(decision)
    assembly = Assembly(
        plan,
        artifact,
        surroundings,
        reporter,
        pull=pull_access(pull, plan.base, catalog, environ),
        push=push_access(push, plan.image, catalog, environ),
    )
    chosen = assembly.choose(output or TO_REGISTRY)
    result = PackagingResult(assembly.publish(assembly.resolve(chosen), chosen))
    reporter.emit(RunFinished(result.results))
    return result


def _plan(
    conda: CondaFile, name: ImageName, base: str | None, push: Connection | None, pull: Connection | None
) -> BuildPlan:
    chosen, decisions = choose_base(conda.python, base, pull_uri=pull.spec.uri if pull else None)
    return BuildPlan(
        packager="dependency cache",
        image=image_reference(name, push.spec.uri if push else None),
        base=chosen,
        blocks=(
            Block(BASE_BLOCK, (From(str(chosen.reference)),)),
            Block("environment", (AddLayer(_LAYER),)),
            Block("labels", (Label(CACHE_LABEL, CACHE_ENVIRONMENT),)),
        ),
        layers=(EnvironmentLayer(_LAYER, CACHE_ENVIRONMENT, "venv", conda.dependencies),),
        decisions=(*decisions, *conda.decisions),
    )


def _surrounding(conda_file: Path) -> ModelArtifact:
    """Return the conda file and its neighbours as an artifact, for the files that it may refer to."""
    if not conda_file.is_file():
        raise ArtifactError(f"{conda_file}: there is no such file", code="no-artifact")
    neighbours = sorted(path for path in conda_file.parent.iterdir() if path.is_file())
    entries = tuple(ArtifactEntry(path.name, path.stat().st_size) for path in neighbours)
    return ModelArtifact("conda", conda_file.parent, entries, name=conda_file.stem, version="1")
