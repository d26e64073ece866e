"""What several rules ask of a model: its backend, whether that completes the configuration, its tensors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from odahu_pack_core import ArtifactError, did_you_mean
from odahu_pack_triton.backends import FILES, PLATFORMS
from odahu_pack_triton.config import FieldPath
from odahu_pack_triton.lint.rule import Subject

ENSEMBLE: Final = "ensemble"
VARIABLE: Final = -1
"""A dimension that may have any size."""

_LONGEST_NAME: Final = 60
_MOST_NAMES: Final = 50
_COMPLETE_NOTHING: Final = frozenset({"caffe2", ENSEMBLE, "pytorch"})
_COMPLETING: Final = "auto_complete_config"


@dataclass(frozen=True)
class Tensor:
    """An input or an output as it is configured.

    Args:
        kind: ``input`` or ``output``.
        index: Its place among those of its kind.
        spec: What is configured, an ``inference.ModelInput`` or ``inference.ModelOutput``.
    """

    kind: str
    index: int
    spec: Any

    def at(self, *fields: str | int) -> FieldPath:
        """Return the way to one of its fields."""
        return (self.kind, self.index, *fields)

    def __str__(self) -> str:
        return f"{self.kind} {shown(self.spec.name)}" if self.spec.name else f"an {self.kind}"


def tensors(message: Any) -> Iterator[Tensor]:  # noqa: ANN401  # protobuf's messages have no types of their own
    """Yield all inputs and outputs in the order of the text."""
    for kind in ("input", "output"):
        for index, spec in enumerate(getattr(message, kind)):
            yield Tensor(kind, index, spec)


def shown(name: str) -> str:
    """Return a name for a message, quoted and not too long."""
    return repr(name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}…")


def near(name: str, known: Iterable[str]) -> str:
    """Suggest a known name; of very many, only the first ones are looked at."""
    return did_you_mean(name, [other[:_LONGEST_NAME] for other in islice(known, _MOST_NAMES)])


def type_name(spec: Any) -> str:  # noqa: ANN401  # as above
    """Return the name of a message's ``data_type``, such as ``TYPE_FP32``."""
    value = spec.DESCRIPTOR.fields_by_name["data_type"].enum_type.values_by_number.get(spec.data_type)
    return str(value.name) if value else str(spec.data_type)


def backend_of(subject: Subject) -> str:
    """Return the backend that will serve a model; empty where nothing tells."""
    message = subject.message
    if message.backend:
        return str(message.backend)
    if message.platform:
        served = PLATFORMS.get(message.platform)
        return served.name if served else str(message.platform)
    file = message.default_model_filename
    names = {file} if file else _files_of_versions(subject)
    return next((backend.name for name, backend in FILES.items() if name in names), "")


def may_complete(subject: Subject) -> bool:
    """Tell whether the backend may fill in what a configuration leaves out; yes where nobody knows."""
    backend = backend_of(subject)
    if backend == "python":
        return subject.release.completes_python and _python_completes(subject)
    if backend == "tensorflow":
        return not _is_graph_def(subject)
    return backend not in _COMPLETE_NOTHING


def _files_of_versions(subject: Subject) -> set[str]:
    folder = subject.folder
    return {name for version in folder.versions for name in folder.names(str(version))}


def _python_completes(subject: Subject) -> bool:
    """Tell whether some version's code speaks of completing; its absence alone is certain."""
    folder = subject.folder
    file = subject.message.default_model_filename or "model.py"
    paths = [path for version in folder.versions if folder.has(path := f"{version}/{file}")]
    try:
        return not paths or any(_COMPLETING in folder.read_text(path) for path in paths)
    except ArtifactError:
        return True


def _is_graph_def(subject: Subject) -> bool:
    message = subject.message
    return "graphdef" in f"{message.platform} {message.default_model_filename}" or (
        not message.platform and "model.graphdef" in _files_of_versions(subject)
    )
