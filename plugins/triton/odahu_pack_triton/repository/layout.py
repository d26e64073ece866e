"""The model repository that an artifact stands for, whichever of its three forms it has."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from odahu_pack_core import ArtifactEntry, ArtifactError, ModelArtifact
from odahu_pack_triton.config import CONFIG, ModelConfig, parse_config

from .flat import flat_entries
from .folder import ModelFolder, ModelRepository
from .form import Form, form_of, model_folders
from .links import brought_along, seen_through

MANIFEST_NAMES: Final = ("odahuflow.project.yaml", "odahuflow.model.yaml")
"""Where a manifest is looked for in an artifact's root."""

CONDA_NAMES: Final = ("conda.yaml", "conda.yml")
DEFAULT_NAME: Final = "model"
DEFAULT_VERSION: Final = "1"

_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_NO_MODEL_FILES: Final = re.compile(r"(?i)(readme|licen[cs]e|notice|changelog)(\.\w+)?|\..*")
"""What people keep at the root of a repository, and Triton has no use for."""

Entries = Mapping[str, ArtifactEntry]


def read_repository(artifact: ModelArtifact, *, name: str = "") -> ModelRepository:
    """Return the models of an artifact at the paths that Triton will see.

    A flat artifact's files become the one version of its model, but for those that Triton looks for beside
    ``config.pbtxt``. Manifests at the root are left out.

    Args:
        artifact: The artifact, as its reader knew it.
        name: What the folder of a model is called where the artifact is that folder and no manifest says it;
            empty where nobody knows.

    Raises:
        ArtifactError: It mixes two forms, or has two conda files in one place.
    """
    form = form_of(artifact.entries)
    if form is Form.REPOSITORY:
        return _repository(artifact)
    folder = _flat(artifact) if form is Form.FLAT else _folder(artifact, name)
    left_out = tuple(path for path in MANIFEST_NAMES if artifact.has(path))
    return ModelRepository({folder.name: folder}, left_out=left_out, whole=False)


def is_model_name(name: str) -> bool:
    """Tell whether a model may be called so everywhere: as a folder, in a URL, in a label."""
    return bool(_NAME.fullmatch(name))


def _repository(artifact: ModelArtifact) -> ModelRepository:
    members: dict[str, dict[str, ArtifactEntry]] = {name: {} for name in model_folders(artifact.entries)}
    files: dict[str, ArtifactEntry] = {}
    left_out: dict[str, None] = {}
    for entry in artifact.entries:
        top, _, below = entry.path.partition("/")
        if top not in members and (below or not _stays(entry, artifact)):
            left_out[top] = None
        elif below:
            members[top][below] = entry
        elif top not in members:
            files[top] = entry
    shared = _conda_file(files)
    kept = {*members, *files}
    models = {}
    for name, entries in members.items():
        seen = seen_through(brought_along(entries, artifact, kept), artifact)
        models[name] = ModelFolder(name, artifact, seen, _conda_file(entries) or shared)
    stay = {path: entry for path, entry in files.items() if path not in CONDA_NAMES}
    return ModelRepository(models, stay, tuple(left_out))


def _folder(artifact: ModelArtifact, name: str) -> ModelFolder:
    entries = _members(artifact)
    config = _config(artifact)
    written = str(config.message.name) if config else ""
    chosen = _of_manifest(artifact, "name") or name or (written if is_model_name(written) else DEFAULT_NAME)
    return ModelFolder(chosen, artifact, seen_through(entries, artifact), _conda_file(entries), place="")


def _flat(artifact: ModelArtifact) -> ModelFolder:
    members = _members(artifact)
    name = _of_manifest(artifact, "name") or DEFAULT_NAME
    version = _of_manifest(artifact, "version") or DEFAULT_VERSION
    entries = flat_entries(artifact, members, _config(artifact), version)
    return ModelFolder(name, artifact, seen_through(entries, artifact), _conda_file(members), place="")


def _members(artifact: ModelArtifact) -> Entries:
    return {entry.path: entry for entry in artifact.entries if entry.path not in MANIFEST_NAMES}


def _stays(entry: ArtifactEntry, artifact: ModelArtifact) -> bool:
    """Tell whether a member at a repository's root is a file that a model may read."""
    is_folder = entry.is_folder or (entry.link and (artifact.root / entry.path).is_dir())
    is_other = entry.path in MANIFEST_NAMES or _NO_MODEL_FILES.fullmatch(entry.path)
    return not (is_folder or is_other)


def _of_manifest(artifact: ModelArtifact, field: str) -> str:
    return str(getattr(artifact.manifest, field, None) or "")


def _conda_file(entries: Entries) -> str:
    """Return the conda file among what lies in one place, as a path in the artifact.

    Raises:
        ArtifactError: There are two.
    """
    found = [entries[name].path for name in CONDA_NAMES if name in entries]
    if len(found) > 1:
        raise ArtifactError(f"the artifact has both {' and '.join(found)}; keep one", code="two-conda-files")
    return found[0] if found else ""


def _config(artifact: ModelArtifact) -> ModelConfig | None:
    """Return the configuration at the root; None where there is none that can be read."""
    try:
        return parse_config(artifact.read_text(CONFIG)) if artifact.has(CONFIG) else None
    except ArtifactError:  # the linter words it
        return None
