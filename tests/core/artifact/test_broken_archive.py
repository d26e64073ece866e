"""Archives that are damaged, that expand without end, and disks that are too small for them."""

import errno
import gzip
import os
import random
import resource
import subprocess
import tarfile

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odahu_pack_core.artifact import archive as archives_module
from odahu_pack_core.artifact import limits
from odahu_pack_core.artifact.reading import open_artifact
from odahu_pack_core.errors import ArtifactError
from tests.core.artifact.archives import FORMATS, MODEL, Entry, tar, tar_gz, tar_zst, zipped
from tests.core.artifact.conftest import ANYTHING

MIB = 1024 * 1024


BIG = (*MODEL, Entry("weights", random.Random(1).randbytes(300_000)), Entry("last", b"z" * 1000))


@pytest.mark.parametrize("pack", FORMATS.values(), ids=FORMATS)
def test_an_archive_that_is_cut_off(refused, pack):
    whole = pack(BIG)
    end = len(whole) if pack is not tar else len(whole.rstrip(b"\0")) + 24
    for kept in (end - 1, end - 5, end * 9 // 10, end // 2, 20_000, 1536, 1024, 512, 300):
        assert refused(whole[:kept]).code in {"corrupt", "not-an-archive"}, kept


def test_a_tar_without_its_end_mark_is_cut_off(refused):
    whole = tar(MODEL)
    end = len(whole.rstrip(b"\0"))
    assert refused(whole[: -(-end // 512) * 512]).code == "corrupt"


@pytest.mark.parametrize("pack", FORMATS.values(), ids=FORMATS)
def test_one_wrong_byte_in_the_content_of_a_compressed_archive(refused, write, pack):
    whole = bytearray(pack(BIG))
    whole[150_000] ^= 0x55
    if pack is tar:
        with open_artifact(write(bytes(whole)), [ANYTHING]):  # a plain tar has no checksum over its content
            return
    assert refused(bytes(whole)).code == "corrupt"


def test_a_broken_header_is_not_the_end_of_a_tar(refused):
    whole = bytearray(tar(MODEL))
    whole[1024 + 20] ^= 0x55  # in the second header's name, so that its checksum is wrong
    assert refused(bytes(whole)).code == "corrupt"


@pytest.mark.property
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.parametrize("pack", FORMATS.values(), ids=FORMATS)
@given(changes=st.lists(st.tuples(st.floats(0, 0.999), st.integers(0, 255)), min_size=1, max_size=8))
def test_whatever_is_broken_is_an_error_of_ours_or_still_an_artifact(write, pack, changes):
    whole = bytearray(pack(MODEL))
    for position, value in changes:
        whole[int(position * len(whole))] = value
    try:
        with open_artifact(write(bytes(whole)), [ANYTHING]) as artifact:
            assert artifact.entries is not None
    except ArtifactError as error:
        assert error.code != "unexpected"  # noqa: PT017  # not every example fails


@pytest.mark.parametrize("pack", [zipped, tar_gz, tar_zst])
def test_a_bomb_is_stopped_while_it_expands(refused, monkeypatch, pack):
    monkeypatch.setattr(limits, "_FREE_BYTES", 100_000)
    error = refused(pack([Entry(f"zeros{n}", bytes(300_000)) for n in range(20)]))
    assert error.code == "expands-too-far"
    assert "--max-expansion" in error.hint


@pytest.mark.parametrize("pack", [zipped, tar_gz, tar_zst])
def test_what_is_that_compressible_is_allowed_when_asked_for(write, monkeypatch, pack):
    monkeypatch.setattr(limits, "_FREE_BYTES", 100_000)
    content = pack([Entry("zeros", bytes(3_000_000))])
    with open_artifact(write(content), [ANYTHING], expansion=100_000) as artifact:
        assert artifact.entries[0].size == 3_000_000


@pytest.mark.parametrize("compress", [gzip.compress, zstandard.compress])
def test_a_bomb_behind_the_end_of_a_tar(refused, monkeypatch, compress):
    monkeypatch.setattr(limits, "_FREE_BYTES", 100_000)
    assert refused(compress(tar(MODEL) + bytes(8 * MIB))).code == "expands-too-far"


def test_a_bomb_of_sparse_holes(refused, monkeypatch):
    monkeypatch.setattr(limits, "_FREE_BYTES", 100_000)
    header = tarfile.TarInfo("holes")
    header.type = tarfile.GNUTYPE_SPARSE
    block = bytearray(header.tobuf(tarfile.GNU_FORMAT))
    block[386:410] = b"00000000000\0" * 2  # one empty piece at 0
    block[483:495] = b"77777777777\0"  # the size of it all: 8 GiB
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    assert refused(bytes(block) + bytes(1024)).code == "expands-too-far"


@pytest.mark.parametrize(
    "kind", [tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK]
)
def test_a_header_that_would_fill_the_memory(refused, kind):
    header = tarfile.TarInfo("header")
    header.type, header.size = kind, 60 * MIB
    started = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    content = gzip.compress(header.tobuf(tarfile.GNU_FORMAT) + bytes(60 * MIB), compresslevel=1)
    before = max(started, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    error = refused(content)
    assert (error.code, error.message) == ("expands-too-far", "a header of the archive is too large")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 30 * 1024


def test_headers_without_end(refused):
    header = tarfile.TarInfo("header")
    header.type, header.size = tarfile.XHDTYPE, 0
    assert refused(header.tobuf(tarfile.PAX_FORMAT) * 3000).code == "corrupt"


@pytest.mark.parametrize("pack", FORMATS.values(), ids=FORMATS)
@pytest.mark.parametrize("name", ["a{}", "./"])
@pytest.mark.filterwarnings("ignore:Duplicate name:UserWarning")
def test_too_many_members(refused, monkeypatch, pack, name):
    monkeypatch.setattr(limits, "MOST_MEMBERS", 20)
    error = refused(pack([Entry(name.format(n), kind="d") for n in range(30)]))
    assert (error.code, error.message) == ("too-many-members", "the artifact has more than 20 members")


def test_too_many_members_of_a_folder(refused, monkeypatch, tmp_path):
    monkeypatch.setattr(limits, "MOST_MEMBERS", 20)
    (tmp_path / "model").mkdir()
    for number in range(21):
        (tmp_path / "model" / str(number)).touch()
    assert refused(tmp_path / "model").code == "too-many-members"


@pytest.fixture
def full_disk(scratch):
    """Let what is unpacked go to a disk of 256 kB."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a disk")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", scratch], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"no disk can be mounted here: {mounted.stderr.decode().strip()}")
    try:
        yield scratch
        assert list(scratch.iterdir()) == []
    finally:
        subprocess.run(["umount", scratch], check=True)


@pytest.mark.usefixtures("full_disk")
@pytest.mark.parametrize("pack", FORMATS.values(), ids=FORMATS)
def test_a_full_disk(write, pack):
    with pytest.raises(ArtifactError) as caught, open_artifact(write(pack(BIG)), [ANYTHING]):
        pass
    assert caught.value.code == "no-space"
    assert "no space is left in " in caught.value.message
    assert "TMPDIR" in caught.value.hint


def test_a_quota_is_a_full_disk(refused, monkeypatch):
    def write(*_):
        raise OSError(errno.EDQUOT, os.strerror(errno.EDQUOT))

    monkeypatch.setattr(archives_module, "_copy", write)
    assert refused(tar(MODEL)).code == "no-space"


def test_nowhere_to_unpack(monkeypatch, refused, tmp_path):
    import tempfile  # noqa: PLC0415  # only its setting is changed

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    error = refused(tar(MODEL))
    assert (error.code, "TMPDIR" in error.hint) == ("no-space", True)


def test_a_failure_of_the_caller_leaves_nothing_behind(write):
    with pytest.raises(KeyboardInterrupt), open_artifact(write(tar(MODEL)), [ANYTHING]):
        raise KeyboardInterrupt
