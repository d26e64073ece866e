"""Model files as small as can be, written without the frameworks: their signatures alone, and no weights."""

import io
import re
import zipfile

_ONNX_TYPES = {"FP32": 1, "UINT8": 2, "INT8": 3, "INT32": 6, "INT64": 7, "STRING": 8, "BOOL": 9, "FP16": 10}
_TENSORFLOW_TYPES = {"FP32": 1, "INT32": 3, "UINT8": 4, "STRING": 7, "INT64": 9, "BOOL": 10, "FP16": 19}
_TENSOR = re.compile(r"(?P<type>\w+) \[(?P<shape>[^\]]*)\]")
_SEVERAL = "several "
_IR_VERSION = 8
_PLAN = b"ptrt" + bytes(60)


def forged(kind, told):
    """Return the bytes of a file: ``forged("onnx", {"inputs": {"X": "FP32 [-1, 3]"}, "outputs": …})``."""
    makers = {"onnx": onnx, "saved_model": saved_model, "torch": torch, "plan": plan, "openvino": openvino}
    return makers[kind](told or {})


def onnx(told):
    """An ONNX graph of one node without meaning, which takes all inputs and makes all outputs.

    Where ``weights`` is told, the graph has weights in a file of this name.
    """
    inputs, outputs = told["inputs"], told["outputs"]
    node = [_bytes(1, name) for name in inputs] + [_bytes(2, name) for name in outputs]
    graph = [_bytes(1, b"".join(node) + _bytes(4, "Anything")), _bytes(2, "graph")]
    graph += [_bytes(11, _onnx_value(*item)) for item in inputs.items()]
    graph += [_bytes(12, _onnx_value(*item)) for item in outputs.items()]
    graph += [_bytes(5, _onnx_weights(file)) for file in told.get("weights", ())]
    opset = _bytes(1, "") + _number(2, told.get("opset", 17))
    ir_version = _number(1, told.get("ir_version", _IR_VERSION))
    return ir_version + _bytes(7, b"".join(graph)) + _bytes(8, opset)


def saved_model(told):
    """``saved_model.pb`` with one signature, ``serving_default``; ``op`` names the graph's only node."""
    parts = {1: told["inputs"], 2: told["outputs"]}
    graph = _bytes(1, _bytes(1, "node") + _bytes(2, told.get("op", "Placeholder")))
    tensors = [
        _bytes(number, _bytes(1, name) + _bytes(2, _tensorflow_value(name, text)))
        for number, named in parts.items()
        for name, text in named.items()
    ]
    signature = _bytes(1, told.get("signature", "serving_default")) + _bytes(2, b"".join(tensors))
    tagged = _bytes(1, _bytes(4, told.get("tag", "serve")))
    return _number(1, 1) + _bytes(2, tagged + _bytes(2, graph) + _bytes(5, signature))


def torch(told):
    """A TorchScript archive whose ``forward`` takes what is told, or a dictionary of weights without code."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        if "forward" in told:
            taken = "".join(f",\n    {name}: Tensor" for name in told["forward"])
            code = f"class Net(Module):\n  def forward(self: __torch__.Net{taken}) -> Tensor:\n    return x\n"
            archive.writestr("model/code/__torch__.py", code)
            archive.writestr("model/constants.pkl", b"\x80\x02).")
            archive.writestr("model/data.pkl", b"\x80\x02c__torch__\nNet\nq\x00)\x81}b.")
        else:
            archive.writestr("model/data.pkl", b"\x80\x02}.")
        archive.writestr("model/version", "3\n")
    return content.getvalue()


def openvino(told):
    """``model.xml`` of a network whose inputs go nowhere, and whose outputs come of one layer."""
    layers = [f'<layer id="{name}" name="{name}" type="Parameter"/>' for name in told["inputs"]]
    ports = "".join(f'<port id="{name}" names="{name}"/>' for name in told["outputs"])
    layers += [f'<layer id="all" name="all" type="Anything"><output>{ports}</output></layer>']
    layers += [f'<layer id="{name}" name="{name}/sink" type="Result"/>' for name in told["outputs"]]
    edges = [f'<edge from-layer="all" from-port="{name}" to-layer="{name}"/>' for name in told["outputs"]]
    parts = f"<layers>{''.join(layers)}</layers><edges>{''.join(edges)}</edges>"
    return f'<?xml version="1.0"?>\n<net name="net" version="11">{parts}</net>\n'.encode()


def plan(told):  # noqa: ARG001  # nothing of an engine's content is documented
    """What begins as a TensorRT engine does."""
    return _PLAN


def _onnx_value(name, text):
    data_type, shape = _read(text)
    dims = b"".join(_bytes(1, _number(1, size) if size >= 0 else _bytes(2, "N")) for size in shape)
    tensor = _number(1, _ONNX_TYPES[data_type]) + _bytes(2, dims)
    several = text.startswith(_SEVERAL)
    return _bytes(1, name) + _bytes(
        2, _bytes(4, _bytes(1, _bytes(1, tensor))) if several else _bytes(1, tensor)
    )


def _onnx_weights(file):
    place = _bytes(13, _bytes(1, "location") + _bytes(2, file))
    return _number(1, 3) + _number(2, _ONNX_TYPES["FP32"]) + _bytes(8, "weights") + place + _number(14, 1)


def _tensorflow_value(name, text):
    data_type, shape = _read(text)
    dims = b"".join(_bytes(2, _number(1, size)) for size in shape)
    return _bytes(1, f"{name}:0") + _number(2, _TENSORFLOW_TYPES[data_type]) + _bytes(3, dims)


def _read(text):
    read = _TENSOR.fullmatch(text.removeprefix(_SEVERAL))
    return read["type"], [int(size) for size in read["shape"].split(",") if size.strip()]


def _bytes(number, content):
    raw = content.encode() if isinstance(content, str) else content
    return _varint(number << 3 | 2) + _varint(len(raw)) + raw


def _number(number, value):
    return _varint(number << 3) + _varint(value)


def _varint(value):
    value &= 2**64 - 1
    written = bytearray()
    while value > 0x7F:
        written.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*written, value])
