"""Models of a few files, and what the linter says of them."""

from collections.abc import Mapping
from dataclasses import dataclass

from odahu_pack_core import ModelArtifact
from odahu_pack_core.artifact.tree import list_entries
from odahu_pack_core.testing import write_files
from odahu_pack_triton.config import read_config
from odahu_pack_triton.lint import Subject, lint
from odahu_pack_triton.names import TRITON
from odahu_pack_triton.releases import RELEASES
from odahu_pack_triton.repository import ModelFolder, ModelRepository

IDENTITY = """\
import triton_python_backend_utils as pb_utils


class TritonPythonModel:
    def execute(self, requests):
        return [pb_utils.InferenceResponse([]) for _ in requests]
"""
CODE = {"1/model.py": IDENTITY}
"""The files of a Python model."""

CONFIG = """\
backend: "python"
max_batch_size: 8
input { name: "X" data_type: TYPE_FP32 dims: [ 2 ] }
output { name: "Y" data_type: TYPE_FP32 dims: [ 2 ] }
"""
"""The configuration of a Python model."""


@dataclass(frozen=True)
class LintedModel:
    """A model's folder: the text of its configuration, its other files, its name, and who is to load it."""

    config: str
    files: Mapping[str, str]
    name: str
    release: str


def model(config, files, *, name="wine", release="24.10"):
    """Return a model of files; a path that ends with ``/`` is a folder."""
    return LintedModel(config, files, name, release)


def subject_of(root, model):
    """Write a model into a folder and return it as the subject of rules."""
    write_files(root, {**model.files, "config.pbtxt": model.config})
    entries = list_entries(root)
    artifact = ModelArtifact(TRITON, root, entries, model.name, "1")
    folder = ModelFolder(model.name, artifact, {entry.path: entry for entry in entries})
    repository = ModelRepository({model.name: folder})
    return Subject(folder, read_config(model.config), repository, RELEASES[model.release])


def told(subject, code):
    """Return code, line, column and message of the findings of a rule, as lines."""
    return [_line(finding) for finding in lint(subject) if finding.code == code]


def _line(finding):
    file = "" if finding.file == "config.pbtxt" and finding.place else finding.file
    place = f"{finding.place.line}:{finding.place.column}" if finding.place else ""
    return f"{finding.code} {':'.join(filter(None, [file, place]))}: {finding.message}"
