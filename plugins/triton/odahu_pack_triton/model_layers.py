"""The files of models in layers: what is changed alone is sent alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from odahu_pack_core import ArtifactEntry, ArtifactFile, FilesLayer, PlannedFile

from .names import MODELS
from .slugs import slugs_of
from .triton_model import TritonModel, planned

MODEL_LAYER: Final = "model"
_WEIGHTS: Final = "weights"
_ROOT: Final = "repository"
_LARGE: Final = 8 * 1024 * 1024
_MOST_MODELS: Final = 16
_MOST_WEIGHTS: Final = 16
"""Containers start from 127 layers at most; Triton's own image has forty, an environment up to 21."""


@dataclass(frozen=True)
class _Weights:
    """The large files of one version of a model."""

    layer: str
    files: tuple[ArtifactFile, ...]

    @property
    def size(self) -> int:
        return sum(file.size for file in self.files)


def model_layers(
    models: Mapping[str, TritonModel], others: Mapping[str, ArtifactEntry]
) -> tuple[FilesLayer, ...]:
    """Divide the files of all models: large ones by version, all others by model.

    Where there are many, the largest have layers of their own.

    Args:
        models: The models by their names.
        others: Files at the repository's root, by their paths there.
    """
    suffixes = {name: f"-{slug}" for name, slug in slugs_of(models).items()} if len(models) > 1 else {}
    files = {name: tuple(model.files()) for name, model in models.items()}
    weights = [found for name in models for found in _weights(files[name], suffixes.get(name, ""))]
    apart = sorted(weights, key=lambda found: (-found.size, found.layer))[:_MOST_WEIGHTS]
    placed = {file.path for found in apart for file in found.files}
    layers = [FilesLayer.of(found.layer, found.files) for found in weights if found in apart]
    rest = {name: [file for file in files[name] if file.path not in placed] for name in models}
    if len(models) > _MOST_MODELS:
        layers.append(FilesLayer.of(MODEL_LAYER, (file for own in rest.values() for file in own)))
    else:
        layers += [FilesLayer.of(f"{MODEL_LAYER}{suffixes.get(name, '')}", own) for name, own in rest.items()]
    if others:
        root = (planned(entry, f"{MODELS}/{path}") for path, entry in others.items())
        layers.append(FilesLayer.of(_ROOT, root))
    return tuple(layers)


def _weights(files: Sequence[PlannedFile], suffix: str) -> Iterator[_Weights]:
    """Yield the large files of each version of a model, and those that lie beside the versions."""
    by_folder: dict[str, list[ArtifactFile]] = {}
    for file in files:
        if isinstance(file, ArtifactFile) and file.size >= _LARGE:
            below = file.path.removeprefix(f"{MODELS}/").split("/")
            by_folder.setdefault(below[1] if below[1].isdecimal() else "", []).append(file)
    for folder, large in sorted(by_folder.items()):
        # Slugs hold hyphens only, so that no two names are alike.
        version = f"_{folder}" if folder else ""
        yield _Weights(f"{_WEIGHTS}{suffix}{version}", tuple(large))
