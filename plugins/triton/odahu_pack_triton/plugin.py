"""What this distribution offers to odahu-pack."""

from __future__ import annotations

from collections.abc import Iterable

from odahu_pack_core import DOCKER_TARGETS, ArtifactReaderRecord, PackagerRecord, hookimpl

from .arguments import TritonArguments
from .artifact import TRITON, triton_reader
from .packager import NAME, TritonPackager


@hookimpl
def odahu_pack_packagers() -> Iterable[PackagerRecord]:
    """Offer docker-triton."""
    yield PackagerRecord(
        name=NAME,
        summary="Puts a model into NVIDIA Triton Inference Server.",
        arguments=TritonArguments,
        create=TritonPackager,
        targets=DOCKER_TARGETS,
        # A GPPI artifact is recognised only to be refused in words of its own.
        artifact_kinds=(TRITON, "gppi"),
    )


@hookimpl
def odahu_pack_artifact_readers() -> Iterable[ArtifactReaderRecord]:
    """Offer the reader of Triton artifacts."""
    yield triton_reader()
