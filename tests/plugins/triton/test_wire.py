"""The reader of protobuf's wire format, against the real protobuf and against files made to harm it."""

import io
import os
import time
import tracemalloc

import pytest
from google.protobuf import struct_pb2
from hypothesis import given
from hypothesis import strategies as st

from odahu_pack_core import ArtifactEntry, ArtifactError, ModelArtifact
from odahu_pack_triton.model_files import ModelFileError, opened, read_onnx
from odahu_pack_triton.model_files.wire import BYTES, FIXED64, WireReader
from odahu_pack_triton.repository import ModelFolder
from tests.plugins.triton.onnx_graphs import classifier
from tests.plugins.triton.protobuf_writer import message, varint


def _reader(content):
    return WireReader(io.BytesIO(content), "model.onnx")


def _fields(content):
    return [(field.number, field.kind, field.value) for field in _reader(content).fields()]


def test_fields_of_each_kind_are_read():
    content = message((1, 150), (2, "testing")) + b"\x19" + bytes(7) + b"\x01" + b"\x25\x02\x00\x00\x00"
    assert _fields(content) == [(1, 0, 150), (2, BYTES, 0), (3, FIXED64, 1 << 56), (4, 5, 2)]


@pytest.mark.property
@given(st.integers(-(1 << 63), (1 << 63) - 1))
def test_numbers_come_back(number):
    [field] = _reader(message((7, number))).fields()
    assert field.signed == number


@pytest.mark.property
@given(st.recursive(st.integers(-9, 9) | st.text(), st.lists, max_leaves=20))
def test_nested_messages_of_protobuf_are_read(value):
    made = struct_pb2.ListValue()
    made.extend([value])
    wire = _reader(made.SerializeToString())
    [field] = wire.fields()
    assert _texts_in(wire, field) == _texts(value)


def _texts_in(wire, value):
    """Return the texts in Google's own Value: 3 is a text, 6 a list of values."""
    for field in wire.fields(value):
        if field.number == 3:
            return wire.text(field)
        if field.number == 6:
            return [_texts_in(wire, item) for item in wire.fields(field)]
    return None


def _texts(value):
    if isinstance(value, list):
        return [_texts(item) for item in value]
    return value if isinstance(value, str) else None


def test_packed_and_single_numbers_are_the_same():
    single = message((1, 3), (1, 270), (1, 86942))
    packed = message((1, varint(3) + varint(270) + varint(86942)))
    for content in (single, packed):
        wire = _reader(content)
        assert [number for field in wire.fields() for number in wire.integers(field)] == [3, 270, 86942]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"\x08", "byte 1: the file is cut off, or no protobuf message"),
        (b"\x0a\x05ab", "byte 0: the file is cut off, or no protobuf message"),
        (b"\x0a" + b"\xff" * 9 + b"\x01", "byte 0: the file is cut off, or no protobuf message"),
        (b"\x08" + b"\xff" * 10, "byte 1: the file is cut off, or no protobuf message"),
        (b"\x00\x01", "byte 0: no protobuf message: no field has the number 0"),
        (b"\x0b", "byte 0: no protobuf message: no field has the wire type 3"),
        (b"\x0c", "byte 0: no protobuf message: no field has the wire type 4"),
        (b"\x0f", "byte 0: no protobuf message: no field has the wire type 7"),
        (b"\x09\x01\x02", "byte 0: the file is cut off, or no protobuf message"),
    ],
)
def test_what_is_no_message_is_refused_with_its_place(content, reason):
    with pytest.raises(ModelFileError) as caught:
        _fields(content)
    assert caught.value.message == f"model.onnx, {reason}"


def test_a_number_is_no_message_and_no_text():
    wire = _reader(message((1, 5)))
    [number] = wire.fields()
    for read in (lambda: list(wire.fields(number)), lambda: wire.text(number)):
        with pytest.raises(ModelFileError):
            read()


def test_a_field_does_not_reach_beyond_its_message():
    inner = b"\x0a\x7f"  # claims more than the message around it has
    wire = _reader(message((1, inner), (2, "x" * 200)))
    [outer, _] = wire.fields()
    with pytest.raises(ModelFileError, match="cut off"):
        list(wire.fields(outer))


def test_a_name_of_any_length_is_refused():
    wire = _reader(message((1, "x" * 100_000)))
    [field] = wire.fields()
    with pytest.raises(ModelFileError, match="a name was expected"):
        wire.text(field)


def test_many_long_names_are_refused():
    wire = _reader(message((1, "x" * 60_000)))
    [field] = wire.fields()
    with pytest.raises(ModelFileError, match="bytes of names"):
        _ = [wire.text(field) for _ in range(2000)]


