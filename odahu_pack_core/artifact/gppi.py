"""The reader of GPPI artifacts: a root manifest, code in workDir, dependencies in a conda file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path, PurePosixPath

from odahu_pack_core.errors import ArtifactError, SpecError
from odahu_pack_core.plan.artifact import ArtifactEntry, ModelArtifact
from odahu_pack_core.plugins.records import ArtifactReaderRecord
from odahu_pack_core.spec.document import Document, parse_documents
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
    folder = ModelArtifact(GPPI, root, entries, "", "")
    documents = {name: _document(folder, name) for name in MANIFEST_NAMES if folder.has(name)}
    found = {name: document for name, document in documents.items() if document and _is_gppi(document)}
    if not found:
        return None
    if len(found) > 1:
        raise ArtifactError(f"the artifact has two manifests: {' and '.join(found)}", code="two-manifests")
    ((name, document),) = found.items()
    try:
        manifest = validate_document(document, GppiManifest)
    except SpecError as error:
        raise ArtifactError(error.message, code=error.code) from None
    artifact = replace(folder, name=manifest.model.name, version=manifest.model.version, manifest=manifest)
    _check_parts(artifact, manifest, name)
    return artifact


def _document(folder: ModelArtifact, name: str) -> Document | None:
    """Return the one document of a manifest; None where it is empty."""
    try:
        documents = parse_documents(folder.read_text(name), name, scalars_as_text=True)
    except SpecError as error:
        raise ArtifactError(error.message, code=error.code) from None
    if len(documents) > 1:
        raise ArtifactError(f"{name}: must hold one document, but holds {len(documents)}", code="invalid")
    return documents[0] if documents else None


def _is_gppi(document: Document) -> bool:
    """Tell a GPPI manifest, be it incomplete, from those of other kinds, which are flat."""
    value = document.value
    return isinstance(value, dict) and ("binaries" in value or isinstance(value.get("model"), dict))


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
