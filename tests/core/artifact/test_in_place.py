"""Large members of zip files: read where they are, never believed, checked to their last byte."""

import os
import random
import shutil
import struct
import tarfile
import threading
import tracemalloc
import zipfile
from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odahu_pack_core.artifact import limits, members
from odahu_pack_core.artifact.gppi import gppi_reader
from odahu_pack_core.artifact.reading import open_artifact
from odahu_pack_core.errors import ArtifactError
from odahu_pack_core.plan.build_plan import FilesLayer
from tests.core.artifact.archives import MODEL, Entry, tar, zipped
from tests.core.artifact.conftest import ANYTHING

LARGE = 1000
CONTENT = random.Random(2).randbytes(600_000) + bytes(700_000)
CONTENTS = st.builds(
    lambda start, zeros, end: start + bytes(zeros) + end,
    st.binary(),
    st.integers(LARGE, 300_000),
    st.binary(),
)
COMPRESSIONS = [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]
FORMATS = {"tar": tar, **{f"zip {number}": partial(zipped, compression=number) for number in COMPRESSIONS}}


@pytest.fixture(autouse=True)
def large(monkeypatch):
    """Files of this size stay in their archive."""
    monkeypatch.setattr(members, "_LARGE", LARGE)


def read_all(artifact, path, size=65536):
    with artifact.open(path) as stream:
        return b"".join(iter(lambda: stream.read(size), b""))


def patched(archive, name, **values):
    """Return a zip file that says something else of a member, at both places where it says it."""
    content = bytearray(archive)
    at = {"crc": 14, "packed": 18, "size": 22}
    for signature, further in ((b"PK\x03\x04", 0), (b"PK\x01\x02", 2)):
        header = content.index(name.encode(), content.index(signature)) - (30 if not further else 46)
        while content[header : header + 4] != signature:
            header = content.index(name.encode(), header + 47) - (30 if not further else 46)
        for what, value in values.items():
            struct.pack_into("<L", content, header + at[what] + further, value)
    return bytes(content)


@pytest.mark.parametrize("pack", FORMATS.values(), ids=FORMATS)
def test_a_large_member_is_read_where_it_is(write, pack):
    model = [*MODEL, Entry("mlflow/weights", CONTENT, mode=0o755), Entry("mlflow/small", b"s" * (LARGE - 1))]
    with open_artifact(write(pack(model)), [gppi_reader()]) as artifact:
        entry = next(entry for entry in artifact.entries if entry.path == "mlflow/weights")
        assert (entry.size, entry.executable) == (len(CONTENT), True)
        assert not (artifact.root / "mlflow/weights").exists()
        assert (artifact.root / "mlflow/small").stat().st_size == LARGE - 1
        assert [entry.path for entry in artifact.entries if entry.packed] == ["mlflow/weights"]
        for size in (1 << 20, 77_777, 4096):
            assert read_all(artifact, "mlflow/weights", size) == CONTENT
        assert read_all(artifact, "mlflow/small") == b"s" * (LARGE - 1)


