"""Models in place: a folder as it is, an archive unpacked into the cache."""

import os
import threading
import zipfile
from pathlib import Path

import pytest

from odahu_pack_core.artifact.limits import DEFAULT_EXPANSION
from odahu_pack_core.artifact.tree import list_entries
from odahu_pack_core.environment.cache import Cache
from odahu_pack_core.errors import ArtifactError
from odahu_pack_core.pipeline.local.model import folder_of, used_in_place
from odahu_pack_core.plan.artifact import ModelArtifact
from odahu_pack_core.plan.files import Folder, Link, TextFile, in_layer_order

LARGE = os.urandom(1024) * 2048


@pytest.fixture
def artifact(tmp_path):
    root = tmp_path / "model"
    (root / "weights").mkdir(parents=True)
    (root / "entrypoint.py").write_text("")
    (root / "weights" / "large.bin").write_bytes(LARGE)
    (root / "link").symlink_to("entrypoint.py")
    return ModelArtifact("gppi", root, list_entries(root), "wine", "1")


@pytest.fixture
def cache(tmp_path):
    return Cache(tmp_path / "cache")


def unpacked(archive, cache):
    return folder_of(archive, cache, DEFAULT_EXPANSION, lambda _: None)


def archived(artifact, path, compression=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", compression) as archive:
        for entry in artifact.entries:
            if not entry.link:
                archive.write(artifact.root / entry.path, entry.path)
    return path


def test_a_whole_model_is_one_folder(artifact):
    facts = TextFile("/opt/odahu/model.json", b"{}")
    files = in_layer_order([facts, *artifact.planned("/opt/odahu/artifact")])
    own, in_place = used_in_place(files, artifact)
    assert in_place == (("/opt/odahu/artifact", artifact.root),)
    assert own == (Folder("/opt"), Folder("/opt/odahu"), facts)


@pytest.mark.parametrize("more", [[TextFile("/model/added", b"")], [Folder("/model/added")]])
def test_a_model_with_something_added_is_file_by_file(artifact, more):
    own, in_place = used_in_place(in_layer_order([*artifact.planned("/model"), *more]), artifact)
    assert dict(in_place) == {
        "/model/entrypoint.py": artifact.root / "entrypoint.py",
        "/model/weights/large.bin": artifact.root / "weights" / "large.bin",
    }
    assert {file.path for file in own} == {"/model", "/model/weights", "/model/link", more[0].path}
    assert Link("/model/link", "entrypoint.py") in own


def test_a_part_of_a_model_is_file_by_file(artifact):
    planned = artifact.planned("/model", without=frozenset({"entrypoint.py", "link"}))
    _, in_place = used_in_place(planned, artifact)
    assert in_place == (("/model/weights/large.bin", artifact.root / "weights" / "large.bin"),)


def test_a_folder_is_used_where_it_is(artifact, cache):
    assert unpacked(artifact.root, cache) == artifact.root
    assert not cache.folder.exists()


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_an_archive_is_unpacked_large_files_included(artifact, cache, tmp_path, compression):
    folder = unpacked(archived(artifact, tmp_path / "wine.zip", compression), cache)
    assert (folder / "weights" / "large.bin").read_bytes() == LARGE
    assert (folder / "entrypoint.py").read_bytes() == b""


def test_a_hostile_archive_leaves_nothing(cache, tmp_path):
    with zipfile.ZipFile(tmp_path / "bad.zip", "w") as archive:
        archive.writestr("fine", "fine")
        archive.writestr("../../outside", "bad")
    with pytest.raises(ArtifactError):
        unpacked(tmp_path / "bad.zip", cache)
    assert [path for path in cache.folder_of("models").iterdir() if path.is_dir()] == []
    assert list(cache.folder_of("scratch").iterdir()) == []


def test_two_at_once_unpack_it_once(artifact, cache, tmp_path):
    archive = archived(artifact, tmp_path / "wine.zip")
    found: list[Path] = []
    threads = [threading.Thread(target=lambda: found.append(unpacked(archive, cache))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 2
    assert len(set(found)) == 1
