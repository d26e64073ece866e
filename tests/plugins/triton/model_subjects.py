"""Models of real files as the subjects of rules, and what rules of one kind say of them."""

from odahu_pack_core import ModelArtifact
from odahu_pack_core.artifact.tree import list_entries
from odahu_pack_core.testing import write_files
from odahu_pack_triton.config import read_config
from odahu_pack_triton.lint import Subject, lint
from odahu_pack_triton.names import TRITON
from odahu_pack_triton.releases import RELEASES
from odahu_pack_triton.repository import ModelFolder, ModelRepository


def subject_of(root, config, files, *, name="wine", release="24.10"):
    """Write a model's folder and return it as a subject; a path that ends with ``/`` is a folder."""
    write_files(root, {**files, "config.pbtxt": config})
    entries = list_entries(root)
    artifact = ModelArtifact(TRITON, root, entries, name, "1")
    folder = ModelFolder(name, artifact, {entry.path: entry for entry in entries})
    return Subject(folder, read_config(config), ModelRepository({name: folder}), RELEASES[release])


def told(subject, prefix):
    """Return code, place and message of the findings whose codes begin alike, as lines."""
    return [_line(finding) for finding in lint(subject) if finding.code.startswith(prefix)]


def _line(finding):
    place = finding.place
    where = f"{place.line}:{place.column}" if place and finding.file == "config.pbtxt" else finding.file
    return f"{finding.code} {where}: {finding.message}"
