"""A third party's plugin: a packager of notes, the reader of notes, and an engine that builds on paper."""

import hashlib
import json
from pathlib import Path
from typing import Annotated

from pydantic import Field

from odahu_pack_core import (
    DOCKER_TARGETS,
    AddLayer,
    ArtifactReaderRecord,
    BaseFacts,
    BaseImage,
    Block,
    BuildPlan,
    Cmd,
    Decision,
    EngineRecord,
    Env,
    FilesLayer,
    From,
    ImageReference,
    ModelArtifact,
    Notice,
    PackagerRecord,
    PackagingResult,
    PublishedImage,
    StrictModel,
    hookimpl,
)


class Arguments(StrictModel):
    image_name: str = "{{ Name }}:{{ Version }}"
    base_image: Annotated[str, Field(min_length=1)] | None = None
    greeting: str = "hello"
    port: int = Field(default=5000, ge=1, le=65535)
    workers: int = Field(default=1, ge=1)
    shout: bool = False


class Greeter:
    def plan(self, job):
        arguments = job.arguments
        base = BaseImage(
            ImageReference.parse(arguments.base_image or "python:3.6"), explicit=bool(arguments.base_image)
        )
        note = FilesLayer.of("note", job.artifact.planned("/note"))
        return BuildPlan(
            packager="greeter",
            image=job.image_reference(arguments.image_name),
            base=base,
            blocks=(
                Block("base", (From(str(base.reference)),)),
                Block("note", (AddLayer("note"), Env("GREETING", arguments.greeting))),
                Block("start", (Cmd(("greet", str(arguments.port))),)),
            ),
            layers=(note,),
            decisions=(Decision("greeting", arguments.greeting, "it was asked for"),),
            notices=(Notice("not everybody likes shouting", "warning"),) if arguments.shout else (),
        )

    def build_and_push(self, job, plan, build):
        build.emit(f"{job.arguments.greeting}, world")
        return PackagingResult(build.publish(plan), (("greeting", job.arguments.greeting),))


class PaperEngine:
    """Writes what it would build into ``$PAPER``."""

    def __init__(self, environ):
        self.folder = Path(environ["PAPER"])

    def inspect_base(self, base, platform, pull, emit):  # noqa: ARG002  # the protocol's
        return BaseFacts(base.reference, "sha256:base", platform, None, None, origin=f"found at {pull.host}")

    def execute(self, request, emit):  # noqa: ARG002  # the protocol's
        (image,) = request.plan.images
        added = request.layers[image.platform]
        layers = {name: hashlib.sha256(b"".join(tar.chunks())).hexdigest() for name, tar in added.items()}
        reference = request.plan.plan.image
        shown = {
            "image": str(reference),
            "dockerfile": image.dockerfile(),
            "layers": layers,
            "output": request.output.type,
            "push": request.push and request.push.host,
            "pull": request.pull.host,
        }
        (self.folder / "image.json").write_text(json.dumps(shown))
        return PublishedImage(reference, "sha256:" + "0" * 64)


def read_note(root, entries):
    if any(entry.path == "note.txt" for entry in entries):
        return ModelArtifact("note", root, entries, name="note", version="1.0")
    return None


@hookimpl
def odahu_pack_packagers():
    yield PackagerRecord("greeter", "Greets.", Arguments, Greeter, DOCKER_TARGETS, ("note",))


@hookimpl
def odahu_pack_artifact_readers():
    yield ArtifactReaderRecord("note", "A note.", read_note)


@hookimpl
def odahu_pack_engines():
    outputs = frozenset({"registry", "docker"})
    yield EngineRecord("paper", "Builds on paper.", PaperEngine, outputs, runs=False, rank=1)
