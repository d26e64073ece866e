"""A packager and an engine that need nothing outside; tests install them as a distribution of their own.

The variable PAPER_ENGINE says how the engine behaves: ``fail``, ``refuse``, ``crash``, ``full`` or ``wait``.
"""

import errno
import os
import time
from pathlib import Path

from odahu_pack_core import (
    ARTIFACT_ROOT,
    BASE_BLOCK,
    DEFAULT_IMAGE_NAME,
    DOCKER_TARGETS,
    AddLayer,
    BaseFacts,
    BaseImage,
    Block,
    BuildPlan,
    Decision,
    EngineError,
    EngineRecord,
    FilesLayer,
    From,
    ImageReference,
    Notice,
    Output,
    PackagerRecord,
    PackagingResult,
    Progress,
    PublishedImage,
    RegistryError,
    StrictModel,
    hookimpl,
)

BASE = "paper/base:1"
DIGEST = "sha256:" + "ab" * 32


class PaperArguments(StrictModel):
    """Arguments of the packager."""

    image_name: str = DEFAULT_IMAGE_NAME
    greeting: str = "hello"


class PaperPackager:
    """Puts the artifact on its base, with no environment."""

    def plan(self, job):
        """Return base and model."""
        return BuildPlan(
            packager="paper",
            image=job.image_reference(job.arguments.image_name),
            base=BaseImage(ImageReference.parse(BASE)),
            blocks=(Block(BASE_BLOCK, (From(BASE),)), Block("model", (AddLayer("model"),))),
            layers=(FilesLayer.of("model", job.artifact.planned(ARTIFACT_ROOT)),),
            platforms=job.platforms,
            decisions=(Decision("greeting", job.arguments.greeting, "the arguments say so"),),
        )

    def build_and_push(self, job, plan, build):
        """Publish, and add a result."""
        return PackagingResult(build.publish(plan), (("greeting", job.arguments.greeting),))


class PaperEngine:
    """Writes nothing; says that it did."""

    def __init__(self, environ):
        self._environ = environ

    def inspect_base(self, base, platform, pull, emit):  # noqa: ARG002  # the protocol's signature
        """Return facts of a base that is nowhere."""
        return BaseFacts(base.reference, "sha256:" + "cd" * 32, platform, None, None, origin="made of paper")

    def execute(self, request, emit):
        """Behave as the environment says."""
        emit(Output("paper", "folding\x1b[31m"))
        emit(Progress("build", "model", 50, 100))
        emit(Progress("build", "model", 100, 100))
        emit(Notice("the ink is low", "warning"))
        self._behave(self._environ.get("PAPER_ENGINE", ""))
        digest = DIGEST if request.output.type == "registry" else ""
        return PublishedImage(request.plan.plan.image, digest, str(request.output.dest or ""))

    def _behave(self, behaviour):
        if behaviour == "fail":
            raise EngineError("the paper jammed", code="build-failed", hint="pull it out")
        if behaviour == "refuse":
            raise RegistryError("the press refused the password", code="denied")
        if behaviour == "crash":
            raise RuntimeError("the press exploded")
        if behaviour == "full":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/paper/tray")
        if behaviour == "wait":
            Path(self._environ["PAPER_READY"]).touch()
            time.sleep(60)


@hookimpl
def odahu_pack_packagers():
    """Offer the packager."""
    yield PackagerRecord("paper", "Prints models.", PaperArguments, PaperPackager, DOCKER_TARGETS)


@hookimpl
def odahu_pack_engines():
    """Offer the engine."""
    outputs = frozenset({"registry", "docker", "docker-archive"})
    yield EngineRecord("paper", "Prints images.", PaperEngine, outputs, runs=False, rank=1)