@pytest.mark.property
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=CONTENTS, size=st.integers(1, 1 << 18), pack=st.sampled_from(list(FORMATS.values())))
def test_whatever_it_holds_is_what_is_read(write, content, size, pack):
    with open_artifact(write(pack([Entry("weights", content)])), [ANYTHING]) as artifact:
        assert read_all(artifact, "weights", max(size, len(content) // 50)) == content


@pytest.mark.parametrize("name", ["a.whl", "sdist.tar.gz", "Model.ZIP", "b.conda"])
def test_what_installers_take_by_its_path_is_unpacked(write, name):
    with open_artifact(write(zipped([Entry(name, CONTENT)])), [ANYTHING]) as artifact:
        assert (artifact.root / name).read_bytes() == CONTENT
        assert read_all(artifact, name) == CONTENT


@pytest.mark.parametrize("compression", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_what_cannot_be_read_in_place_is_unpacked(write, compression):
    with open_artifact(write(zipped([Entry("weights", CONTENT)], compression)), [ANYTHING]) as artifact:
        assert (artifact.root / "weights").read_bytes() == CONTENT


def test_a_large_text_is_read_by_its_name_and_by_a_link_to_it(write):
    text = "# requirements\n" * LARGE
    entries = [Entry("d/text", text.encode()), Entry("link", kind="l", target="d/text")]
    with open_artifact(write(zipped(entries)), [ANYTHING]) as artifact:
        assert artifact.read_text("d/text") == artifact.read_text("link") == text
        assert next(entry for entry in artifact.entries if entry.path == "link").link == "d/text"


@pytest.mark.parametrize("pack", FORMATS.values(), ids=FORMATS)
def test_a_link_to_a_large_file_is_still_a_link(write, pack):
    entries = [Entry("weights", CONTENT), Entry("latest", kind="l", target="weights")]
    with open_artifact(write(pack(entries)), [ANYTHING]) as artifact:
        latest, weights = artifact.entries
        assert (latest.link, latest.size, latest.packed) == ("weights", 0, None)
        assert (artifact.root / "latest").is_symlink()
        assert weights.packed is not None


def test_a_hard_link_to_a_large_file_is_that_file(write):
    entries = [Entry("a", CONTENT), Entry("sub/b", kind="h", target="a"), Entry("c", b"c")]
    with open_artifact(write(tar(entries)), [ANYTHING]) as artifact:
        assert [entry.size for entry in artifact.entries] == [len(CONTENT), 1, 0, len(CONTENT)]
        assert read_all(artifact, "sub/b") == CONTENT


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_a_large_file_of_a_tar_of_any_dialect(write, form):
    entries = [Entry("long/" * 40 + "weights", CONTENT), Entry("after", CONTENT[::-1])]
    if form == tarfile.USTAR_FORMAT:
        entries[0] = Entry("short", CONTENT)
    with open_artifact(write(tar(entries, form)), [ANYTHING]) as artifact:
        contents = [read_all(artifact, entry.path) for entry in artifact.entries if entry.packed]
    assert sorted(contents) == sorted([CONTENT, CONTENT[::-1]])


@pytest.mark.parametrize("kept", [0.3, 0.9])
def test_a_tar_that_is_cut_off_in_a_large_file(refused, kept):
    assert refused(tar([Entry("weights", CONTENT)])[: int(len(CONTENT) * kept)]).code == "corrupt"


def test_a_tar_that_shrinks_while_it_is_read(write):
    path = write(tar([Entry("weights", CONTENT)]))
    with open_artifact(path, [ANYTHING]) as artifact:
        os.truncate(path, 700_000)
        assert "shorter than it says" in refusal_of(artifact)[0]


def test_several_threads_read_at_once(write):
    found = []
    with open_artifact(
        write(zipped([Entry("a", CONTENT), Entry("b", CONTENT[::-1])])), [ANYTHING]
    ) as artifact:
        threads = [
            threading.Thread(target=lambda path=path: found.append((path, read_all(artifact, path, 10_000))))
            for path in "abab"
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(found) == sorted([("a", CONTENT), ("b", CONTENT[::-1])] * 2)


def test_an_archive_that_is_replaced_is_read_as_it_was(write, tmp_path):
    path = write(zipped([Entry("weights", CONTENT)]))
    with open_artifact(path, [ANYTHING]) as artifact:
        (tmp_path / "new").write_bytes(b"another")
        (tmp_path / "new").rename(path)
        assert read_all(artifact, "weights") == CONTENT


def test_an_archive_that_is_changed_while_it_is_read(write):
    path = write(zipped([Entry("weights", CONTENT)], zipfile.ZIP_STORED))
    with open_artifact(path, [ANYTHING]) as artifact:
        with path.open("r+b") as stream:
            stream.seek(1000)
            stream.write(b"changed")
        assert "another checksum" in refusal_of(artifact)[0]


def refusal_of(artifact):
    """Read ``weights`` and return why it is refused, and how much of it was read before."""
    chunks = []
    with artifact.open("weights") as stream, pytest.raises(ArtifactError) as caught:
        chunks.extend(iter(lambda: stream.read(4096), b""))
    assert caught.value.code == "corrupt"
    return caught.value.message, sum(map(len, chunks))


@pytest.mark.parametrize(
    ("compression", "lie", "reason"),
    [
        (zipfile.ZIP_STORED, {"crc": 1}, "another checksum"),
        (zipfile.ZIP_DEFLATED, {"crc": 1}, "another checksum"),
        (zipfile.ZIP_DEFLATED, {"size": len(CONTENT) - 1}, "longer than it says"),
        (zipfile.ZIP_DEFLATED, {"size": len(CONTENT) // 2}, "longer than it says"),
        (zipfile.ZIP_DEFLATED, {"size": len(CONTENT) + 1}, "shorter than it says"),
        (zipfile.ZIP_DEFLATED, {"packed": 300_000}, "shorter than it says"),
        (zipfile.ZIP_DEFLATED, {"packed": 0}, "shorter than it says"),
    ],
)
def test_what_a_zip_file_says_is_not_believed(write, compression, lie, reason):
    archive = patched(zipped([Entry("weights", CONTENT)], compression), "weights", **lie)
    with open_artifact(write(archive), [ANYTHING]) as artifact:
        message, read = refusal_of(artifact)
        assert reason in message
        assert read < lie.get("size", len(CONTENT))


@pytest.mark.parametrize("position", [100, 300_000, 599_000])
@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_one_wrong_byte_is_found_before_the_last_one_is_handed_out(write, compression, position):
    archive = bytearray(zipped([Entry("weights", CONTENT)], compression))
    archive[position] ^= 0x55
    with open_artifact(write(bytes(archive)), [ANYTHING]) as artifact:
        assert refusal_of(artifact)[1] < len(CONTENT)


def test_a_stored_member_of_two_sizes(refused):
    archive = zipped([Entry("weights", CONTENT)], zipfile.ZIP_STORED)
    assert refused(patched(archive, "weights", size=len(CONTENT) + 1)).code == "corrupt"


def test_a_member_that_begins_behind_the_end(write):
    archive = bytearray(zipped([Entry("weights", CONTENT)], zipfile.ZIP_STORED))
    struct.pack_into("<H", archive, 28, 0xFFFF)  # the length of its extra field
    with open_artifact(write(bytes(archive)), [ANYTHING]) as artifact:
        assert refusal_of(artifact)[0].endswith(("another checksum than it says", "shorter than it says"))


def test_a_bomb_is_known_by_what_it_says(refused, monkeypatch):
    monkeypatch.setattr(limits, "_FREE_BYTES", 100_000)
    error = refused(zipped([Entry(f"zeros{n}", bytes(300_000)) for n in range(20)]))
    assert error.code == "expands-too-far"


def test_a_bomb_that_lies_is_stopped_at_its_own_word(write):
    archive = patched(zipped([Entry("weights", bytes(50_000_000))]), "weights", size=LARGE)
    with open_artifact(write(archive), [ANYTHING]) as artifact:
        tracemalloc.start()
        try:
            assert "longer" in refusal_of(artifact)[0]
            assert tracemalloc.get_traced_memory()[1] < 2_000_000
        finally:
            tracemalloc.stop()


@pytest.mark.parametrize(
    "entries",
    [
        [Entry("a", CONTENT), Entry("a", CONTENT)],
        [Entry("a", CONTENT), Entry("./a", b"small")],
        [Entry("a", b"small"), Entry("a", CONTENT)],
        [Entry("a", CONTENT), Entry("a", kind="d")],
        [Entry("a", CONTENT), Entry("a/b", CONTENT)],
        [Entry("a", CONTENT), Entry("a", kind="l", target="b")],
    ],
)
@pytest.mark.filterwarnings("ignore:Duplicate name:UserWarning")
def test_two_members_of_one_name(refused, entries):
    assert refused(zipped(entries)).code == "corrupt"


@pytest.mark.parametrize("name", ["../evil", "/etc/evil", "a/../../evil", ".wh.passwd"])
def test_a_path_that_leaves_the_tree(refused, name):
    assert refused(zipped([Entry(name, CONTENT)])).code == "unsafe-path"


def test_another_name_in_the_member_itself(refused):
    archive = bytearray(zipped([Entry("weights", CONTENT)]))
    archive[30:37] = b"../evil"
    assert refused(bytes(archive)).code == "corrupt"


def test_a_file_of_the_archive_cannot_be_read_when_it_is_closed(write):
    with open_artifact(write(zipped([Entry("weights", CONTENT)])), [ANYTHING]) as artifact:
        stream = artifact.open("weights")
    with pytest.raises(ValueError, match="closed file"):
        stream.read()
    stream.close()


def layer_of(artifact):
    tar = FilesLayer.of("model", artifact.planned("/opt/model")).tar(artifact.open)
    return b"".join(tar.chunks())


def test_a_layer_is_the_same_from_every_archive_and_from_a_folder(write, tmp_path):
    model = [*MODEL, Entry("mlflow/weights", CONTENT), Entry("mlflow/wheel.whl", CONTENT[:5000])]
    (tmp_path / "model.tar").write_bytes(tar(model))
    shutil.unpack_archive(tmp_path / "model.tar", tmp_path / "model", filter="data")
    with open_artifact(tmp_path / "model", [gppi_reader()]) as artifact:
        expected = layer_of(artifact)
    for pack in FORMATS.values():
        with open_artifact(write(pack(model)), [gppi_reader()]) as artifact:
            assert any(entry.packed for entry in artifact.entries)
            assert layer_of(artifact) == expected


def test_no_layer_is_made_of_what_is_not_as_it_says(write):
    archive = patched(zipped([Entry("weights", CONTENT)]), "weights", crc=1)
    with open_artifact(write(archive), [ANYTHING]) as artifact, pytest.raises(ArtifactError) as caught:
        layer_of(artifact)
    assert "another checksum" in caught.value.message
