"""A build in two parts: what a changed model leaves as it is, kept for the next build, and the rest."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from odahu_pack_core.command import Stream
from odahu_pack_core.engine.build_log import BuildLog, LogWords
from odahu_pack_core.errors import EngineError
from odahu_pack_core.events import EventSink, Notice
from odahu_pack_core.folders import cache_folder, locked
from odahu_pack_core.plan.dockerfile import LAYER_FOLDER, render_block
from odahu_pack_core.plan.instruction import AddLayer, Cmd, Copy, Entrypoint, From, Instruction, Run
from odahu_pack_core.values import dataclass

from .base import HeldBase
from .bench import Bench
from .tool import BuildahError, is_error

LOG_WORDS: Final = LogWords(
    "buildah",
    step=re.compile(r"STEP (\d+)/(\d+): (.*)"),
    noise=re.compile(r"COMMIT|--> |subprocess exited |Getting image source |Copying |Writing |Storing "),
)
_OPTIONS: Final = ("--format=oci", "--layers=false", "--no-cache", "--identity-label=false", "--pull=never")


@dataclass(frozen=True)
class BuildInputs:
    """What an image is built from.

    Args:
        instructions: All instructions, the first of them FROM.
        base: The base image in the store.
        context: The folder with the files that instructions add.
        digests: The sha256 of each of these files by its path.
        platform: ``os/arch`` of the image.
        time: When the image is created, in seconds since 1970.
    """

    instructions: Sequence[Instruction]
    base: HeldBase
    context: Path
    digests: Mapping[str, str]
    platform: str
    time: int


def build_image(bench: Bench, inputs: BuildInputs, emit: EventSink) -> str:
    """Build an image and return its name in the store.

    Args:
        bench: Where it is built.
        inputs: What from.
        emit: Receives progress and output.

    Raises:
        EngineError: The build failed; the error shows the step and the last lines.
    """
    building = _Building(bench, inputs, emit)
    steady, changing = _halves(inputs.instructions[1:])
    if not steady or not inputs.base.may_be_stacked:
        return building.built(inputs.base.name, inputs.instructions[1:], bench.built)
    return building.built(building.kept(steady), changing, bench.built)


@dataclass(frozen=True)
class _Building:
    bench: Bench
    inputs: BuildInputs
    emit: EventSink

    def kept(self, steady: Sequence[Instruction]) -> str:
        """Return the name of an image that is built once and kept in the store."""
        key = _key(self.inputs, steady)
        name = self.bench.kept_name(key)
        lock = cache_folder(self.bench.buildah.environ) / "names" / f"buildah-{key}.lock"
        with ExitStack() as stack:
            try:
                stack.enter_context(locked(lock, self._wait))
            except OSError as error:
                raise EngineError(f"cannot write {lock}: {error.strerror}", code="cannot-write") from None
            if not self.bench.holds(name):
                self.built(self.inputs.base.name, steady, name)
        return name

    def built(self, base: str, instructions: Sequence[Instruction], name: str) -> str:
        """Build on top of an image, and return the name that the result was given."""
        log = BuildLog(LOG_WORDS, self.emit)

        def on_line(_: Stream, line: str) -> None:
            if not is_error(line):
                log.add(f"{line}\n")

        files = self._build_files(From(base), *instructions)
        options = (f"--timestamp={self.inputs.time}", f"--platform={self.inputs.platform}", f"--tag={name}")
        try:
            self.bench.buildah(
                "build", *_OPTIONS, *options, *files, str(self.inputs.context), on_line=on_line
            )
        except BuildahError as error:
            raise log.failed(error.reason) from None
        return name

    def _build_files(self, *instructions: Instruction) -> tuple[str, str]:
        folder = self.inputs.context.parent
        dockerfile, nothing = folder / "part", folder / "nothing"
        dockerfile.write_text(f"{render_block(instructions)}\n")
        nothing.touch()  # or a file of the plan called .containerignore would say what is not sent
        return f"--file={dockerfile}", f"--ignorefile={nothing}"

    def _wait(self) -> None:
        self.emit(Notice("waiting for another run that builds the same"))


def _halves(instructions: Sequence[Instruction]) -> tuple[Sequence[Instruction], Sequence[Instruction]]:
    """Cut before the last layer, which is the model's, when something comes before it that takes time."""
    layers = [place for place, instruction in enumerate(instructions) if isinstance(instruction, AddLayer)]
    cut = layers[-1] if layers else 0
    before = instructions[:cut]
    worth = any(isinstance(instruction, AddLayer | Run) for instruction in before)
    # ENTRYPOINT forgets the CMD of the image it starts from, so both must stay in one part.
    whole = any(isinstance(instruction, Cmd | Entrypoint) for instruction in before)
    return (before, instructions[cut:]) if worth and not whole else ((), instructions)


def _key(inputs: BuildInputs, instructions: Sequence[Instruction]) -> str:
    """Return what names everything that decides the first part of an image."""
    texts = [inputs.base.image_id, inputs.platform, str(inputs.time), render_block(instructions)]
    for instruction in instructions:
        if isinstance(instruction, AddLayer):
            texts.append(inputs.digests[f"{LAYER_FOLDER}/{instruction.layer}.tar"])
        elif isinstance(instruction, Copy):
            texts.append(inputs.digests[instruction.source])
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()
