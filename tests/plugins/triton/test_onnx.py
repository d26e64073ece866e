"""ONNX graphs read by our own reader, against what ONNX Runtime says of the same files."""

import io

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, external_data_helper, helper, numpy_helper

from odahu_pack_triton.model_files import ModelFileError, read_onnx
from tests.plugins.triton.onnx_graphs import (
    FLOAT,
    GRAPHS,
    OPSET,
    classifier,
    identity,
    model,
    sequence,
    value,
)

RUNTIME_TYPES = {
    "tensor(float)": "TYPE_FP32",
    "tensor(double)": "TYPE_FP64",
    "tensor(float16)": "TYPE_FP16",
    "tensor(bool)": "TYPE_BOOL",
    "tensor(string)": "TYPE_STRING",
    **{
        f"tensor({sign}int{bits})": f"TYPE_{sign}int{bits}".upper()
        for sign in ("", "u")
        for bits in (8, 16, 32, 64)
    },
}


def _read(made, file="1/model.onnx"):
    return read_onnx(io.BytesIO(made.SerializeToString()), file)


def _ours(tensors):
    return [(tensor.name, tensor.data_type, tensor.shape) for tensor in tensors]


def _theirs(arguments):
    return [
        (
            argument.name,
            RUNTIME_TYPES[argument.type],
            tuple(size if isinstance(size, int) else -1 for size in argument.shape),
        )
        for argument in arguments
    ]


@pytest.mark.parametrize("name", GRAPHS)
def test_inputs_and_outputs_are_those_of_onnx_runtime(name):
    made = GRAPHS[name]
    session = onnxruntime.InferenceSession(made.SerializeToString(), providers=["CPUExecutionProvider"])
    read = _read(made)
    assert _ours(read.signature.inputs) == _theirs(session.get_inputs())
    assert _ours(read.signature.outputs) == _theirs(session.get_outputs())
    assert _ours(read.signature.optional) == _theirs(session.get_overridable_initializers())


def test_sizes_that_vary_keep_their_names():
    read = _read(identity(["batch", "", 8, "length"]))
    assert read.signature.inputs[0].shape == (-1, -1, 8, -1)
    assert read.signature.inputs[0].axes == ("batch", "", "", "length")


def test_versions_are_told():
    made = classifier(opset=11, ir_version=6)
    made.opset_import.append(helper.make_opsetid("ai.onnx.ml", 2))
    read = _read(made)
    assert (read.ir_version, dict(read.opsets)) == (6, {"": 11, "ai.onnx.ml": 2})


def test_the_long_name_of_onnx_is_its_short_one():
    made = identity([1])
    made.opset_import[0].domain = "ai.onnx"
    assert dict(_read(made).opsets) == {"": OPSET}


@pytest.mark.parametrize(
    ("type_", "expected"),
    [
        (helper.make_tensor_type_proto(TensorProto.BFLOAT16, [1]), "bfloat16"),
        (helper.make_tensor_type_proto(TensorProto.COMPLEX64, [1]), "complex64"),
        (helper.make_tensor_type_proto(TensorProto.FLOAT8E4M3FN, [1]), "type 17"),
        (helper.make_sequence_type_proto(helper.make_tensor_type_proto(FLOAT, None)), "sequence"),
        (helper.make_optional_type_proto(helper.make_tensor_type_proto(FLOAT, None)), "optional"),
        (helper.make_map_type_proto(TensorProto.INT64, helper.make_tensor_type_proto(FLOAT, None)), "map"),
        (helper.make_sparse_tensor_type_proto(FLOAT, [2]), "sparse tensor"),
    ],
)
def test_a_type_that_triton_lacks_is_called_by_its_name(type_, expected):
    made = model([], [helper.make_value_info("x", type_)], [value("y", [1])])
    tensor = _read(made).signature.inputs[0]
    assert (tensor.name, tensor.data_type, tensor.foreign) == ("x", "", expected)


def test_a_sequence_is_told():
    assert _read(sequence()).signature.outputs[0].foreign == "sequence"


def test_a_shape_that_is_not_written_is_none():
    assert _read(identity(None)).signature.inputs[0].shape is None


def test_files_with_weights_are_told(tmp_path):
    made = classifier()
    onnx.save(
        made,
        tmp_path / "model.onnx",
        save_as_external_data=True,
        location="weights.bin",
        size_threshold=0,
    )
    assert (tmp_path / "weights.bin").stat().st_size == 48
    with (tmp_path / "model.onnx").open("rb") as stream:
        assert read_onnx(stream, "model.onnx").external_files == ("weights.bin",)


def test_a_sparse_initializer_is_no_input():
    values = helper.make_tensor("w", FLOAT, [1], [2.0])
    places = helper.make_tensor("places", TensorProto.INT64, [1], [0])
    made = model([], [value("x", [2]), value("w", [2])], [value("y", [2])])
    made.graph.sparse_initializer.append(helper.make_sparse_tensor(values, places, [2]))
    assert [tensor.name for tensor in _read(made).signature.inputs] == ["x"]


def test_weights_are_jumped_over():
    made = classifier()
    made.graph.initializer[0].CopyFrom(
        numpy_helper.from_array(np.zeros((4, 4 * 1024 * 1024), "float32"), "weights")
    )
    stream = _Counted(made.SerializeToString())
    read_onnx(stream, "model.onnx")
    assert stream.getbuffer().nbytes > 64 * 1024 * 1024
    assert stream.count < 1024 * 1024


class _Counted(io.BytesIO):
    count = 0

    def read(self, size=-1):
        read = super().read(size)
        self.count += len(read)
        return read


WHOLE = classifier().SerializeToString()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "1/model.onnx: no ONNX model: it has no graph"),
        (b"\x08\x07", "1/model.onnx: no ONNX model: it has no graph"),
        (bytes(9), "1/model.onnx, byte 0: no protobuf message: no field has the number 0"),
        (b"<model>", "1/model.onnx, byte 0: no protobuf message: no field has the wire type 4"),
        (WHOLE[:-3], "the file is cut off"),
        (WHOLE[:40], "the file is cut off"),
    ],
)
def test_what_is_no_graph_is_refused(content, reason):
    with pytest.raises(ModelFileError) as caught:
        read_onnx(io.BytesIO(content), "1/model.onnx")
    assert reason in caught.value.message


def test_too_many_dimensions_are_refused():
    with pytest.raises(ModelFileError, match="more than 64 dimensions"):
        _read(identity([1] * 65))


def test_weights_in_the_file_need_no_other():
    """The flag of a tensor decides, not that a location is written."""
    made = classifier()
    external_data_helper.set_external_data(made.graph.initializer[0], "gone.bin")
    made.graph.initializer[0].data_location = TensorProto.DEFAULT
    assert _read(made).external_files == ()
