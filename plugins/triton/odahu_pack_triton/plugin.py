"""What this distribution offers to odahu-pack."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from odahu_pack_core import (
    DOCKER_TARGETS,
    ArtifactEntry,
    ArtifactReaderRecord,
    ModelArtifact,
    Packager,
    PackagerRecord,
    hookimpl,
)

from .arguments import TritonArguments
from .names import DOCKER_TRITON, GPPI, TRITON


@hookimpl
def odahu_pack_packagers() -> Iterable[PackagerRecord]:
    """Offer docker-triton."""
    yield PackagerRecord(
        name=DOCKER_TRITON,
        summary="Puts a model into NVIDIA Triton Inference Server.",
        arguments=TritonArguments,
        create=_packager,
        targets=DOCKER_TARGETS,
        artifact_kinds=(TRITON, GPPI),
    )


@hookimpl
def odahu_pack_artifact_readers() -> Iterable[ArtifactReaderRecord]:
    """Offer the reader of Triton artifacts."""
    yield ArtifactReaderRecord(TRITON, "A model for Triton: a model file and config.pbtxt.", _read)


def _packager() -> Packager:
    from .packager import TritonPackager  # noqa: PLC0415  # other packagers' runs need none of it

    return TritonPackager()


def _read(root: Path, entries: tuple[ArtifactEntry, ...]) -> ModelArtifact | None:
    from .artifact import read_triton  # noqa: PLC0415  # as above

    return read_triton(root, entries)
