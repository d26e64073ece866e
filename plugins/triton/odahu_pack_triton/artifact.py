"""The reader of Triton artifacts: a model or a repository of models, with a small optional manifest."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Final

from pydantic.functional_validators import AfterValidator

from odahu_pack_core import (
    ArtifactEntry,
    ArtifactError,
    ManifestPart,
    ModelArtifact,
    SpecError,
    parse_documents,
    validate_document,
)

from .model_file import resembles_model
from .names import TRITON
from .repository import DEFAULT_NAME, DEFAULT_VERSION, MANIFEST_NAMES, is_model_name, read_repository

_VERSION: Final = re.compile(r"[1-9][0-9]{0,17}")


def _model_name(value: str) -> str:
    if not is_model_name(value):
        raise ValueError(
            "must be at most 128 letters, digits, '.', '_' and '-', not beginning with '.' or '-', "
            "since Triton names a folder by it"
        )
    return value


def _model_version(value: str) -> str:
    if not _VERSION.fullmatch(value):
        raise ValueError(
            "must be a positive whole number such as 3, without leading zeros, "
            "since Triton names a folder by it"
        )
    return value


class TritonManifest(ManifestPart):
    """The manifest of a Triton model; unknown keys are kept, since trainers add their own."""

    name: Annotated[str, AfterValidator(_model_name)] | None = None
    version: Annotated[str, AfterValidator(_model_version)] | None = None


def read_triton(root: Path, entries: tuple[ArtifactEntry, ...]) -> ModelArtifact | None:
    """Return the Triton models in a folder; None when the folder holds another kind of artifact.

    The artifact has the name and the version that its manifest says, else those of its one model.

    Raises:
        ArtifactError: It is a Triton artifact, but its manifest is wrong, or it mixes two forms.
    """
    tops = {entry.path for entry in entries if "/" not in entry.path}
    names = [name for name in MANIFEST_NAMES if name in tops]
    folder = ModelArtifact(TRITON, root, entries, "", "")
    manifests = []
    for name in names:
        manifest = _manifest(folder, name)
        if manifest is None:
            return None
        manifests.append(manifest)
    if not names and not resembles_model(entries):
        return None
    _refuse_wrapped(entries)
    _refuse_other_names(tops)
    if len(names) > 1:
        raise ArtifactError(f"the artifact has two manifests: {' and '.join(names)}", code="two-manifests")
    return _named(replace(folder, manifest=manifests[0] if manifests else TritonManifest()))


def _named(artifact: ModelArtifact) -> ModelArtifact:
    """Return an artifact with the name and the version of what is in it."""
    manifest = artifact.manifest
    assert isinstance(manifest, TritonManifest)  # noqa: S101  # set just before
    name, version = DEFAULT_NAME, DEFAULT_VERSION
    models = tuple(read_repository(artifact).models.values())
    if len(models) == 1:
        name = models[0].name if is_model_name(models[0].name) else name
        version = str(max(models[0].versions, default=version))
    return replace(artifact, name=manifest.name or name, version=manifest.version or version)


def _manifest(folder: ModelArtifact, name: str) -> TritonManifest | None:
    """Return a manifest; None when it is that of a GPPI model."""
    try:
        documents = parse_documents(folder.read_text(name), name, scalars_as_text=True)
        if not documents:
            return TritonManifest()
        if len(documents) > 1:
            raise ArtifactError(f"{name}: must hold one document, but holds {len(documents)}", code="invalid")
        if isinstance(documents[0].value, dict) and "binaries" in documents[0].value:
            return None
        return validate_document(documents[0], TritonManifest)
    except SpecError as error:
        raise ArtifactError(error.message, code=error.code) from None


def _refuse_other_names(tops: set[str]) -> None:
    """Refuse a manifest whose name has another ending, which would be passed over silently."""
    for name in MANIFEST_NAMES:
        other = name.replace(".yaml", ".yml")
        if other in tops:
            raise ArtifactError(f"{other}: rename it to {name}", code="manifest-name")


def _refuse_wrapped(entries: tuple[ArtifactEntry, ...]) -> None:
    """Refuse an artifact whose only folder holds what should lie at the root."""
    tops = {entry.path.partition("/")[0] for entry in entries}
    paths = {entry.path for entry in entries}
    if len(tops) == 1 and any(f"{top}/{name}" in paths for top in tops for name in MANIFEST_NAMES):
        (top,) = tops
        raise ArtifactError(
            f"the manifest must be at the artifact's root, not inside {top}/",
            code="wrapped-artifact",
            hint=f"pack what is in {top}/, not the folder itself",
        )
