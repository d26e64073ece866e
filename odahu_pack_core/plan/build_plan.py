"""BuildPlan: the image as decided offline. ResolvedPlan: the same with base, versions and modes settled."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import field, replace
from itertools import takewhile
from typing import BinaryIO

from odahu_pack_core.errors import PlanError
from odahu_pack_core.events import Decision, Notice
from odahu_pack_core.values import dataclass

from .base import BaseFacts, BaseImage
from .dockerfile import parse_dockerfile, render_block
from .environment import EnvironmentLayer, ResolvedEnvironment
from .files import PlannedFile, in_layer_order
from .instruction import AddLayer, From, Instruction
from .layer_tar import PlannedTar
from .reference import ImageReference

DEFAULT_PLATFORM = "linux/amd64"
BASE_BLOCK = "base"
_DIRECTIVE = re.compile(r"#\s*\w+\s*=")
_BLOCK = re.compile(r"[a-z][a-z0-9_]{0,62}")
_PLATFORM = re.compile(r"[a-z0-9]+/[a-z0-9]+(?:/[a-z0-9]+)?")


@dataclass(frozen=True)
class FilesLayer:
    """A layer of planned files, in layer order.

    Args:
        name: The layer's name in the plan.
        files: What is in it.
    """

    name: str
    files: tuple[PlannedFile, ...]

    @classmethod
    def of(cls, name: str, files: Iterable[PlannedFile]) -> FilesLayer:
        """Return a layer of files in any order; parent folders are added."""
        return cls(name, in_layer_order(files))

    def tar(self, open_artifact: Callable[[str], BinaryIO], time: int = 0) -> PlannedTar:
        """Return the layer as a tar stream.

        Args:
            open_artifact: Opens a file of the artifact by its relative path.
            time: When its files were last changed, in seconds since 1970; not negative.
        """
        return PlannedTar(self.files, open_artifact, time)


Layer = FilesLayer | EnvironmentLayer


@dataclass(frozen=True)
class Block:
    """Consecutive instructions with a name, which a Dockerfile template places and comments.

    Args:
        name: Identifier in the template: lowercase letters, digits and ``_``.
        instructions: In the order they take effect.
    """

    name: str
    instructions: tuple[Instruction, ...]

    def __post_init__(self) -> None:
        if not _BLOCK.fullmatch(self.name):
            raise PlanError(f"{self.name!r} is not a block's name", code="bad-plan")


@dataclass(frozen=True)
class BuildPlan:
    """An image as a packager decided it, without asking anybody outside.

    Args:
        packager: Name of the packager.
        image: What the image will be called.
        base: The base image asked for.
        blocks: Instructions in order; the first block, ``base``, is FROM.
        layers: What `AddLayer` instructions refer to.
        template: Jinja template of the Dockerfile, which sees rendered blocks only; empty for the plain view.
        platforms: ``os/arch`` of each image wanted.
        decisions: Every choice made so far, with its reason.
        notices: What the user should know of it, such as what looks like a mistake of the model's author.
    """

    packager: str
    image: ImageReference
    base: BaseImage
    blocks: tuple[Block, ...]
    layers: tuple[Layer, ...]
    template: str = ""
    platforms: tuple[str, ...] = (DEFAULT_PLATFORM,)
    decisions: tuple[Decision, ...] = ()
    notices: tuple[Notice, ...] = ()

    def __post_init__(self) -> None:
        self._check_blocks()
        self._check_layers()
        if not self.platforms or not all(map(_PLATFORM.fullmatch, self.platforms)):
            raise PlanError(f"{self.platforms} are not platforms such as {DEFAULT_PLATFORM}", code="bad-plan")

    def _check_blocks(self) -> None:
        names = [block.name for block in self.blocks]
        if len(names) != len(set(names)):
            raise PlanError(f"blocks of the plan share a name: {names}", code="bad-plan")
        first = From(str(self.base.reference))
        begins = names[:1] == [BASE_BLOCK] and self.blocks[0].instructions[:1] == (first,)
        if not begins or any(isinstance(instruction, From) for instruction in self.instructions[1:]):
            raise PlanError(
                f"the plan does not begin with a block {BASE_BLOCK!r} and FROM its base image, once",
                code="bad-plan",
            )

    def _check_layers(self) -> None:
        used = [instruction.layer for instruction in self.instructions if isinstance(instruction, AddLayer)]
        named = [layer.name for layer in self.layers]
        if sorted(used) != sorted(set(named)) or len(named) != len(set(named)):
            raise PlanError(f"the plan adds layers {used} but has {named}", code="bad-plan")

    @property
    def instructions(self) -> tuple[Instruction, ...]:
        """All instructions in order."""
        return tuple(instruction for block in self.blocks for instruction in block.instructions)

    def dockerfile(self) -> str:
        """Return the Dockerfile view of the plan."""
        return render_dockerfile(self.template, self.blocks)

    def with_block(self, block: Block) -> BuildPlan:
        """Return the plan with a block added at its end, or put in place of the one with its name."""
        names = [existing.name for existing in self.blocks]
        if block.name not in names:
            placed = f"{self.template.rstrip()}\n\n# {block.name}\n{{{{ {block.name} }}}}\n"
            template = placed if self.template else ""
            return replace(self, blocks=(*self.blocks, block), template=template)
        return replace(self, blocks=tuple(block if b.name == block.name else b for b in self.blocks))


@dataclass(frozen=True)
class ResolvedImage:
    """The image of one platform with everything settled.

    Args:
        base: What was found in the base image.
        environments: Each environment with its versions.
        blocks: Final instructions: the base pinned, an `AddLayer` for each part of an environment, or `Run`
            where the engine makes it.
        template: The plan's Dockerfile template.
        files: More files of the build context (path to bytes), for `Copy`.
    """

    base: BaseFacts
    environments: tuple[ResolvedEnvironment, ...]
    blocks: tuple[Block, ...]
    template: str = ""
    files: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def platform(self) -> str:
        """``os/arch`` of the image."""
        return self.base.platform

    @property
    def instructions(self) -> tuple[Instruction, ...]:
        """All instructions in order."""
        return tuple(instruction for block in self.blocks for instruction in block.instructions)

    def dockerfile(self) -> str:
        """Return the Dockerfile view of the image."""
        return render_dockerfile(self.template, self.blocks)


@dataclass(frozen=True)
class ResolvedPlan:
    """A plan with everything settled that needs a package index or an image registry.

    Args:
        plan: The plan as decided.
        images: The image of each platform, in the plan's order.
        decisions: Choices made while resolving, with their reasons.
    """

    plan: BuildPlan
    images: tuple[ResolvedImage, ...]
    decisions: tuple[Decision, ...] = ()


def render_dockerfile(template: str, blocks: tuple[Block, ...]) -> str:
    """Return the Dockerfile of instructions, arranged by a template.

    Args:
        template: Jinja template that places each block by its name, such as ``{{ base }}``; the plain view,
            each block under a comment with its name, when empty.
        blocks: The instructions.

    Raises:
        PlanError: The template loses, repeats or reorders an instruction, or does not render.
    """
    rendered = {block.name: render_block(block.instructions) for block in blocks}
    if template:
        text = _arranged(template, rendered)
    else:
        text = "\n\n".join(
            f"# {name}\n{body}" if name != BASE_BLOCK else body for name, body in rendered.items()
        )
    text = text.strip("\n") + "\n"
    first_comments = takewhile(lambda line: line.startswith("#"), text.split("\n"))
    if any(map(_DIRECTIVE.match, first_comments)):
        raise PlanError("the Dockerfile template begins with a parser directive", code="bad-template")
    wanted = tuple(instruction for block in blocks for instruction in block.instructions)
    if parse_dockerfile(text) != wanted:
        raise PlanError(
            "the Dockerfile template loses or reorders instructions of the plan", code="bad-template"
        )
    return text


def _arranged(template: str, rendered: Mapping[str, str]) -> str:
    from jinja2 import StrictUndefined  # noqa: PLC0415  # slow to import, not needed at start-up
    from jinja2.sandbox import SandboxedEnvironment  # noqa: PLC0415  # as above

    environment = SandboxedEnvironment(undefined=StrictUndefined, autoescape=False, trim_blocks=True)
    try:
        return environment.from_string(template).render(rendered)
    except Exception as error:  # noqa: BLE001  # a template may fail in any way
        raise PlanError(f"the Dockerfile template does not render: {error}", code="bad-template") from None
