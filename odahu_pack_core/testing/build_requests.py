"""Requests for engines, made of a few files and instructions."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence

from odahu_pack_core.blob.descriptor import digest_of_bytes
from odahu_pack_core.plan.base import BaseFacts, BaseImage
from odahu_pack_core.plan.build_plan import Block, BuildPlan, FilesLayer, ResolvedImage, ResolvedPlan
from odahu_pack_core.plan.files import Folder, PlannedFile, TextFile
from odahu_pack_core.plan.instruction import From, Instruction
from odahu_pack_core.plan.layer_tar import PlannedTar, TarSource
from odahu_pack_core.plan.reference import ImageReference
from odahu_pack_core.plugins.protocols import BuildRequest, ImageOutput, RegistryAccess


def files_tar(files: Sequence[PlannedFile]) -> PlannedTar:
    """Return planned files as a tar stream; the content of an artifact's file is its path.

    Args:
        files: The files, in any order.
    """
    return FilesLayer.of("files", files).tar(lambda path: io.BytesIO(path.encode()))


def build_request(
    bases: Sequence[BaseFacts],
    instructions: Sequence[Instruction],
    output: ImageOutput,
    *,
    image: str = "contract/model:1",
    files: Mapping[str, Sequence[PlannedFile]] | None = None,
    context: Mapping[str, bytes] | None = None,
    layers: Mapping[str, TarSource] | None = None,
    push: RegistryAccess | None = None,
    pull: RegistryAccess | None = None,
) -> BuildRequest:
    """Return what an engine is asked for.

    Args:
        bases: What was found in the base image, for each platform wanted.
        instructions: What follows FROM.
        output: Where the image goes.
        image: What the image is called.
        files: The files of each layer that the instructions add.
        context: Files of the build context, for `Copy`.
        layers: Tar streams in place of those made of ``files``.
        push: The way into the registry that the image goes to.
        pull: The way into the registry of the base.
    """
    files = files or {}
    planned = tuple(FilesLayer.of(name, listed) for name, listed in files.items())
    reference = bases[0].reference
    platforms = tuple(facts.platform for facts in bases)
    plan = BuildPlan(
        packager="contract",
        image=ImageReference.parse(image),
        base=BaseImage(reference),
        blocks=_blocks(reference, instructions),
        layers=planned,
        platforms=platforms,
    )
    images = tuple(
        ResolvedImage(facts, (), _blocks(facts.reference, instructions), files=context or {})
        for facts in bases
    )
    made = {name: files_tar(listed) for name, listed in files.items()} if layers is None else layers
    return BuildRequest(ResolvedPlan(plan, images), dict.fromkeys(platforms, made), output, push, pull)


def base_image(platform: str) -> tuple[bytes, tuple[bytes, ...]]:
    """Return config and layers of an image without a program, to build upon.

    It has settings and files that an image built upon it keeps or changes.

    Args:
        platform: ``os/arch`` of the image.
    """
    files: list[PlannedFile] = [
        Folder("/tmp", 0o1777),  # noqa: S108  # the image's
        Folder("/usr/bin"),
        TextFile("/etc/base", b"the base's"),
        TextFile("/etc/replaced", b"the base's", 0o600),
    ]
    layer = b"".join(files_tar(files).chunks())
    system, architecture = platform.split("/")[:2]
    config = {
        "created": "1970-01-01T00:00:00Z",
        "os": system,
        "architecture": architecture,
        "config": {
            "Env": ["PATH=/usr/local/bin:/usr/bin", "KEPT=base", "CHANGED=base"],
            "Labels": {"kept": "base", "changed": "base"},
            "Entrypoint": ["/base"],
            "Cmd": ["--of-the-base"],
        },
        "rootfs": {"type": "layers", "diff_ids": [digest_of_bytes(layer)]},
        "history": [{"created": "1970-01-01T00:00:00Z", "created_by": "contract"}],
    }
    return json.dumps(config).encode(), (layer,)


def _blocks(reference: ImageReference, instructions: Sequence[Instruction]) -> tuple[Block, ...]:
    base = Block("base", (From(str(reference)),))
    return (base, Block("rest", tuple(instructions))) if instructions else (base,)
