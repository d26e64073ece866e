"""TR126 and on: other files that the configuration names."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

from odahu_pack_triton.lint.finding import Severity
from odahu_pack_triton.lint.rule import Fault, Subject, rule

from .facts import shown
from .loaded import is_there, loaded_versions

_FILENAME: Final = "default_model_filename"
_CAPABILITY: Final = re.compile(r"[0-9]+\.[0-9]", re.ASCII)
_MOST_FAULTS: Final = 20


@rule("TR126", "python-file-outside", Severity.ERROR)
def python_file_outside(subject: Subject) -> Iterator[Fault]:
    """`default_model_filename` of a Python model leads out of its version.

    The Python backend imports the file as a module below the model's folder, and fails on `..`:
    `No module named '.'`
    ([stub](https://github.com/triton-inference-server/python_backend/blob/main/src/pb_stub.cc)). Instead of

    ```proto
    default_model_filename: "../shared.py"
    ```

    put the file into each version.
    """
    file = subject.message.default_model_filename
    if subject.message.backend == "python" and _leads_out(file):
        yield Fault(
            f"{shown(file)} leads out of the version's folder", (_FILENAME,), "put it into the version"
        )


@rule("TR127", "file-outside", Severity.WARNING)
def file_outside(subject: Subject) -> Iterator[Fault]:
    """`default_model_filename` leads out of the version's folder.

    A version is meant to be whole: its folder is what Triton watches for changes, and what is copied where a
    repository lies in a cloud storage
    ([model versions](https://github.com/triton-inference-server/server/blob/main/docs/user_guide/model_repository.md#model-versions)).
    Put the file into each version.
    """
    file = subject.message.default_model_filename
    if subject.message.backend != "python" and _leads_out(file):
        yield Fault(
            f"{shown(file)} leads out of the version's folder", (_FILENAME,), "put it into the version"
        )


@rule("TR128", "capability-file", Severity.WARNING)
def capability_file(subject: Subject) -> Iterator[Fault]:
    """`cc_model_filenames` has a key or a file that no GPU will find.

    The key is a CUDA compute capability such as `8.6`, the value a file in each version; on a GPU of another
    capability the file with the fixed name is loaded
    ([model_config.proto](https://github.com/triton-inference-server/common/blob/main/protobuf/model_config.proto)).

    ```proto
    cc_model_filenames { key: "8.6" value: "model_sm86.plan" }
    ```
    """
    for capability, file in sorted(subject.message.cc_model_filenames.items()):
        at = ("cc_model_filenames", capability)
        if not _CAPABILITY.fullmatch(capability):
            yield Fault(f"{shown(capability)} is no compute capability such as '8.6'", at)
        for version in loaded_versions(subject):
            if not is_there(subject, f"{version}/{file}"):
                yield Fault(f"version {version} has no {shown(file)}", (*at, "value"))


@rule("TR130", "labels-missing", Severity.ERROR)
def labels_missing(subject: Subject) -> Iterator[Fault]:
    """A file with labels is not in the model's folder.

    Triton looks for it beside `config.pbtxt`, not in the version, and the model fails to load:
    `failed to open text file for read`
    ([model repository](https://github.com/triton-inference-server/server/blob/main/docs/user_guide/model_repository.md#repository-layout)).

    ```
    wine/config.pbtxt
    wine/labels.txt
    wine/1/model.onnx
    ```
    """
    outputs = enumerate(subject.message.output)
    lacking = ((i, output.label_filename) for i, output in outputs if not _has_labels(subject, output))
    for index, file in islice(lacking, _MOST_FAULTS):
        found = next((v for v in subject.folder.versions if is_there(subject, f"{v}/{file}")), None)
        hint = f"move it from {found}/ to beside config.pbtxt" if found else ""
        at = ("output", index, "label_filename")
        yield Fault(f"the model's folder has no file {shown(file)}", at, hint)


def _has_labels(subject: Subject, output: Any) -> bool:  # noqa: ANN401  # protobuf's messages have no types
    """Tell whether an output's labels are there; yes where they would lie where nobody can look."""
    file = output.label_filename
    if not file or _leads_out(file):
        return True
    path = posixpath.normpath(file)
    return subject.folder.has(path) and not subject.folder.is_folder(path)


def _leads_out(file: str) -> bool:
    return file.startswith("/") or posixpath.normpath(file).startswith("..")
