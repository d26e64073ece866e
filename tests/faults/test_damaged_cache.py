"""Caches that are damaged, cannot be written, or belong to somebody else: the image is what it was."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from odahu_pack_core.errors import OdahuPackError
from odahu_pack_core.names import CACHE_FOLDER_VARIABLE
from odahu_pack_core.plugins.protocols import ImageOutput
from tests.faults.ground import check_cache, leftovers

pytestmark = [pytest.mark.registry, pytest.mark.slow, pytest.mark.usefixtures("no_threads")]


def _overwritten(content):
    return lambda path: path.write_bytes(content(path.read_bytes()))


def _flipped(content):
    middle = len(content) // 2
    return content[:middle] + bytes(byte ^ 1 for byte in content[middle : middle + 1]) + content[middle + 1 :]


def _folder(path):
    path.unlink()
    path.mkdir()


def _dangling(path):
    path.unlink()
    path.symlink_to("/nowhere/at/all")


DAMAGES = {
    "emptied": _overwritten(lambda _: b""),
    "halved": _overwritten(lambda content: content[: len(content) // 2]),
    "flipped": _overwritten(_flipped),
    "object": _overwritten(lambda _: b"{}"),
    "list": _overwritten(lambda _: b"[]"),
    "deep": _overwritten(lambda _: b"[" * 100_000),
    "bytes": _overwritten(lambda _: bytes(range(256))),
    "folder": _folder,
    "dangling": _dangling,
}


@pytest.fixture(scope="module")
def good(ground):
    """A cache with all that a model needs, and the digest of its image."""
    cache = ground.folder / "good"
    ground.run(ground.upstream, "good:1", cache)
    return cache, ground.tag("good:1")


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_entry_is_noticed_or_does_no_harm(ground, good, tmp_path, damage):
    source, digest = good
    files = sorted(path.relative_to(source) for path in source.rglob("*") if path.is_file())
    entries = {(str(path.parent), path.suffix): path for path in files if path.suffix != ".lock"}
    assert {("v1/layers", ".blob"), ("v1/layers", ".json"), ("v1/locks", ".json")} < entries.keys()
    for number, entry in enumerate(entries.values()):
        cache = tmp_path / str(number)
        shutil.copytree(source, cache)
        DAMAGES[damage](cache / entry)
        image = f"damaged-{damage}-{number}:1"
        ground.run(ground.upstream, image, cache)
        assert ground.tag(image) == digest, entry
        check_cache(cache)
        shutil.rmtree(cache)


def test_a_folder_that_cannot_be_written_is_told(ground, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OdahuPackError) as caught:
        ground.run(ground.upstream, "unwritable:1", tmp_path / "file" / "cache")
    assert "cache" in str(caught.value)


@pytest.fixture
def mounted(tmp_path):
    """Mount a disk: ``mounted("size=64k")``."""
    disk = tmp_path / "disk"
    disk.mkdir()

    def mount(options):
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(disk)]
        if subprocess.run(command, capture_output=True, check=False).returncode:
            pytest.skip("no disk can be mounted here")
        return disk

    yield mount
    while os.path.ismount(disk):
        subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.parametrize("kilobytes", [64, 500, 1200])
def test_a_full_disk_is_told_and_leaves_nothing(ground, tmp_path, mounted, kilobytes):
    disk, image = mounted(f"size={kilobytes}k"), f"full-{kilobytes}:1"
    with pytest.raises(OdahuPackError, match=r"(?i)no space"):
        ground.run(ground.upstream, image, disk / "cache")
    assert ground.tag(image) == ""
    assert leftovers(disk / "cache") == []
    check_cache(disk / "cache")
    output = ImageOutput("oci", disk / "image.tar")
    with pytest.raises(OdahuPackError, match=r"(?i)no space"):
        ground.run(ground.upstream, image, tmp_path / "cache", output=output)
    assert [path.name for path in disk.iterdir()] == ["cache"]


@pytest.mark.parametrize("warm", [True, False])
def test_a_disk_that_can_only_be_read_is_told_with_what_to_do(ground, good, mounted, warm):
    disk = mounted("size=8m")
    if warm:
        shutil.copytree(good[0], disk / "cache")
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    image = f"only-read-{warm}:1".lower()
    with pytest.raises(OdahuPackError, match="Read-only file system") as caught:
        ground.run(ground.upstream, image, disk / "cache")
    assert CACHE_FOLDER_VARIABLE in caught.value.hint
    assert ground.tag(image) == ""


def test_without_a_home_and_a_cache_folder_of_ones_own(ground, good, tmp_path):
    process = ground.start(ground.upstream, "homeless:1", "", XDG_CACHE_HOME=tmp_path / "shared", HOME="")
    _, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert ground.tag("homeless:1") == good[1]
    assert (tmp_path / "shared" / "odahu-pack" / "v1" / "layers").is_dir()
    assert not Path("odahu-pack").exists()
