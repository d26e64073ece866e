"""The cases of the corpus: repositories as people have them, and what is to be made of them."""

import shutil
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import yaml

from odahu_pack_core import ModelArtifact
from odahu_pack_core.artifact.tree import list_entries
from odahu_pack_triton.config import CONFIG, read_config
from odahu_pack_triton.lint import Subject, lint
from odahu_pack_triton.names import TRITON
from odahu_pack_triton.releases import RELEASES
from odahu_pack_triton.repository import read_repository
from tests.plugins.triton.forged import forged

HERE = Path(__file__).parent
MODELS = HERE / "models"
RELEASE = "24.10-py3"
_TOLD = "case.yaml"
_TEXTS = {"text": "utf-8", "latin-1": "latin-1"}


@dataclass(frozen=True)
class Case:
    """One folder of the corpus: folders of models, and ``case.yaml``, which tells of them.

    ``why`` says what is wrong, or ``form`` which page of Triton's documentation shows the like. ``release``
    is the tag of the image, ``errors`` and ``warnings`` are codes, ``line`` is that of the first error in
    ``config.pbtxt``. ``files`` are those that several cases share: a name is code from ``models/``, anything
    else is forged. ``model`` is loaded by the server, after those ``before`` it. ``artifact`` is packaged
    where that is not all. ``mended`` says what docker-triton does so that an image has no such fault.

    Under ``server`` stands what Triton 24.10 does: it ``rejects`` the model with such words, ``hangs`` or
    ``crashes``, or gives ``answers`` to ``requests`` (with ``right`` where they are not what the model's
    author expects); or that the servers here ``cannot-tell``.
    """

    folder: Path

    def __str__(self):
        return self.folder.name

    @cached_property
    def told(self):
        return yaml.safe_load((self.folder / _TOLD).read_text())

    @property
    def release(self):
        """The version of the container that the case is for, such as ``24.10``."""
        return self.told.get("release", RELEASE).partition("-")[0]

    @property
    def errors(self):
        return self.told.get("errors", [])

    @property
    def warnings(self):
        return self.told.get("warnings", [])

    @property
    def server(self):
        """What the real server makes of it."""
        return self.told["server"]

    @property
    def can_be_shown(self):
        return "cannot-tell" not in self.server

    @property
    def requests(self):
        """What the server is asked once the model is loaded."""
        one = self.server.get("request")
        return self.server.get("requests", [] if one is None else [one])

    @property
    def model(self):
        """The model that is loaded and asked: the case's only one, if it does not say."""
        folders = sorted(each.name for each in self.folder.iterdir() if each.is_dir())
        return self.told.get("model", folders[0])

    def lay_out(self, root):
        """Write the repository to a folder, with the files that several cases share."""
        shutil.copytree(self.folder, root, dirs_exist_ok=True, ignore=shutil.ignore_patterns(_TOLD))
        for path, content in self.told.get("files", {}).items():
            target = root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(_content(content))
        return root

    def artifact(self, root):
        """Return the folder that is packaged of what was laid out: all, if the case does not say."""
        return root / self.told.get("artifact", ".")


def cases(kind):
    """Return the cases of ``faulty`` or ``good`` in the order of their names."""
    return [Case(folder) for folder in sorted((HERE / kind).iterdir()) if folder.is_dir()]


def _content(told):
    """Return what a shared file holds: a model's code by its name, a forged file, or a text."""
    if isinstance(told, str):
        return (MODELS / f"{told}.py").read_bytes()
    ((kind, content),) = told.items()
    return content.encode(_TEXTS[kind]) if kind in _TEXTS else forged(kind, content)


def findings(root, release):
    """Return what the linter finds in the models of a repository, by their names."""
    repository = read_repository(ModelArtifact(TRITON, root, list_entries(root), "", ""))
    return [
        finding
        for folder in repository.models.values()
        for finding in lint(Subject(folder, _config(folder), repository, RELEASES[release]))
    ]


def _config(folder):
    if not folder.has(CONFIG):
        return read_config("")
    with folder.open(CONFIG) as file:
        return read_config(file.read())
