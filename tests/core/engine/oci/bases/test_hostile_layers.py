"""Layers that are damaged, or made to exhaust whoever reads them."""

import gzip
import io
import tarfile
import tracemalloc

import pytest
import zstandard

from odahu_pack_core.engine.oci.bases import layer_listing, unpacking
from odahu_pack_core.engine.oci.bases.layer_listing import Allowance, LayerListing
from odahu_pack_core.engine.oci.bases.tar_members import members
from odahu_pack_core.engine.oci.bases.unpacking import unpacked
from odahu_pack_core.errors import RegistryError
from tests.core.engine.oci.bases.parts import directory, file, link, program, tar_of

TAR = tar_of([directory("usr"), program("usr/python3")])


def listing(blob):
    return LayerListing.read(iter([blob]), len(blob), Allowance())


@pytest.mark.parametrize(
    "blob",
    [
        pytest.param(gzip.compress(TAR)[:-9], id="gzip cut off"),
        pytest.param(gzip.compress(TAR)[:40] + b"\xff" * 40 + gzip.compress(TAR)[80:], id="gzip damaged"),
        pytest.param(gzip.compress(TAR) + b"garbage", id="garbage after gzip"),
        pytest.param(zstandard.compress(TAR)[:-5] + b"\xff" * 5, id="zstd damaged"),
        pytest.param(b"<html>not found</html>" * 100, id="no tar at all"),
        pytest.param(TAR[:700], id="content cut off"),
        pytest.param(TAR[:300], id="header cut off"),
        pytest.param(TAR[:100] + b"9999999\0" + TAR[108:], id="mode is no octal"),
        pytest.param(TAR[:148] + b"0000000\0" + TAR[156:], id="wrong checksum"),
    ],
)
def test_what_is_damaged_is_told(blob):
    with pytest.raises(RegistryError) as caught:
        listing(blob)

    assert caught.value.code == "base-damaged"


def with_header(change):
    """Return a tar whose first header is changed, its checksum made right again."""
    header = bytearray(TAR[:512])
    change(header)
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header) + TAR[512:]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda h: h.__setitem__(slice(124, 136), b"\xff" * 12), id="negative size"),
        pytest.param(
            lambda h: h.__setitem__(slice(124, 136), b"\x80" + b"\xff" * 11), id="size beyond all disks"
        ),
        pytest.param(
            lambda h: (h.__setitem__(156, ord("L")), h.__setitem__(slice(124, 136), b"77777777777\0")),
            id="name of 8 GiB",
        ),
        pytest.param(
            lambda h: (h.__setitem__(156, ord("x")), h.__setitem__(slice(124, 136), b"00000001000\0")),
            id="records that are none",
        ),
    ],
)
def test_absurd_headers_are_refused(change):
    def as_file(header):
        header[156] = ord("0")
        change(header)

    with pytest.raises(RegistryError):
        listing(with_header(as_file))


@pytest.mark.parametrize("record", [b"12 size=-5\n", b"12 size=abc\n"])
def test_a_size_that_is_none_is_refused(record):
    record = b"%d %s" % (len(record) - 3 + 3, record.partition(b" ")[2])
    head = tarfile.TarInfo("./PaxHeaders/x")
    head.type, head.size = tarfile.XHDTYPE, len(record)
    blob = head.tobuf(tarfile.USTAR_FORMAT) + record.ljust(512, b"\0") + TAR

    with pytest.raises(RegistryError, match="no intact tar stream"):
        listing(blob)


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress])
def test_a_bomb_is_noticed_before_it_goes_off(monkeypatch, pack):
    monkeypatch.setattr(unpacking, "_ALWAYS_FINE", 10 * 1024 * 1024)
    blob, sizes = pack(bytes(50 * 1024 * 1024)), []

    with pytest.raises(RegistryError) as caught:
        sizes.extend(map(len, unpacked(iter([blob]), len(blob))))

    assert caught.value.code == "base-bomb"
    assert sum(sizes) <= 10 * 1024 * 1024
    assert max(sizes) <= 1024 * 1024


def test_many_entries_need_little_memory_and_have_an_end():
    header = bytearray(tar_of([file("x" * 90)])[:512])

    def endless(count):
        for number in range(count):
            header[:8] = b"%08d" % number
            header[148:156] = b" " * 8
            header[148:156] = b"%06o\0 " % sum(header)
            yield bytes(header)

    tracemalloc.start()
    LayerListing.read(endless(5_000), 5_000 * 512, Allowance())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < 5_000 * 100 + 200_000
    with pytest.raises(RegistryError, match="more files than can be looked through"):
        LayerListing.read(endless(7_000), 7_000 * 512, Allowance(entries=6_000))


def test_many_links_have_an_end_that_all_layers_share():
    allowance = Allowance(named=300)
    blob = tar_of([link(f"link{number}", "x") for number in range(200)])
    LayerListing.read(iter([blob]), len(blob), allowance)

    with pytest.raises(RegistryError, match="more files than can be looked through"):
        LayerListing.read(iter([blob]), len(blob), allowance)


def test_content_that_is_kept_has_an_end(monkeypatch):
    monkeypatch.setattr(layer_listing, "_MOST_KEPT", 20_000)

    found = listing(tar_of([program(f"{number}/python3") for number in range(50)]))

    assert len(found.named) == 50
    assert sum(map(len, found.starts.values())) < 20_000 + 8192 + 1


def test_the_blob_is_read_to_its_end_so_that_it_can_be_checked():
    ended = []

    def chunks():
        yield TAR
        yield b"\0" * 100_000
        ended.append(True)

    list(members(chunks()))

    assert ended


def test_sparse_files_are_skipped():
    def as_sparse(header):
        header[156] = ord("S")
        header[124:136] = b"00000001000\0"
        header[482] = 1

    sparse = with_header(as_sparse)[:512]
    more = bytes(504) + b"\1" + bytes(7), bytes(512)
    blob = sparse + b"".join(more) + b"x" * 512 + TAR

    assert [member.path for member, _ in members(iter([blob]))] == ["usr/", "usr/", "usr/python3"]


def test_tarfile_and_we_see_the_same_entries():
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for size in (0, 1, 511, 512, 513, 100_000):
            member = tarfile.TarInfo(f"{'long/' * 40}file{size}")
            member.size = size
            tar.addfile(member, io.BytesIO(b"c" * size))

    seen = {member.path: start for member, start in members(iter([out.getvalue()]), lambda _: 5)}

    assert seen == {
        f"{'long/' * 40}file{size}": b"c" * min(size, 5) for size in (0, 1, 511, 512, 513, 100_000)
    }
