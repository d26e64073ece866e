"""A flat artifact as a model's folder: one version, and beside it what Triton looks for there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from odahu_pack_core import ArtifactEntry, ModelArtifact
from odahu_pack_triton.config import CONFIG, ModelConfig

from .links import target_of

_LABELS: Final = "labels.txt"
_STUB: Final = "triton_python_backend_stub"
_WARMUP: Final = "warmup"
_INITIAL_STATE: Final = "initial_state"
_MODEL_DIRECTORY: Final = "$$TRITON_MODEL_DIRECTORY/"

Entries = Mapping[str, ArtifactEntry]


def flat_entries(
    artifact: ModelArtifact, members: Entries, config: ModelConfig | None, version: str
) -> Entries:
    """Return the entries of the model's folder.

    Args:
        artifact: The artifact.
        members: What becomes part of the folder, by path.
        config: The configuration among it; None where it cannot be read.
        version: The version's number.
    """
    labels = (_LABELS, *(config.label_files if config else ()))
    named = dict(_named(members, config)) if config else {}
    environment = frozenset(_environment(members, config)) if config else frozenset[str]()
    inside = (path for path in members if path != CONFIG and path not in {*named, *environment, _STUB})
    return {
        **{path: members[path] for path in (CONFIG, _STUB) if path in members},
        **{path: _followed(members[path], artifact, members) for path in labels if path in members},
        **{path: _followed(members[source], artifact, members) for path, source in named.items()},
        **{path: members[path] for path in sorted(environment)},
        version: ArtifactEntry(version, is_folder=True),
        **{f"{version}/{path}": members[path] for path in inside},
    }


def _named(members: Entries, config: ModelConfig) -> Iterator[tuple[str, str]]:
    """Yield the files that a configuration names: path in the model's folder and in the artifact."""
    for folder, file in _named_files(config):
        path = f"{folder}/{file}"
        source = path if path in members else file
        if source in members:
            yield path, source


def _environment(members: Entries, config: ModelConfig) -> Iterator[str]:
    """Yield the members of an environment that the model brings beside its versions."""
    if config.environment.startswith(_MODEL_DIRECTORY):
        path = config.environment.removeprefix(_MODEL_DIRECTORY).rstrip("/")
        yield from (member for member in members if f"{member}/".startswith(f"{path}/"))


def _named_files(config: ModelConfig) -> Iterator[tuple[str, str]]:
    """Yield the files of values that a configuration names, each with the folder that Triton looks in."""
    message = config.message
    for sample in message.model_warmup:
        yield from ((_WARMUP, tensor.input_data_file) for tensor in sample.inputs.values())
    for state in message.sequence_batching.state:
        yield from ((_INITIAL_STATE, initial.data_file) for initial in state.initial_state)


def _followed(entry: ArtifactEntry, artifact: ModelArtifact, members: Entries) -> ArtifactEntry:
    """Return what a link leads to, since the file changes its place."""
    return members.get(target_of(entry, artifact), entry) if entry.link else entry
