"""TR10x: the model's name, its backend and its platform."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from odahu_pack_core import did_you_mean
from odahu_pack_triton.backends import BACKENDS, ENSEMBLE_PLATFORM, FILES, PLATFORMS, Backend
from odahu_pack_triton.config import FieldPath
from odahu_pack_triton.lint.finding import Severity
from odahu_pack_triton.lint.rule import Fault, Subject, rule
from odahu_pack_triton.releases import releases_with

from .facts import shown
from .loaded import brings_library, files_of_loaded_versions

_PLAIN_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")
_MEANT: Final[Mapping[str, str]] = {
    "ensemble": 'platform: "ensemble"',
    "libtorch": 'backend: "pytorch"',
    "onnx": 'backend: "onnxruntime"',
    "py": 'backend: "python"',
    "tensorrt_llm": 'backend: "tensorrtllm"',
    "tf": 'backend: "tensorflow"',
    "torch": 'backend: "pytorch"',
    "torchscript": 'backend: "pytorch"',
    "trt": 'backend: "tensorrt"',
    "trtllm": 'backend: "tensorrtllm"',
}
"""What people write for a backend, and what Triton calls it."""


@rule("TR101", "name-differs-from-folder", Severity.ERROR)
def name_differs_from_folder(subject: Subject) -> Iterator[Fault]:
    """The configuration has another name than the model's folder.

    Triton refuses the model: `directory name must equal model name`
    ([model_repository_manager.cc](https://github.com/triton-inference-server/core/blob/main/src/model_repository_manager/model_repository_manager.cc)).
    In the folder `wine/`, instead of

    ```proto
    name: "wine-quality"
    ```

    write `name: "wine"`, or leave the name out, which is then the folder's.
    """
    name, folder = subject.message.name, subject.folder.name
    if name and name != folder:
        hint = "make them equal, or leave name out"
        yield Fault(f"name is {shown(name)}, but the model's folder is {shown(folder)}", ("name",), hint)


@rule("TR102", "name-needs-escaping", Severity.WARNING)
def name_needs_escaping(subject: Subject) -> Iterator[Fault]:
    """The model's name has characters that clients must escape in every address.

    The name is part of each URL, such as `/v2/models/NAME/infer`
    ([KServe protocol](https://github.com/kserve/kserve/blob/master/docs/predict-api/v2/required_api.md)).
    Keep to letters, digits, `.`, `_` and `-`, with a letter or digit first.
    """
    if not _PLAIN_NAME.fullmatch(subject.folder.name):
        hint = "rename the folder to letters, digits, '.', '_' and '-'"
        yield Fault(f"the name {shown(subject.folder.name)} must be escaped in URLs", ("name",), hint)


@rule("TR103", "no-backend", Severity.ERROR)
def no_backend(subject: Subject) -> Iterator[Fault]:
    """Neither `backend` nor `platform` is written, and no model file tells which is meant.

    Triton looks for a file with one of the fixed names, such as `model.onnx`, and refuses the model where it
    finds none: `Could not determine backend for model`
    ([model_config_utils.cc](https://github.com/triton-inference-server/core/blob/main/src/model_config_utils.cc)).
    Write it:

    ```proto
    backend: "onnxruntime"
    default_model_filename: "resnet.onnx"
    ```
    """
    message = subject.message
    if message.backend or message.platform or message.HasField("ensemble_scheduling"):
        return
    file = message.default_model_filename
    names = {file} if file else files_of_loaded_versions(subject)
    if not names & FILES.keys() and ("." not in subject.folder.name or file):
        hint = f"write backend, one of {', '.join(sorted(subject.release.backends))}"
        yield Fault("neither backend nor platform is written, and no model file tells it", (), hint)


@rule("TR104", "unknown-backend", Severity.ERROR)
def unknown_backend(subject: Subject) -> Iterator[Fault]:
    """Triton has no backend of this name.

    Triton refuses the model, `unable to find backend library`, unless the library `libtriton_NAME.so` lies in
    the model's folder or its version's
    ([backend shared library](https://github.com/triton-inference-server/backend#backend-shared-library)).
    Names are in lower case. Instead of

    ```proto
    backend: "onnx"
    ```

    write `backend: "onnxruntime"`. What `platform` is for does not stand here: it is
    `platform: "tensorflow_savedmodel"`, not `backend: "tensorflow_savedmodel"`.
    """
    name, is_ensemble = subject.message.backend, subject.message.HasField("ensemble_scheduling")
    if name and name not in BACKENDS and not is_ensemble and not brings_library(subject, name):
        meant = _meant(name)
        suggested = "" if meant else f"; {did_you_mean(name, BACKENDS)}"
        hint = meant or f"libtriton_{name[:60]}.so would have to lie in the model's folder"
        yield Fault(f"Triton has no backend {shown(name)}{suggested}", ("backend",), hint)


@rule("TR105", "unknown-platform", Severity.ERROR)
def unknown_platform(subject: Subject) -> Iterator[Fault]:
    """`platform` has a value that stands for no backend.

    Without `backend`, Triton refuses the model: `unexpected platform type`
    ([model configuration](https://github.com/triton-inference-server/server/blob/main/docs/user_guide/model_configuration.md#name-platform-and-backend)).
    Newer backends have no platform. Instead of

    ```proto
    platform: "python"
    ```

    write `backend: "python"`.
    """
    message = subject.message
    known = [*PLATFORMS, ENSEMBLE_PLATFORM]
    if message.platform and not message.backend and message.platform not in known:
        hint = _meant(message.platform)
        suggested = "" if hint else f"; {did_you_mean(message.platform, known)}"
        yield Fault(f"no platform is called {shown(message.platform)}{suggested}", ("platform",), hint)


@rule("TR106", "backend-against-platform", Severity.ERROR)
def backend_against_platform(subject: Subject) -> Iterator[Fault]:
    """`backend` and `platform` name different things.

    Triton refuses the model: `unexpected 'platform' and 'backend' pair`
    ([model_config_utils.cc](https://github.com/triton-inference-server/core/blob/main/src/model_config_utils.cc)).
    An ensemble has a platform and no backend. Write one of the two, or what belongs together:

    ```proto
    backend: "onnxruntime"
    platform: "onnxruntime_onnx"
    ```
    """
    backend, platform = subject.message.backend, subject.message.platform
    if not (backend and platform) or subject.message.HasField("ensemble_scheduling"):
        return
    if platform == ENSEMBLE_PLATFORM:
        yield Fault(f"an ensemble has no backend, but it is {shown(backend)}", ("backend",), "leave it out")
        return
    known = BACKENDS.get(backend)
    if known and known.platforms and platform not in known.platforms:
        hint = f"leave platform out, or write {' or '.join(known.platforms)}"
        yield Fault(f"platform {shown(platform)} does not belong to backend {backend}", ("platform",), hint)


@rule("TR107", "platform-ignored", Severity.WARNING)
def platform_ignored(subject: Subject) -> Iterator[Fault]:
    """`platform` is written beside a backend that has none.

    Recent releases ignore it and load the model; older ones refuse it
    ([model configuration](https://github.com/triton-inference-server/server/blob/main/docs/user_guide/model_configuration.md#name-platform-and-backend)).
    Leave it out:

    ```proto
    backend: "python"
    ```
    """
    backend, platform = subject.message.backend, subject.message.platform
    known = BACKENDS.get(backend)
    if platform and platform != ENSEMBLE_PLATFORM and known and not known.platforms:
        reason = f"backend {backend} has no platform, but {shown(platform)} is written"
        yield Fault(reason, ("platform",), "leave platform out")


@rule("TR108", "backend-not-in-release", Severity.ERROR)
def backend_not_in_release(subject: Subject) -> Iterator[Fault]:
    """The Triton release has this backend no more, or not yet.

    Triton refuses the model: `unable to find 'libtriton_NAME.so'`. Caffe2 was there until 20.10, TensorFlow
    until 25.02 ([server pull request 8068](https://github.com/triton-inference-server/server/pull/8068)), and
    24.02 was shipped without ONNX Runtime. Choose a release that has it, or convert the model: TensorFlow's,
    for instance, to ONNX.
    """
    for backend, at in _backends(subject):
        version = subject.release.version
        if backend.image or backend.is_in(version) or brings_library(subject, backend.name):
            continue
        reason = f"Triton {version} has no {backend.title} backend"
        yield Fault(reason, at, _other_release(backend, version))


@rule("TR109", "backend-in-another-image", Severity.ERROR)
def backend_in_another_image(subject: Subject) -> Iterator[Fault]:
    """The backend is not in Triton's full image, but in one of its own.

    vLLM and TensorRT-LLM are in images whose tags say so, such as `24.10-vllm-python-py3` and
    `24.10-trtllm-python-py3`, since 23.10
    ([release notes](https://docs.nvidia.com/deeplearning/triton-inference-server/release-notes/rel-23-10.html)).
    In the image with the tag `24.10-py3` Triton refuses the model: `unable to find backend library`.
    """
    for backend, at in _backends(subject):
        in_image = backend.image in {"", subject.release.image}
        if not in_image and not brings_library(subject, backend.name):
            version = max(backend.first, subject.release.version)
            hint = f"it is in nvcr.io/nvidia/tritonserver:{version}-{backend.image}-py3"
            message = f"Triton's image {subject.release.tag} has no {backend.title} backend"
            yield Fault(message, at, hint)


def _backends(subject: Subject) -> Iterator[tuple[Backend, FieldPath]]:
    """Yield the known backends that are asked for, by name or by the files that are there, with the place."""
    message: Any = subject.message
    if message.backend in BACKENDS:
        yield BACKENDS[message.backend], ("backend",)
    elif message.platform in PLATFORMS and not message.backend:
        yield PLATFORMS[message.platform], ("platform",)
    elif not (message.backend or message.platform):
        names = {message.default_model_filename} & FILES.keys() or files_of_loaded_versions(subject)
        meant = {FILES[name].name for name in names & FILES.keys()}
        if len(meant) == 1:
            yield BACKENDS[meant.pop()], ()


def _meant(name: str) -> str:
    """Say how a name is to be written that is not Triton's own, or stands in the wrong field."""
    meant = _MEANT.get(name.casefold(), "")
    if not meant and name in PLATFORMS:
        meant = f'platform: "{name}"'
    if not meant and name in BACKENDS:
        meant = f'backend: "{name}"'
    return f"write {meant}" if meant else ""


def _other_release(backend: Backend, version: str) -> str:
    """Name the nearest release that has a backend: the last one before, else the first one after."""
    having = releases_with(backend.name)
    older = [other for other in having if other < version]
    newer = [other for other in having if other > version]
    if older and not newer:
        return f"the last release that has it: {older[-1]}"
    return f"the next release that has it: {newer[0]}" if newer else ""
