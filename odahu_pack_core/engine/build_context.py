"""A build context as a value: Dockerfile, extra files and layers, streamed as one tar with flat memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Final

from odahu_pack_core.errors import EngineError
from odahu_pack_core.plan.dockerfile import LAYER_FOLDER
from odahu_pack_core.plan.instruction import AddLayer
from odahu_pack_core.plan.layer_tar import TarSource, tar_end, tar_entry, tar_padding
from odahu_pack_core.values import dataclass

from .single import SingleBuild

DOCKERFILE: Final = "Dockerfile"
_IGNORE_FILE: Final = ".dockerignore"


@dataclass(frozen=True)
class ContextFile:
    """One file of a build context.

    Args:
        path: Relative path with ``/``.
        source: Its bytes.
    """

    path: str
    source: TarSource

    def chunks(self) -> Iterator[bytes]:
        """Yield exactly as many bytes as the source promised.

        Raises:
            EngineError: The source has more or fewer, or cannot be read.
        """
        left = self.source.size
        try:
            for chunk in self.source.chunks():
                left -= len(chunk)
                if left < 0:
                    break
                yield chunk
        except OSError as error:
            raise EngineError(
                f"cannot read {self.path} of the build context: {error.strerror}", code="unreadable"
            ) from None
        if left:
            raise EngineError(f"{self.path} of the build context changed while it was read", code="changed")


@dataclass(frozen=True)
class BuildContext:
    """Everything that a build needs besides its base image.

    Args:
        files: Sorted as they are sent: the Dockerfile, extra files, layers.
    """

    files: tuple[ContextFile, ...]

    @classmethod
    def of(cls, build: SingleBuild) -> BuildContext:
        """Return the context of an image.

        Raises:
            EngineError: A layer is missing, or an extra file has no place in a context.
            PlanError: The plan's Dockerfile template does not fit its instructions.
        """
        image = build.image
        dockerfile = ContextFile(DOCKERFILE, _Content(image.dockerfile().encode()))
        extra = [ContextFile(_checked(path), _Content(content)) for path, content in image.files.items()]
        return cls((dockerfile, *sorted(extra, key=lambda file: file.path), *_layers(build)))

    @property
    def size(self) -> int:
        """Bytes of the context as a tar stream."""
        return sum(_entry_size(file) for file in self.files) + len(tar_end())

    def chunks(self) -> Iterator[bytes]:
        """Yield the context as a tar stream from its start.

        Raises:
            EngineError: A file changed or cannot be read.
            ArtifactError: A file of the model artifact is gone or changed.
        """
        for file in self.files:
            yield tar_entry(file.path, file.source.size)
            yield from file.chunks()
            yield tar_padding(file.source.size)
        yield tar_end()


@dataclass(frozen=True)
class _Content:
    content: bytes

    @property
    def size(self) -> int:
        return len(self.content)

    def chunks(self) -> Iterator[bytes]:
        yield self.content


def _entry_size(file: ContextFile) -> int:
    size = file.source.size
    return len(tar_entry(file.path, size)) + size + len(tar_padding(size))


def _layers(build: SingleBuild) -> Iterator[ContextFile]:
    for instruction in build.image.instructions:
        if isinstance(instruction, AddLayer):
            yield ContextFile(f"{LAYER_FOLDER}/{instruction.layer}.tar", _layer(build, instruction.layer))


def _layer(build: SingleBuild, name: str) -> TarSource:
    source = build.layers.get(name)
    if source is None:
        raise EngineError(
            f"the plan adds the layer {name!r}, which the build was not given", code="bad-context"
        )
    if source.size <= len(tar_end()):
        # ADD takes a tar without a member for an ordinary file and would copy it into the image.
        raise EngineError(f"the layer {name!r} of the plan is empty", code="bad-context")
    return source


def _checked(path: str) -> str:
    pure = PurePosixPath(path)
    inside = str(pure) == path and not pure.is_absolute() and pure.parts and ".." not in pure.parts
    if not inside or not path.isprintable():
        raise EngineError(f"{path!r} is not a path inside the build context", code="bad-context")
    if path in {DOCKERFILE, _IGNORE_FILE} or pure.parts[0] == LAYER_FOLDER:
        raise EngineError(f"the build context needs {pure.parts[0]} for itself", code="bad-context")
    return path
