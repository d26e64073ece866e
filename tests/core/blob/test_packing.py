"""Packing: what is worth it is compressed, to the same bytes by any threads; the rest is stored as it is."""

import errno
import random
import threading
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odahu_pack_core.blob.descriptor import OCI_LAYER, OCI_LAYER_GZIP, Descriptor, digest_of_bytes
from odahu_pack_core.blob.packing import pack
from odahu_pack_core.errors import ArtifactError, EngineError
from tests.core.blob.streams import MEBIBYTE, RANDOM, TEXT, Changing, Stream, check


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    monkeypatch.setattr("odahu_pack_core.blob.packing._PATIENCE", 4 * MEBIBYTE)


@pytest.mark.parametrize("pieces", [[TEXT], [TEXT] * 9, [bytes(MEBIBYTE)] * 6, [TEXT[:700]], [bytes(1024)]])
def test_what_compresses_is_compressed_in_one_reading(draft, pieces):
    source = Stream(pieces)
    packed = pack(source, draft)
    assert packed.descriptor.media_type == OCI_LAYER_GZIP
    assert packed.descriptor.size < packed.size / 4
    assert source.readings == 1
    assert check(packed, source.content) == draft.read_bytes()


@pytest.mark.parametrize("pieces", [[RANDOM], [RANDOM] * 12, [RANDOM] * 9 + [TEXT], [TEXT] + [RANDOM] * 12])
def test_what_does_not_compress_is_the_stream_itself_and_writes_nothing(draft, pieces):
    source = Stream(pieces)
    packed = pack(source, draft)
    assert packed.descriptor == Descriptor(OCI_LAYER, packed.diff_id, source.size)
    assert (source.readings, draft.exists()) == (1, False)
    check(packed, source.content)


@pytest.mark.parametrize(
    ("pieces", "readings"),
    [([TEXT] * 6 + [RANDOM] * 6, 1), ([RANDOM] * 6 + [TEXT] * 6, 2), ([RANDOM, TEXT] * 6, 1)],
    ids=["text first", "text last", "in turn"],
)
def test_a_mixed_layer_is_compressed_however_it_is_mixed(draft, pieces, readings):
    source = Stream(pieces)
    packed = pack(source, draft)
    assert packed.descriptor.media_type == OCI_LAYER_GZIP
    assert source.readings == readings
    assert check(packed, source.content) == draft.read_bytes()


def test_the_bytes_are_the_same_in_one_reading_and_in_two(draft, monkeypatch):
    source = Stream([RANDOM] * 3 + [TEXT] * 4)
    at_once = check(pack(source, draft), source.content)
    monkeypatch.setattr("odahu_pack_core.blob.packing._PATIENCE", MEBIBYTE)
    source.readings = 0
    assert check(pack(source, draft), source.content) == at_once
    assert source.readings == 2


@pytest.mark.parametrize("pieces", [[RANDOM], [RANDOM] * 6], ids=["small", "given up"])
def test_a_blob_to_keep_is_in_the_file_even_as_it_is(draft, pieces):
    source = Stream(pieces)
    packed = pack(source, draft, keep=True)
    assert packed.descriptor == Descriptor(OCI_LAYER, digest_of_bytes(source.content), source.size)
    assert check(packed, source.content) == draft.read_bytes() == source.content


def test_an_empty_stream(draft):
    check(pack(Stream([]), draft), b"")


def test_the_bytes_are_pinned(draft):
    """The bytes of layers are promised: whoever changes them changes the digest of every image."""
    source = Stream([TEXT, RANDOM[:1000], bytes(3 * MEBIBYTE), TEXT[5:]])
    packed = pack(source, draft)
    assert packed.diff_id == "sha256:0534785ed5a96ecd67c8331f92b44ae2bea6e673584d5a30397f235c339f1823"
    assert (
        packed.descriptor.digest == "sha256:3d61a86485adc9dd42a7a0a6479ee5d6e821d0a32a186de3c37cce31c085f0cf"
    )


