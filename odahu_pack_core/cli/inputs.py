"""From files and options to a request: entities loaded, the packaging chosen, its artifact found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import ValidationError

from odahu_pack_core.artifact.limits import DEFAULT_EXPANSION
from odahu_pack_core.artifact.location import OUTPUT_FOLDER_VARIABLE, find_artifact
from odahu_pack_core.errors import SpecError, UsageError, did_you_mean
from odahu_pack_core.events import EventSink, Notice
from odahu_pack_core.pipeline.jobs import Request
from odahu_pack_core.plan.build_plan import DEFAULT_PLATFORM
from odahu_pack_core.plugins.protocols import ImageOutput
from odahu_pack_core.spec.connection import Connection
from odahu_pack_core.spec.integration import PackagingIntegration
from odahu_pack_core.spec.loading import Entities, load_all
from odahu_pack_core.spec.packaging import ModelPackaging, PackagingSpec
from odahu_pack_core.values import dataclass


@dataclass(frozen=True)
class Inputs:
    """What the options of a packaging command say.

    Args:
        packaging_id: The packaging to use; None for the only one.
        manifests: Files and folders of manifests.
        files: More files.
        artifact: The model; None to look for it by its name.
        artifact_name: Takes the place of ``spec.artifactName``.
        artifact_path: Takes the place of the folder of training outputs.
        output: Where the image goes; None for the push target.
        platforms: ``os/arch`` of each; None for the default.
        build_from_source: Whether source distributions may be built.
        max_expansion: How many times its size an archive may become; None for the default.
    """

    packaging_id: str | None
    manifests: tuple[Path, ...]
    files: tuple[Path, ...]
    artifact: Path | None
    artifact_name: str | None
    artifact_path: Path | None
    output: ImageOutput | None
    platforms: tuple[str, ...] | None
    build_from_source: bool
    max_expansion: int | None

    def entities(self, emit: EventSink) -> Entities:
        """Return the entities of all files; documents of other ODAHU kinds are told.

        Raises:
            UsageError: No file is given.
            SpecError: A file is wrong.
        """
        return load_files((*self.manifests, *self.files), emit)

    def packaging(self, entities: Entities) -> ModelPackaging:
        """Return the packaging that is meant.

        Raises:
            SpecError: There is no such packaging.
            UsageError: There are several, and none is named; or an option's value is no artifact's name.
        """
        return self.named(choose(entities.of_kind(ModelPackaging), self.packaging_id))

    def named(self, packaging: ModelPackaging) -> ModelPackaging:
        """Return a packaging with the artifact's name that the options give."""
        if self.artifact_name is None:
            return packaging
        written = packaging.spec.model_dump(exclude_unset=True)
        try:
            spec = PackagingSpec.model_validate({**written, "artifact_name": self.artifact_name})
        except ValidationError:
            raise UsageError(f"--artifact-name {self.artifact_name!r} is not a file's name") from None
        return packaging.model_copy(update={"spec": spec})

    def find_artifact(self, packaging: ModelPackaging, environ: Mapping[str, str], current: Path) -> Path:
        """Return where the artifact of a packaging is.

        Raises:
            ArtifactError: It is not found.
        """
        if self.artifact is not None:
            return self.artifact
        if self.artifact_path is not None:
            environ = {**environ, OUTPUT_FOLDER_VARIABLE: str(self.artifact_path)}
        return find_artifact(packaging, environ, current)

    def request(self, packaging: ModelPackaging, entities: Entities, artifact: Path) -> Request:
        """Return the request to package this artifact."""
        return Request(
            packaging,
            artifact,
            connections=entities.of_kind(Connection),
            integrations=entities.of_kind(PackagingIntegration),
            output=self.output,
            platforms=self.platforms or (DEFAULT_PLATFORM,),
            build_from_source=self.build_from_source,
            max_expansion=self.max_expansion or DEFAULT_EXPANSION,
        )


def load_files(paths: Sequence[Path], emit: EventSink) -> Entities:
    """Return the entities of files and folders; documents of other ODAHU kinds are told.

    Raises:
        UsageError: No file is given.
        SpecError: A file is wrong.
    """
    if not paths:
        raise UsageError(
            "no manifest is given", code="no-manifest", hint="name one with -f FILE or -d FILE|DIR"
        )
    entities = load_all(paths)
    for skipped in entities.skipped:
        emit(Notice(f"{skipped} is not for packaging; left out"))
    return entities


def choose(packagings: Sequence[ModelPackaging], packaging_id: str | None) -> ModelPackaging:
    """Return the packaging with an id, or the only one.

    Raises:
        SpecError: There is none.
        UsageError: There are several, and none is named.
    """
    ids = [packaging.id for packaging in packagings]
    if not packagings:
        raise SpecError("the manifests hold no ModelPackaging", code="no-packaging")
    if packaging_id is not None:
        if packaging_id not in ids:
            near = did_you_mean(packaging_id, ids)
            raise SpecError(
                f"the manifests hold no ModelPackaging {packaging_id!r}; {near}", code="no-packaging"
            )
        return packagings[ids.index(packaging_id)]
    if len(packagings) > 1:
        known = ", ".join(sorted(ids))
        raise UsageError(
            f"the manifests hold several packagings: {known}", code="several", hint="choose one with --id"
        )
    return packagings[0]
