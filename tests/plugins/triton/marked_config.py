"""Configurations with a mark where a fault is to be found, judged by the rules on tensors and scheduling."""

from odahu_pack_core.artifact.tree import list_entries
from odahu_pack_core.testing import write_files
from odahu_pack_triton.artifact import read_triton
from odahu_pack_triton.config import parse_config
from odahu_pack_triton.lint import Subject, lint
from odahu_pack_triton.releases import RELEASES
from odahu_pack_triton.repository import read_repository

MARK = "§"
"""Stands before what a finding is to point at."""

MODEL = "class TritonPythonModel:\n    def execute(self, requests):\n        return []\n"
COMPLETING = MODEL + "    @staticmethod\n    def auto_complete_config(config):\n        return config\n"


def told(root, models, *, of, release="24.10", files=None):
    """Return what is said of one model of a repository: code, line, column and message of each finding.

    Args:
        root: Where to write the repository.
        models: Configuration by model; the mark is left out.
        of: The model.
        release: That of Triton.
        files: More files, by their paths in the repository; each model has a ``1/model.py`` if none is given.
    """
    written = {f"{name}/config.pbtxt": text.replace(MARK, "") for name, text in models.items()}
    codes = {f"{name}/1/model.py": MODEL for name in models}
    write_files(root, {**written, **(codes if files is None else files)})
    return told_of_artifact(root, of=of, release=release)


def told_of_artifact(root, *, of, release="24.10"):
    """Return the same of a model of an artifact that is written already."""
    return [
        (finding.code, finding.place and (finding.place.line, finding.place.column), finding.message)
        for finding in findings_of(root, of=of, release=release)
        if finding.code.startswith(("TR2", "TR3"))
    ]


def findings_of(root, *, of, release="24.10"):
    """Return all that the linter finds in a model of an artifact."""
    repository = read_repository(read_triton(root, list_entries(root)), name=of)
    folder = repository.models[of]
    config = parse_config(folder.read_text("config.pbtxt"))
    return lint(Subject(folder, config, repository, RELEASES[release]))


def told_of_one(root, text, **options):
    """Return what is said of a model called ``wine``."""
    return told(root, {"wine": text}, of="wine", **options)


def marked(text):
    """Return line and column of the mark."""
    before = text[: text.index(MARK)]
    return before.count("\n") + 1, len(before) - before.rfind("\n")
