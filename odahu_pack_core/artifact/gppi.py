"""The reader of GPPI artifacts: a root manifest, code in workDir, dependencies in a conda file."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from odahu_pack_core.errors import ArtifactError, SpecError
from odahu_pack_core.plan.artifact import ArtifactEntry, ModelArtifact
from odahu_pack_core.plugins.records import ArtifactReaderRecord
from odahu_pack_core.spec.document import Document, parse_documents
from odahu_pack_core.spec.loading import read_text
from odahu_pack_core.spec.manifest import MANIFEST_NAMES, GppiManifest
from odahu_pack_core.spec.validation import validate_document

GPPI = "gppi"


def gppi_reader() -> ArtifactReaderRecord:
    """Return the record of this reader."""
    return ArtifactReaderRecord(GPPI, "A GPPI model: odahuflow.project.yaml, code, conda.yaml.", read_gppi)


def read_gppi(root: Path, entries: tuple[ArtifactEntry, ...]) -> ModelArtifact | None:
    """Return the GPPI model in a folder; None when the folder holds another kind of artifact.

    Raises:
        ArtifactError: The manifest is wrong, or names what is not in the artifact.
    """
    names = [entry.path for entry in entries if entry.path in MANIFEST_NAMES]
    if not names:
        return None
    document = _document(root, names[0])
    if not isinstance(document.value, dict) or "binaries" not in document.value:
        return None
    try:
        manifest = validate_document(document, GppiManifest)
    except SpecError as error:
        raise ArtifactError(error.message, code=error.code) from None
    artifact = ModelArtifact(GPPI, root, entries, manifest.model.name, manifest.model.version, manifest)
    _check_parts(artifact, manifest, names[0])
    return artifact


def _document(root: Path, name: str) -> Document:
    try:
        documents = parse_documents(read_text(root / name), name, scalars_as_text=True)
    except SpecError as error:
        raise ArtifactError(error.message, code=error.code) from None
    if len(documents) != 1:
        raise ArtifactError(f"{name}: must hold one document, but holds {len(documents)}", code="invalid")
    return documents[0]


def _check_parts(artifact: ModelArtifact, manifest: GppiManifest, name: str) -> None:
    """Check that the files which the manifest names are there."""
    work_dir = manifest.model.work_dir
    if not (artifact.root / work_dir).is_dir():
        raise ArtifactError(
            f"{name}: model.workDir {work_dir!r} is no folder of the artifact", code="incomplete"
        )
    module = PurePosixPath(work_dir, *manifest.model.entrypoint.split("."))
    candidates = (f"{module}.py", f"{module}/__init__.py")
    has_extension = any(e.path.startswith(f"{module}.") and e.path.endswith(".so") for e in artifact.entries)
    if not has_extension and not any(map(artifact.has, candidates)):
        raise ArtifactError(
            f"{name}: model.entrypoint {manifest.model.entrypoint!r} is not in workDir {work_dir!r}: "
            f"neither {candidates[0]} nor {candidates[1]} is in the artifact",
            code="incomplete",
        )
    if not artifact.has(manifest.binaries.conda_path):
        raise ArtifactError(
            f"{name}: binaries.conda_path {manifest.binaries.conda_path!r} is not in the artifact",
            code="incomplete",
        )
