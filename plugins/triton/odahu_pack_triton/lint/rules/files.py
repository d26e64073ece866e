"""TR12x: the files of a model: there, where Triton looks, and such as the backend loads."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import Final

from odahu_pack_core import did_you_mean
from odahu_pack_triton.backends import FILES, Backend
from odahu_pack_triton.formats import FORMATS
from odahu_pack_triton.lint.finding import Severity
from odahu_pack_triton.lint.rule import Fault, Subject, rule

from .facts import shown
from .loaded import brings_library, expected_files, is_there, known_backend, loaded_versions

_FILENAME: Final = "default_model_filename"
_COMPANIONS: Final = {format_.file: format_.companion for format_ in FORMATS if format_.companion}
_SHAPES: Final = {format_.file: format_.shape for format_ in FORMATS}
_MOST_NAMES: Final = 200


@rule("TR121", "model-file-missing", Severity.ERROR)
def model_file_missing(subject: Subject) -> Iterator[Fault]:
    """A version that Triton will load lacks the model file.

    The model fails to load; a Python model keeps Triton waiting for ever. Each backend looks for a file with
    a fixed name
    ([model files](https://github.com/triton-inference-server/server/blob/main/docs/user_guide/model_repository.md#model-files)).
    Call it so, or name it:

    ```proto
    default_model_filename: "resnet50.onnx"
    ```
    """
    message = subject.message
    field = _FILENAME if message.default_model_filename else "backend" if message.backend else "platform"
    for version, expected in _lacking(subject):
        there = list(subject.folder.names(str(version)))[:_MOST_NAMES]
        if not _others(subject, version):
            reason = f"version {version} has no {' or '.join(map(shown, expected))}"
            yield Fault(reason, (field,), _near_file(subject, expected, there))


@rule("TR122", "model-file-of-another-backend", Severity.ERROR)
def model_file_of_another_backend(subject: Subject) -> Iterator[Fault]:
    """The model file in a version is that of another backend than the configuration names.

    Triton does not find the file that the backend loads, and the model fails to load
    ([model files](https://github.com/triton-inference-server/server/blob/main/docs/user_guide/model_repository.md#model-files)).
    Beside `1/model.onnx`, instead of

    ```proto
    backend: "pytorch"
    ```

    write `backend: "onnxruntime"`.
    """
    field = "backend" if subject.message.backend else "platform"
    for version, expected in _lacking(subject):
        for name, backend in _others(subject, version)[:1]:
            written = shown(getattr(subject.message, field))
            hint = _line(name, backend)
            reason = f"{field} {written} loads {' or '.join(expected)}, but version {version} has {name}"
            yield Fault(reason, (field,), hint)


@rule("TR123", "model-file-shape", Severity.ERROR)
def model_file_shape(subject: Subject) -> Iterator[Fault]:
    """A model is a folder where Triton expects a file, or a file where it expects a folder.

    A SavedModel is a folder, an ONNX model may be one, every other model is a file
    ([model files](https://github.com/triton-inference-server/server/blob/main/docs/user_guide/model_repository.md#model-files)).
    The model fails to load.
    """
    backend = known_backend(subject)
    if backend is None or subject.message.default_model_filename:
        return
    for version in loaded_versions(subject):
        for name in expected_files(subject, backend):
            path, shape = f"{version}/{name}", _SHAPES.get(name, "either")
            if shape != "either" and is_there(subject, path):
                is_folder = subject.folder.is_folder(path)
                if is_folder != (shape == "folder"):
                    yield Fault(f"{name} must be a {shape}", (), file=path)


@rule("TR124", "companion-missing", Severity.ERROR)
def companion_missing(subject: Subject) -> Iterator[Fault]:
    """A file that belongs to the model file is missing.

    A Caffe2 model is two files, `model.netdef` and `init_model.netdef`, the second with the weights
    ([Caffe2 models](https://github.com/triton-inference-server/server/blob/r20.10/docs/model_repository.md)).
    """
    for version in loaded_versions(subject):
        for name, companion in _COMPANIONS.items():
            path = f"{version}/{name}"
            if is_there(subject, path) and not is_there(subject, f"{version}/{companion}"):
                yield Fault(f"{name} needs {companion} beside it", (), file=path)


@rule("TR125", "openvino-weights-missing", Severity.WARNING)
def openvino_weights_missing(subject: Subject) -> Iterator[Fault]:
    """An OpenVINO model has no file with its weights.

    OpenVINO reads the structure from `model.xml` and the weights from `model.bin` beside it
    ([OpenVINO models](https://github.com/triton-inference-server/server/blob/main/docs/user_guide/model_repository.md#openvino-models)).
    Only a model without weights loads without the second.
    """
    backend = known_backend(subject)
    if backend is None or backend.name != "openvino":
        return
    for version in loaded_versions(subject):
        for name in expected_files(subject, backend):
            path = f"{version}/{name}"
            weights = path.removesuffix(".xml") + ".bin"
            if path.endswith(".xml") and is_there(subject, path) and not is_there(subject, weights):
                yield Fault(f"{name} has no {posixpath.basename(weights)} beside it", (), file=path)


@rule("TR129", "runtime-missing", Severity.ERROR)
def runtime_missing(subject: Subject) -> Iterator[Fault]:
    """`runtime` names a library that is neither Triton's own nor in the model's folder.

    Triton refuses the model: `unable to find backend library`
    ([backend_model.cc](https://github.com/triton-inference-server/core/blob/main/src/backend_model.cc)).
    For a backend that is in the image, leave it out; PyTorch takes `model.py`, too:

    ```proto
    backend: "pytorch"
    runtime: "model.py"
    ```
    """
    message, backend = subject.message, known_backend(subject)
    if not message.runtime or backend is None or backend.image:
        return
    own = {f"libtriton_{backend.name}.so", *(["model.py"] if backend.name == "pytorch" else [])}
    folders = ("", *(f"{version}/" for version in loaded_versions(subject)))
    paths = [f"{folder}{message.runtime}" for folder in folders]
    found = any(is_there(subject, path) and not subject.folder.is_folder(path) for path in paths)
    if message.runtime not in own and not found:
        reason = f"the {backend.title} backend has no runtime {shown(message.runtime)}"
        yield Fault(reason, ("runtime",), f"leave it out, or write {min(own)}")


def _lacking(subject: Subject) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Yield the versions to be loaded that lack the model file, with the names that it may have."""
    message, backend = subject.message, known_backend(subject)
    if backend is None or message.runtime or message.cc_model_filenames:
        return
    if not backend.files or brings_library(subject, backend.name):
        return
    expected = expected_files(subject, backend)
    for version in loaded_versions(subject):
        is_taken = not subject.folder.is_folder(str(version))  # told by another rule
        if not is_taken and not any(is_there(subject, f"{version}/{name}") for name in expected):
            yield version, expected


def _others(subject: Subject, version: int) -> list[tuple[str, Backend]]:
    """Return the model files of other backends in a version."""
    if subject.message.default_model_filename:
        return []
    return [(name, FILES[name]) for name in subject.folder.names(str(version)) if name in FILES]


def _line(name: str, backend: Backend) -> str:
    """Return the line that goes with a file."""
    platform = next((platform for platform, file in backend.file_of.items() if file == name), "")
    return f'write platform: "{platform}"' if platform else f'write backend: "{backend.name}"'


def _near_file(subject: Subject, expected: tuple[str, ...], there: list[str]) -> str:
    """Say which file may have been meant."""
    stray = next((name for name in expected if is_there(subject, name)), "")
    if stray:
        return f"move {shown(stray)} into the version"
    suffix = posixpath.splitext(expected[0])[1]
    alike = [name for name in there if posixpath.splitext(name)[1] == suffix]
    if len(alike) == 1:
        return (
            f"rename {shown(alike[0])} to {expected[0]}, or write default_model_filename: {shown(alike[0])}"
        )
    near = did_you_mean(expected[0], there)
    return near if near.startswith("did you mean") else ""
