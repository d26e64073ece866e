"""Readers of model files on damaged and on hostile files: an error or an answer, soon, and nothing else."""

import io
import time
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odahu_pack_triton.config import read_config
from odahu_pack_triton.generation import IncompleteConfigError, complete_config
from odahu_pack_triton.lint import lint
from odahu_pack_triton.model_files import (
    ModelFileError,
    read_graph_def,
    read_onnx,
    read_saved_model,
    read_torch,
)
from tests.plugins.triton.model_subjects import subject_of
from tests.plugins.triton.onnx_graphs import GRAPHS, sequence
from tests.plugins.triton.protobuf_writer import graph_def, saved_model, signature

SERVING = signature({"x": (1, [-1, 4]), "s": (7, None)}, {"y": (9, [])})
ONNX = [made.SerializeToString() for made in (*GRAPHS.values(), sequence())]
TENSORFLOW = [
    saved_model({"serving_default": SERVING, "other": SERVING}, ops=["VarHandleOp"]),
    graph_def({"x": (1, [-1, 4])}, ["a", "b"]),
]
TORCH = [path.read_bytes() for path in sorted((Path(__file__).parent / "torch_files").glob("*.pt"))]
READERS = (read_onnx, read_saved_model, read_graph_def, read_torch)
LONGEST_SECONDS = 5


@st.composite
def damaged(draw, seeds):
    """Return a whole file with bytes changed, taken out, doubled, or put in."""
    content = bytearray(draw(st.sampled_from(seeds)))
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, max(len(content) - 1, 0)))
        length = draw(st.integers(0, 16))
        change = draw(st.sampled_from(["alter", "cut", "double", "insert"]))
        if change == "alter":
            content[at : at + 1] = bytes([draw(st.integers(0, 255))])
        elif change == "cut":
            del content[at : at + length]
        elif change == "double":
            content[at:at] = content[at : at + length]
        else:
            content[at:at] = draw(st.binary(max_size=16))
    return bytes(content)


def _survives(read, content):
    begin = time.process_time()
    with suppress(ModelFileError):
        read(io.BytesIO(content), "model")
    assert time.process_time() - begin < LONGEST_SECONDS


@pytest.mark.property
@given(damaged(ONNX))
def test_damaged_onnx_graphs(content):
    _survives(read_onnx, content)


@pytest.mark.property
@given(damaged(TENSORFLOW))
def test_damaged_tensorflow_files(content):
    _survives(read_saved_model, content)
    _survives(read_graph_def, content)


@pytest.mark.property
@given(damaged(TORCH))
def test_damaged_torch_files(content):
    _survives(read_torch, content)


@pytest.mark.property
@given(st.binary(max_size=2000), st.sampled_from([b"", b"PK\x03\x04", b"\x3a\xff\x0f", b"\x12\xff\x0f\x2a"]))
def test_random_bytes(content, head):
    for read in READERS:
        _survives(read, head + content)


@pytest.mark.parametrize(
    "content",
    [
        b"\x3a\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01",  # a length of 2 ** 63
        b"\x12" * 100_000,
        b"\x2a\x00" * 200_000,
        b"\x0a\x00" * 200_000,
        b"\xff" * 100_000,
        b"PK\x05\x06" * 30_000,
        b"PK\x03\x04" + b"PK\x05\x06" + b"\xff" * 18,
        b"PK\x03\x04" + b"PK\x06\x07" + b"\xff" * 16 + b"PK\x05\x06" + b"\xff" * 18,
    ],
    ids=[
        "endless",
        "nested",
        "empty graphs",
        "empty nodes",
        "high bits",
        "ends",
        "end of ones",
        "end of 64 bits",
    ],
)
def test_hostile_files(content):
    for read in READERS:
        _survives(read, content)


@pytest.mark.slow
def test_many_megabytes_of_nothing_take_bounded_time():
    """As many fields as are allowed, in each place that is looked into."""
    empty = b"\x0a\x00" * 4_000_000
    for read in (read_saved_model, read_graph_def, read_onnx):
        begin = time.process_time()
        with pytest.raises(ModelFileError):
            read(io.BytesIO(empty), "model")
        assert time.process_time() - begin < 30


CONFIGS = [
    'input { name: "x" data_type: TYPE_FP32 dims: [ -1, 3 ] }\noutput { name: "y" dims: [ 0 ] }\n',
    'max_batch_size: 8\ninput { name: "x" dims: [ 4 ] reshape { shape: [ ] } }\noutput { name: "a" }\n',
    'max_batch_size: -1\ninput { allow_ragged_batch: true }\nbatch_output { target_name: "y" }\n',
    'sequence_batching { control_input { } state { input_name: "x" } }\nbatch_input { target_name: "w" }\n',
    'parameters { key: "TF_GRAPH_TAG" value { } }\nparameters { key: "TF_SIGNATURE_DEF" value { } }\n',
]
FILES = {
    "model.onnx": ONNX,
    "model.savedmodel/saved_model.pb": TENSORFLOW,
    "model.graphdef": TENSORFLOW,
    "model.pt": TORCH,
    "model.plan": ONNX,
}


@pytest.mark.property
@given(st.data(), st.sampled_from(sorted(FILES)), st.sampled_from(CONFIGS))
def test_rules_and_generation_of_damaged_models(tmp_path_factory, data, path, config):
    content = data.draw(damaged(FILES[path]))
    subject = subject_of(tmp_path_factory.mktemp("model"), config, {f"1/{path}": content})
    lint(subject)
    with suppress(IncompleteConfigError, ModelFileError):
        made = complete_config(subject.folder, subject.release)
        assert not read_config(made.text).faults
        assert made.text.startswith(config.rstrip("\n"))
