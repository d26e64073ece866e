"""Configurations that differ from good ones in one place, and requests that go with them."""

import random

from google.protobuf import text_format
from tritonclient.grpc import model_config_pb2

from odahu_pack_triton.config import CONFIG, read_config

_NUMBERS = (-2, -1, 0, 1, 2, 3, 4, 5, 8, 16, 12)
_TYPES = {
    "TYPE_STRING": ("BYTES", "a"),
    "TYPE_BOOL": ("BOOL", True),
    **{f"TYPE_{name}": (name, 1) for name in ("UINT8", "UINT16", "UINT32", "UINT64")},
    **{f"TYPE_{name}": (name, 1) for name in ("INT8", "INT16", "INT32", "INT64", "FP32", "FP64")},
}
_VARYING = 3


def mutate(root, chance):
    """Change one place of one configuration of a repository and return what was done, in words.

    Args:
        root: The folder with the models' folders.
        chance: What decides.
    """
    file = chance.choice(sorted(root.glob(f"*/{CONFIG}")))
    message = model_config_pb2.ModelConfig()
    message.CopyFrom(read_config(file.read_text()).message)  # which is shared by all who read the text
    told = ""
    while not told:
        told = _changed(chance.choice(list(_messages(message))), chance)
    file.write_text(text_format.MessageToString(message))
    return f"{file.parent.name}: {told}"


def request_for(message):
    """Return a request as JSON that a model should answer; None where JSON has no such values."""
    inputs = []
    batch = [1] if message.max_batch_size > 0 else []
    for each in message.input:
        kind = model_config_pb2.DataType.Name(each.data_type)
        if kind not in _TYPES:
            return None
        datatype, value = _TYPES[kind]
        shape = batch + [size if size > 0 else _VARYING for size in each.dims]
        count = 1
        for size in shape:
            count *= size
        inputs.append({"name": each.name, "datatype": datatype, "shape": shape, "data": [value] * count})
    return {"inputs": inputs} | parameters_for(message)


def parameters_for(message):
    """Return what a request says beside its inputs: of a sequence, that it is the only one."""
    if not message.HasField("sequence_batching"):
        return {}
    return {"parameters": {"sequence_id": 7, "sequence_start": True, "sequence_end": True}}


def _messages(message, path=""):
    """Yield a message and all below it, each with its place in words."""
    yield path, message
    for field, value in message.ListFields():
        if field.message_type is None:
            continue
        place = f"{path}.{field.name}".lstrip(".")
        if field.message_type.GetOptions().map_entry:
            if field.message_type.fields_by_name["value"].message_type:
                for key in sorted(value):
                    yield from _messages(value[key], f"{place}[{key}]")
        elif field.is_repeated:
            for index, each in enumerate(value):
                yield from _messages(each, f"{place}[{index}]")
        else:
            yield from _messages(value, place)


def _changed(placed, chance):
    """Change one field of a message; return what was done, empty where nothing was."""
    path, message = placed
    if not message.DESCRIPTOR.fields:
        return ""
    field = chance.choice(message.DESCRIPTOR.fields)
    place = f"{path}.{field.name}".lstrip(".")
    if field.message_type and field.message_type.GetOptions().map_entry:
        change = _map_changed
    elif field.is_repeated:
        change = _list_changed
    else:
        change = _message_changed if field.message_type else _value_changed
    return change(message, field, place, chance)


def _value_changed(message, field, place, chance):
    before = getattr(message, field.name)
    if before and chance.random() < 1 / 3:
        message.ClearField(field.name)
        return f"{place} {before!r} left out"
    after = _other(field, before, chance)
    if after == before:
        return ""
    setattr(message, field.name, after)
    return f"{place} {before!r} -> {after!r}"


def _map_changed(message, field, place, chance):
    entries = getattr(message, field.name)
    if not entries:
        return ""
    key = chance.choice(sorted(entries))
    del entries[key]
    return f"{place}[{key!r}] left out"


def _list_changed(message, field, place, chance):
    values = getattr(message, field.name)
    if not values:
        if field.message_type:
            return ""
        values.append(_other(field, None, chance))
        return f"{place} gets {values[0]!r}"
    index = chance.randrange(len(values))
    way = chance.choice(("drop", "double", "alter"))
    if way == "drop":
        del values[index]
        return f"{place}[{index}] left out"
    if way == "double":
        values.append(values[index])
        return f"{place}[{index}] twice"
    if field.message_type:
        return ""
    before = values[index]
    values[index] = _other(field, before, chance)
    return f"{place}[{index}] {before!r} -> {values[index]!r}" if values[index] != before else ""


def _message_changed(message, field, place, chance):  # noqa: ARG001  # one of several ways
    if message.HasField(field.name):
        message.ClearField(field.name)
        return f"{place} left out"
    getattr(message, field.name).SetInParent()
    return f"{place} {{ }}"


def _other(field, before, chance):
    """Return another value of a scalar field."""
    if field.enum_type:
        return chance.choice(field.enum_type.values).number
    kind = field.cpp_type
    if kind == field.CPPTYPE_BOOL:
        return not before
    if kind == field.CPPTYPE_STRING:
        return chance.choice([str(before or "").swapcase(), "other", "", f"{before or ''}1"])
    if kind in {field.CPPTYPE_FLOAT, field.CPPTYPE_DOUBLE}:
        return chance.choice((-1.0, 0.0, 0.5, 1.0, 2.0))
    unsigned = kind in {field.CPPTYPE_UINT32, field.CPPTYPE_UINT64}
    return chance.choice([number for number in _NUMBERS if not unsigned or number >= 0])


def chances(seed, count):
    """Return as many independent chances as asked for, the same for the same seed."""
    return [random.Random(f"{seed}/{number}") for number in range(count)]
