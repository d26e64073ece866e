"""Any configuration and any folder of a model, for properties that hold of all of them."""

from pathlib import Path

from google.protobuf.descriptor import FieldDescriptor
from hypothesis import strategies as st
from tritonclient.grpc import model_config_pb2

from odahu_pack_core import ArtifactEntry, ModelArtifact
from odahu_pack_triton.config import CONFIG
from odahu_pack_triton.lint import Subject
from odahu_pack_triton.names import TRITON
from odahu_pack_triton.releases import RELEASES
from odahu_pack_triton.repository import MadeFile, ModelFolder, ModelRepository

DEEPEST = 6
NAMES = ("X", "Y", "INPUT__0", "OUTPUT__1", "wine", "beer", "label.txt", "1", "../up", "")
WORDS = (
    *(
        "python",
        "onnxruntime",
        "onnxruntime_onnx",
        "pytorch",
        "tensorflow_savedmodel",
        "tensorrt",
        "ensemble",
    ),
    *(
        "EXECUTION_ENV_PATH",
        "$$TRITON_MODEL_DIRECTORY/env.tar.gz",
        "/opt/model",
        "FORCE_CPU_ONLY_INPUT_TENSORS",
    ),
    *("model.py", "model.onnx", "yes", "FP16", "tensorrt", "0", "-1", "\x00", "\u202e", "é", "a" * 300),
)
PATHS = (
    *("1/model.py", "1/model.onnx", "1/model.pt", "1/model.savedmodel/saved_model.pb", "1/model.plan"),
    *(
        "2/model.py",
        "01/model.py",
        "0/model.py",
        "v1/model.py",
        "1/model.onnx/model.onnx",
        "1/libtriton_x.so",
    ),
    *("label.txt", "env.tar.gz", "warmup/raw", "initial_state/zero", "conda.yaml", "model.py", "1/model.pt2"),
    *(
        "triton_python_backend_stub",
        "env/bin/python3.8",
        "1/x.cpython-38-x86_64-linux-gnu.so",
        "1/model.json",
    ),
    *("1/model.graphdef", "1/model.xml", "1/model.dali", "1/a b/\x1b.py", "9" * 18 + "/model.py"),
)
CONTENTS = (
    b"",
    b"version https://git-lfs.github.com/spec/v1\n",
    b"<html>",
    b"class TritonPythonModel:\n    def execute(self, requests):\n        return []\n",
    b"class TritonPythonModel:\n    def auto_complete_config(c):\n        c.add_input({'name': 'X'})\n",
    b"def (",
    b"\x08\x08\x3a\x02\x0a\x00",
    b"PK\x03\x04" + bytes(60),
    b"\x1f\x8b\x08" + bytes(20),
    b"\xff" * 200,
)
_INTEGERS = (0, 1, -1, -2, 2, 3, 4, 8, 2**31 - 1, -(2**31))
_NUMBERS = {
    FieldDescriptor.TYPE_INT32: st.sampled_from(_INTEGERS) | st.integers(-(2**31), 2**31 - 1),
    FieldDescriptor.TYPE_INT64: st.sampled_from(_INTEGERS) | st.integers(-(2**63), 2**63 - 1),
    FieldDescriptor.TYPE_UINT32: st.sampled_from((0, 1, 2, 8)) | st.integers(0, 2**32 - 1),
    FieldDescriptor.TYPE_UINT64: st.sampled_from((0, 1, 100)) | st.integers(0, 2**64 - 1),
    FieldDescriptor.TYPE_BOOL: st.booleans(),
    FieldDescriptor.TYPE_FLOAT: st.sampled_from((0.0, 0.5, 1.0, -1.0, float("inf"), float("nan"))),
    FieldDescriptor.TYPE_DOUBLE: st.sampled_from((0.0, 0.5, 1.0, 2.0, float("-inf"), float("nan"))),
}
_TEXTS = st.sampled_from((*NAMES, *WORDS)) | st.text(st.characters(exclude_categories=["Cs"]), max_size=6)


@st.composite
def messages(draw):
    """A configuration as protobuf has it: some fields of the schema, with values of their types."""
    message = model_config_pb2.ModelConfig()
    _fill(draw, message, DEEPEST)
    return message


def _fill(draw, message, depth):
    fields = list(message.DESCRIPTOR.fields)
    chosen = (
        draw(st.lists(st.sampled_from(fields), max_size=6, unique_by=lambda field: field.name))
        if fields
        else ()
    )
    for field in chosen:
        if field.message_type is not None and not depth:
            continue
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            _fill_map(draw, getattr(message, field.name), field.message_type, depth)
        elif field.is_repeated:
            for _ in range(draw(st.integers(0, 3))):
                _append(draw, getattr(message, field.name), field, depth)
        elif field.message_type is not None:
            getattr(message, field.name).SetInParent()
            _fill(draw, getattr(message, field.name), depth - 1)
        else:
            setattr(message, field.name, draw(_scalars(field)))


def _fill_map(draw, container, entry, depth):
    key, value = entry.fields_by_name["key"], entry.fields_by_name["value"]
    for _ in range(draw(st.integers(0, 2))):
        if value.message_type is not None:
            _fill(draw, container[draw(_scalars(key))], depth - 1)
        else:
            container[draw(_scalars(key))] = draw(_scalars(value))


def _append(draw, container, field, depth):
    if field.message_type is not None:
        _fill(draw, container.add(), depth - 1)
    else:
        container.append(draw(_scalars(field)))


def _scalars(field):
    if field.enum_type is not None:
        return st.sampled_from([value.number for value in field.enum_type.values])
    return _TEXTS if field.type == field.TYPE_STRING else _NUMBERS[field.type]


def folders(name):
    """A model's folder with some of the files that models have, and what some of them hold."""
    files = st.dictionaries(st.sampled_from(PATHS), st.sampled_from(CONTENTS), max_size=5)
    return files.map(lambda chosen: folder_of(name, chosen))


def folder_of(name, files):
    """Return a model's folder of files that lie nowhere but in memory."""
    made = {CONFIG: b"", **files}
    entries = tuple(
        ArtifactEntry(f"{name}/{path}", len(content), packed=MadeFile(content))
        for path, content in sorted(made.items())
    )
    artifact = ModelArtifact(TRITON, Path("/nowhere"), entries, name, "1")
    return ModelFolder(name, artifact, {entry.path.partition("/")[2]: entry for entry in entries})


def subject_of(config, *folders, release):
    """Return the first of some folders as a subject of the linter."""
    repository = ModelRepository({folder.name: folder for folder in folders})
    return Subject(folders[0], config, repository, RELEASES[release])
