"""Models of a few files, and what the linter says of them."""

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

PYTHON_CONFIG = """\
backend: "python"
max_batch_size: 8
input { name: "X" data_type: TYPE_FP32 dims: [ 2 ] }
output { name: "Y" data_type: TYPE_FP32 dims: [ 2 ] }
"""


def subject_of(root, config, files, *, name="wine", release="24.10"):
    """Return a model's folder of files as the subject of rules; a path that ends with ``/`` is a folder."""
    write_files(root, {**files, "config.pbtxt": config})
    entries = list_entries(root)
    artifact = ModelArtifact(TRITON, root, entries, name, "1")
    folder = ModelFolder(name, artifact, {entry.path: entry for entry in entries})
    return Subject(folder, read_config(config), ModelRepository({name: folder}), RELEASES[release])


def told(subject, codes):
    """Return code, line, column and message of the findings of some rules, as lines."""
    found = [finding for finding in lint(subject) if finding.code.startswith(codes)]
    return [_line(finding) for finding in found]


def _line(finding):
    where = f"{finding.place.line}:{finding.place.column}: " if finding.place else f"{finding.file}: "
    return f"{finding.code} {where}{finding.message}"