@pytest.mark.slow
def test_countless_fields_are_refused_soon():
    begin = time.process_time()
    with pytest.raises(ModelFileError, match="more than 2000000 fields"):
        sum(1 for _ in _reader(b"\x08\x00" * 3_000_000).fields())
    assert time.process_time() - begin < 30


def _folder_of(root, path, **entry):
    member = ArtifactEntry(path, **entry)
    artifact = ModelArtifact("triton", root, (member,), "m", "1")
    return ModelFolder("m", artifact, {path: member})


def test_two_gigabytes_cost_no_memory(tmp_path):
    """A graph whose weights are a hole of 2 GiB in the file, and after them its inputs and outputs."""
    whole = classifier()
    weights = whole.graph.initializer.pop()
    weights.ClearField("raw_data")
    size = 2 << 30
    head = weights.SerializeToString() + b"\x4a" + varint(size)
    rest = whole.graph.SerializeToString()
    path = tmp_path / "model.onnx"
    with path.open("wb") as stream:
        stream.write(
            b"\x08\x07\x3a" + varint(1 + len(varint(len(head) + size)) + len(head) + size + len(rest))
        )
        stream.write(b"\x2a" + varint(len(head) + size) + head)
        stream.seek(size, os.SEEK_CUR)
        stream.write(rest)
    folder = _folder_of(tmp_path, "model.onnx", size=path.stat().st_size)
    tracemalloc.start()
    begin = time.process_time()
    with opened(folder, "model.onnx") as stream:
        model = read_onnx(stream, "model.onnx")
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [tensor.name for tensor in model.signature.outputs] == ["scores", "label"]
    assert most < 1024 * 1024
    assert time.process_time() - begin < 5


class _Packed:
    """A file that lies compressed in an archive: it is read from its beginning only."""

    def __init__(self, content, *, size=None):
        self.content = content
        self.size = len(content) if size is None else size
        self.opened = 0

    def open(self):
        self.opened += 1
        return io.BufferedReader(_Forwards(self.content))


class _Forwards(io.RawIOBase):
    def __init__(self, content):
        super().__init__()
        self.rest = memoryview(content)

    def readable(self):
        return True

    def readinto(self, buffer):
        part, self.rest = self.rest[: len(buffer)], self.rest[len(buffer) :]
        buffer[: len(part)] = part
        return len(part)


def test_a_file_in_an_archive_is_read_through_once(tmp_path):
    packed = _Packed(classifier().SerializeToString())
    folder = _folder_of(tmp_path, "model.onnx", size=packed.size, packed=packed)
    with opened(folder, "model.onnx") as stream:
        assert read_onnx(stream, "model.onnx").signature.inputs[0].name == "features"
    assert packed.opened == 1


def test_a_file_in_an_archive_is_opened_anew_to_go_back(tmp_path):
    packed = _Packed(bytes(range(256)) * 1000)
    folder = _folder_of(tmp_path, "model.pt", size=packed.size, packed=packed)
    with opened(folder, "model.pt") as stream:
        assert stream.seek(0, io.SEEK_END) == 256_000
        for at in (255_000, 3, 100_000, 7):
            stream.seek(at)
            assert stream.read(4) == packed.content[at : at + 4]
        assert stream.tell() == 11
    assert packed.opened == 3


def test_a_file_that_makes_us_go_back_endlessly_is_refused(tmp_path):
    packed = _Packed(bytes(200_000))
    folder = _folder_of(tmp_path, "model.pt", size=packed.size, packed=packed)
    with pytest.raises(ModelFileError, match="its parts lie in no order"):
        _read_to_and_fro(folder, 200)
    assert packed.opened < 100


def _read_to_and_fro(folder, times):
    with opened(folder, "model.pt") as stream:
        for _ in range(times):
            stream.seek(190_000)
            stream.read(1)
            stream.seek(0)
            stream.read(1)


def test_a_link_into_the_archive_has_the_size_of_its_target(tmp_path):
    packed = _Packed(b"content")
    target = ArtifactEntry("weights/model.onnx", size=7, packed=packed)
    link = ArtifactEntry("1/model.onnx", link="../weights/model.onnx")
    (tmp_path / "1").mkdir()
    (tmp_path / "1" / "model.onnx").symlink_to("../weights/model.onnx")
    artifact = ModelArtifact("triton", tmp_path, (link, target), "m", "1")
    folder = ModelFolder("m", artifact, {"1/model.onnx": link})
    with opened(folder, "1/model.onnx") as stream:
        assert (stream.seek(0, io.SEEK_END), stream.seek(0), stream.read()) == (7, 0, b"content")


def test_a_file_that_is_gone_is_told(tmp_path):
    folder = _folder_of(tmp_path, "1/model.onnx", size=3)
    with pytest.raises(ArtifactError) as caught, opened(folder, "1/model.onnx"):
        pass
    assert caught.value.message == "1/model.onnx: cannot be read: No such file or directory"
