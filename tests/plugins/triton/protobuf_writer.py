"""Protobuf messages written field by field, for files whose own libraries are too large to test with."""


def varint(number):
    """Return a number of variable length; a negative one takes ten bytes."""
    number &= (1 << 64) - 1
    written = bytearray()
    while number > 0x7F:
        written.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*written, number])


def message(*fields):
    """Return a message of ``(number, value)``; a value is a number, text, or the bytes of a message."""
    return b"".join(_field(number, value) for number, value in fields)


def _field(number, value):
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    content = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(content)) + content


def _tensor_info(dtype, shape):
    """A TensorInfo of TensorFlow; a shape of None has no rank that is known."""
    dims = [(3, 1)] if shape is None else [(2, message((1, size))) for size in shape]
    return message((1, "node:0"), (2, dtype), (3, message(*dims)))


def signature(inputs, outputs):
    """A SignatureDef of ``{name: (dtype, shape)}``."""
    sides = [(1, inputs), (2, outputs)]
    entries = [
        (number, message((1, name), (2, _tensor_info(*tensor))))
        for number, tensors in sides
        for name, tensor in tensors.items()
    ]
    return message(*entries, (3, "tensorflow/serving/predict"))


def saved_model(signatures, *, tags=("serve",), ops=("Placeholder", "MatMul")):
    """A SavedModel of one graph."""
    nodes = [(1, message((1, f"node_{index}"), (2, op))) for index, op in enumerate(ops)]
    named = [(5, message((1, name), (2, value))) for name, value in signatures.items()]
    info = message((1, "v1"), *((4, tag) for tag in tags))
    return message((1, 1), (2, message((1, info), (2, message(*nodes)), *named)))


def graph_def(placeholders, others):
    """A GraphDef of ``{name: (dtype, shape)}`` and the names of other nodes."""
    nodes = [_placeholder(name, *tensor) for name, tensor in placeholders.items()]
    nodes += [message((1, name), (2, "MatMul"), (3, "x")) for name in others]
    return message(*((1, node) for node in nodes), (4, message((1, 1))))


def _placeholder(name, dtype, shape):
    dims = message(*((2, message((1, size))) for size in shape))
    attributes = [("dtype", message((6, dtype))), ("shape", message((7, dims)))]
    entries = [(5, message((1, key), (2, value))) for key, value in attributes]
    return message((1, name), (2, "Placeholder"), *entries)