contents = st.lists(
    st.sampled_from([TEXT, RANDOM, bytes(MEBIBYTE)]).flatmap(
        lambda block: st.integers(0, MEBIBYTE).map(lambda size: block[:size])
    ),
    max_size=8,
).map(b"".join)


@pytest.mark.property
@given(content=contents, seed=st.integers(), threads=st.integers(2, 5))
def test_neither_threads_nor_pieces_decide_the_bytes(tmp_path_factory, content, seed, threads):
    folder = tmp_path_factory.mktemp("drafts")
    cuts = random.Random(seed)
    at, pieces = 0, []
    while at < len(content):
        pieces.append(content[at : (at := at + cuts.choice([1, 1000, 70_000, MEBIBYTE, 3 * MEBIBYTE]))])
        if len(pieces) > 50:
            pieces.append(content[at:])
            break
    one = pack(Stream([content]), folder / "one", threads=1)
    several = pack(Stream(pieces), folder / "several", threads=threads)
    assert several.descriptor == one.descriptor
    assert check(several, content) == check(one, content)


def test_progress_is_told_on_the_callers_thread_to_the_end(draft):
    told = []
    source = Stream([TEXT] * 9)
    pack(source, draft, progress=lambda done: told.append((threading.get_ident(), done)), threads=3)
    assert told == [(threading.get_ident(), number * MEBIBYTE) for number in range(1, 10)]


def test_whoever_interrupts_leaves_neither_draft_nor_threads(draft):
    def interrupt(done):
        if done > 6 * MEBIBYTE:
            raise KeyboardInterrupt

    before = threading.active_count()
    with pytest.raises(KeyboardInterrupt):
        pack(Stream([TEXT] * 20), draft, progress=interrupt, threads=3)
    assert (threading.active_count(), draft.exists()) == (before, False)


@pytest.mark.parametrize("keep", [False, True])
def test_a_stream_that_changes_between_two_readings(draft, keep):
    first = RANDOM * 6 + (b"" if keep else TEXT * 6)
    for second in (first[:-1] + b"!", first[:-1], first + b"!"):
        with pytest.raises(ArtifactError, match="a layer changed while it was packaged") as caught:
            pack(Changing([first, second]), draft, keep=keep)
        assert (caught.value.code, draft.exists()) == ("changed", False)


def test_a_stream_that_has_another_size_when_it_is_sent(draft):
    packed = pack(Changing([RANDOM, RANDOM[:-1]]), draft)
    packed.blob.source.contents.append(RANDOM)  # what its size is taken from
    with pytest.raises(ArtifactError, match="changed"):
        list(packed.blob.chunks())


def test_a_full_disk(draft):
    draft.symlink_to("/dev/full")
    with pytest.raises(EngineError, match=f"no space is left for a layer in {draft.parent}") as caught:
        pack(Stream([TEXT]), draft)
    assert (caught.value.code, draft.is_symlink()) == ("disk-full", False)


def test_a_folder_that_is_not_there(draft):
    with pytest.raises(EngineError, match=r"cannot write .*: No such file") as caught:
        pack(Stream([TEXT]), draft / "draft")
    assert caught.value.code == "layer-unwritable"


def test_a_source_that_cannot_be_read_is_not_taken_for_a_full_disk(draft):
    class Broken(Stream):
        def chunks(self):
            yield TEXT
            raise OSError(errno.ENOSPC, "as if")

    with pytest.raises(OSError, match="as if"):
        pack(Broken([TEXT]), draft)
    assert not draft.exists()


def test_memory_is_bounded(draft):
    class Long(Stream):
        def chunks(self):
            return (TEXT[number:] + TEXT[:number] for number in range(60))

    tracemalloc.start()
    packed = pack(Long([TEXT] * 60), draft, threads=2)
    assert sum(map(len, packed.chunks())) == packed.size == 60 * MEBIBYTE
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 16 * MEBIBYTE
