"""Artifacts opened with a folder of their own for what is unpacked, which must be empty again in the end."""

import tempfile

import pytest

from odahu_pack_core.artifact.gppi import gppi_reader
from odahu_pack_core.artifact.reading import open_artifact
from odahu_pack_core.errors import ArtifactError
from odahu_pack_core.plan.artifact import ModelArtifact
from odahu_pack_core.plugins.records import ArtifactReaderRecord


@pytest.fixture(autouse=True)
def scratch(tmp_path, monkeypatch):
    """Where artifacts are unpacked; a test that leaves something there fails."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", None)
    yield folder
    assert list(folder.iterdir()) == []


@pytest.fixture
def write(tmp_path):
    """Write an archive and return its path, whose name says nothing of its format."""

    def make(content):
        path = tmp_path / "wine-model.zip"
        path.write_bytes(content)
        return path

    return make


def anything(root, entries):
    return ModelArtifact("anything", root, entries, "n", "1")


ANYTHING = ArtifactReaderRecord("anything", "Any folder.", anything)


@pytest.fixture
def refused(write, tmp_path):
    """Open an artifact that is refused, and return the error; nothing is written outside."""

    def ask(content, *readers, **options):
        path = content if hasattr(content, "is_dir") else write(content)
        before = sorted(tmp_path.rglob("*"))
        with pytest.raises(ArtifactError) as caught, open_artifact(path, readers or [ANYTHING], **options):
            pass
        assert sorted(tmp_path.rglob("*")) == before
        return caught.value

    return ask


@pytest.fixture
def gppi_refused(refused):
    return lambda content: refused(content, gppi_reader())
