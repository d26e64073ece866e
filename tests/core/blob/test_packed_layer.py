"""Packed layers: noted and brought back, and honest about a blob that is not what it was."""

import os

import pytest

from odahu_pack_core.blob.descriptor import OCI_LAYER
from odahu_pack_core.blob.packed_layer import PackedLayer
from odahu_pack_core.blob.packing import pack
from odahu_pack_core.errors import EngineError
from tests.core.blob.streams import RANDOM, TEXT, Stream, check


@pytest.mark.parametrize(("content", "keep"), [(TEXT * 3, False), (RANDOM, True)])
def test_a_note_brings_the_layer_back(draft, tmp_path, content, keep):
    packed = pack(Stream([content]), draft, keep=keep)
    moved = draft.rename(tmp_path / "entry")
    again = PackedLayer.from_note(moved, packed.to_note())
    assert again.descriptor == packed.descriptor
    check(again, content)


@pytest.mark.parametrize(
    "change",
    [
        {"diff_id": "sha256:00"},
        {"digest": "md5:" + "0" * 64},
        {"digest": None},
        {"media_type": "text/plain"},
        {"media_type": OCI_LAYER},
        {"media_type": []},
        {"size": -1},
        {"size": "1"},
        {"blob_size": True},
        {"blob_size": 1.5},
    ],
)
def test_a_note_that_is_not_one(draft, change):
    note = pack(Stream([TEXT]), draft).to_note()
    with pytest.raises(ValueError, match=r"digest|media type|number of bytes"):
        PackedLayer.from_note(draft, note | change)


def test_a_note_that_lacks_something(draft):
    note = pack(Stream([TEXT]), draft).to_note()
    for key in note:
        with pytest.raises(ValueError, match=r"None"):
            PackedLayer.from_note(draft, {other: value for other, value in note.items() if other != key})


@pytest.mark.parametrize("now", [None, b"", b"shorter"])
def test_a_file_that_is_not_what_it_was(draft, now):
    packed = pack(Stream([TEXT]), draft)
    if now is None:
        draft.unlink()
    else:
        draft.write_bytes(now)
    with pytest.raises(EngineError, match="cannot read the layer") as caught:
        list(packed.blob.chunks())
    assert caught.value.code == "layer-lost"


@pytest.mark.parametrize("place", [0, 5000, -5, -1])
def test_a_blob_that_was_damaged(draft, place):
    packed = pack(Stream([TEXT, os.urandom(5000)]), draft)
    blob = bytearray(draft.read_bytes())
    blob[place] ^= 0xFF
    draft.write_bytes(blob)
    with pytest.raises(EngineError, match="damaged"):
        list(packed.chunks())
