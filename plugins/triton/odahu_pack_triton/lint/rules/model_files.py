"""TR60x: the model files themselves: whether they are whole, of their format, and not too new."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from odahu_pack_triton.lint.finding import Severity
from odahu_pack_triton.lint.rule import Fault, Subject, rule
from odahu_pack_triton.model_files import (
    ModelFile,
    OnnxModel,
    TorchFile,
    VllmModel,
    model_files,
)
from odahu_pack_triton.model_files.onnx_runtime import onnx_limits, release_that_loads

from .facts import shown
from .loaded import loaded_versions

_MOST_SHOWN = 5
_EXPORTED = ".pt2"
"""The ending of files that newer releases load by other means."""
_WEIGHTS_MADE_BY = {
    "torch.save": "it was made by torch.save, so that it holds weights and no code",
    "torch.export": "it was made by torch.export, which is not TorchScript",
    "AOTInductor": "it was compiled by AOTInductor, which is not TorchScript",
}


def files_of(subject: Subject) -> tuple[ModelFile, ...]:
    """Return the model files of a subject that are looked into."""
    if subject.message.runtime:
        return ()
    return tuple(model_files(subject.folder, subject.message, loaded_versions(subject)))


@rule("TR601", "empty-model-file", Severity.ERROR)
def empty_model_file(subject: Subject) -> Iterator[Fault]:
    """A model file holds nothing.

    No backend loads an empty file. It is mostly left behind by an upload or a training run that was broken
    off: export the model again.
    """
    for file in files_of(subject):
        if file.flaw == "empty":
            yield Fault(f"{file.shown} is empty", file=file.path, hint="export the model again")


@rule("TR602", "git-lfs-pointer", Severity.ERROR)
def git_lfs_pointer(subject: Subject) -> Iterator[Fault]:
    """A model file is a pointer of Git LFS in place of the model.

    A clone without Git LFS has three lines of text where the model should be ([the pointer's
    format](https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md)), which no backend loads. Run `git lfs
    install` and `git lfs pull`, then package again.
    """
    for file in files_of(subject):
        if file.flaw == "pointer":
            yield Fault(
                f"{file.shown} is a pointer of Git LFS, not the model",
                file=file.path,
                hint="run git lfs pull",
            )


@rule("TR603", "not-the-format", Severity.ERROR)
def not_the_format(subject: Subject) -> Iterator[Fault]:
    """A model file is not of the format that its name stands for, or is cut off.

    The backend fails to load it, for example with `Protobuf parsing failed`. Typical are a page that asks to
    log in, saved in place of the download, a file that was only renamed, and an upload that was broken off.
    Export the model again, or give it the name of its own format.
    """
    for file in files_of(subject):
        if file.flaw == "other":
            yield Fault(f"{file.shown}: {file.reason}", file=file.path, hint="export the model again")


@rule("TR604", "torch-without-code", Severity.ERROR)
def torch_without_code(subject: Subject) -> Iterator[Fault]:
    """A PyTorch file holds no TorchScript, only weights or an exported program.

    The PyTorch backend loads `model.pt` with `torch::jit::load`, which needs the model's code
    ([backend](https://github.com/triton-inference-server/pytorch_backend)); for a `state_dict` it fails with
    `PytorchStreamReader failed locating file constants.pkl`. Instead of `torch.save(model.state_dict(),
    "model.pt")` write

    ```python
    torch.jit.script(model.eval()).save("model.pt")  # or torch.jit.trace(model.eval(), example)
    ```
    """
    for file in files_of(subject):
        made_by = _WEIGHTS_MADE_BY.get(file.content.kind, "") if isinstance(file.content, TorchFile) else ""
        if made_by and not file.path.endswith(_EXPORTED):
            hint = 'save it with torch.jit.script(model.eval()).save("model.pt")'
            yield Fault(f"{file.shown}: {made_by}", file=file.path, hint=hint)


@rule("TR605", "onnx-too-new", Severity.ERROR)
def onnx_too_new(subject: Subject) -> Iterator[Fault]:
    """An ONNX model needs a newer ONNX Runtime than the release has.

    ONNX Runtime refuses a model whose operator set or whose version of the format is newer than itself:
    `Opset 22 is under development`, `Unsupported model IR version: 11, max supported IR version: 10`. Which
    release has which one is told in
    [compatibility.md](https://github.com/triton-inference-server/server/blob/main/docs/introduction/compatibility.md).
    Choose a newer release, or export for an older operator set:

    ```python
    torch.onnx.export(model, example, "model.onnx", opset_version=17)
    ```
    """
    limits = onnx_limits(subject.release.version)
    for file in files_of(subject):
        if limits is None or not isinstance(file.content, OnnxModel):
            continue
        model = file.content
        opset, ml_opset = model.opsets.get("", 0), model.opsets.get("ai.onnx.ml", 0)
        if limits.allows(opset, ml_opset, model.ir_version):
            continue
        needs = ", ".join(
            f"{what} {value} (at most {most})"
            for what, value, most in (
                ("operator set", opset, limits.opset),
                ("operator set ai.onnx.ml", ml_opset, limits.ml_opset),
                ("IR version", model.ir_version, limits.ir_version),
            )
            if value > most
        )
        newer = release_that_loads(opset, ml_opset, model.ir_version, subject.release.version)
        yield Fault(
            f"{file.shown} needs {needs}, more than the ONNX Runtime of Triton {subject.release.version} has",
            file=file.path,
            hint=f"choose triton_base_image_tag {newer}-py3, or export for an older one" if newer else "",
        )


@rule("TR606", "external-data-missing", Severity.ERROR)
def external_data_missing(subject: Subject) -> Iterator[Fault]:
    """A file with weights that an ONNX model names is not beside it.

    Weights of more than 2 GB lie in files of their own ([external
    data](https://github.com/onnx/onnx/blob/main/docs/ExternalData.md)), which ONNX Runtime looks for in the
    folder of `model.onnx` and nowhere else. Put them there, so that the version's folder holds

    ```text
    1/model.onnx
    1/weights.bin
    ```

    or both into a folder that is called `model.onnx`.
    """
    for file in files_of(subject):
        if not isinstance(file.content, OnnxModel):
            continue
        missing = [name for name in file.content.external_files if not _lies_beside(subject, file.path, name)]
        for name in missing[:_MOST_SHOWN]:
            message = f"{file.shown} has weights in {shown(name)}, which is not beside it"
            yield Fault(message, file=file.path, hint="put the file beside model.onnx")


def _lies_beside(subject: Subject, path: str, name: str) -> bool:
    folder = posixpath.dirname(path)
    beside = posixpath.normpath(posixpath.join(folder, name))
    return bool(name) and beside.startswith(f"{folder}/") and subject.folder.has(beside)


@rule("TR620", "vllm-without-model", Severity.WARNING)
def vllm_without_model(subject: Subject) -> Iterator[Fault]:
    """The file `model.json` of a vLLM model names no model.

    It holds the arguments of vLLM's engine
    ([backend](https://github.com/triton-inference-server/vllm_backend)), which loads a small model of its own
    choice where none is named. Write

    ```json
    {"model": "facebook/opt-125m", "gpu_memory_utilization": 0.5}
    ```
    """
    for file in files_of(subject):
        if isinstance(file.content, VllmModel) and not file.content.model:
            yield Fault(f"{file.shown} names no model", file=file.path, hint='write "model": "…"')
