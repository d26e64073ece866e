"""Steps: the instructions of an image, each with the layer that it adds, if it adds one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import BinaryIO, Final

from odahu_pack_core.errors import EngineError
from odahu_pack_core.plan.build_plan import FilesLayer, ResolvedImage
from odahu_pack_core.plan.files import Folder, PlannedFile, TextFile, in_layer_order
from odahu_pack_core.plan.instruction import AddLayer, Copy, Instruction, Run, Workdir
from odahu_pack_core.plan.layer_tar import PlannedTar, TarSource
from odahu_pack_core.plugins.protocols import BuildRequest
from odahu_pack_core.values import dataclass

_TOP: Final = "bin boot dev etc home lib lib32 lib64 media mnt opt proc root run sbin srv sys tmp usr var"
_USR: Final = "bin include lib lib64 local local/bin local/lib local/share sbin share src"
_VAR: Final = "cache lib lock log opt run spool tmp"
_STANDARD: Final = frozenset(
    {"/", *(f"/{name}" for name in _TOP.split())}
    | {f"/usr/{name}" for name in _USR.split()}
    | {f"/var/{name}" for name in _VAR.split()}
)
"""Folders, or links to folders, of the Filesystem Hierarchy Standard: a layer must not change them."""


@dataclass(frozen=True)
class AddedLayer:
    """A layer that is added to an image.

    Args:
        name: What it is called in words.
        source: Its tar stream.
    """

    name: str
    source: TarSource


@dataclass(frozen=True)
class Step:
    """What one instruction does.

    Args:
        instruction: The instruction.
        layer: The layer that it adds; None where it changes the config only.
    """

    instruction: Instruction
    layer: AddedLayer | None = None


def steps_of(image: ResolvedImage, request: BuildRequest, base_folder: str, time: int) -> tuple[Step, ...]:
    """Return the steps of an image.

    Args:
        image: The image of one platform.
        request: What it is part of.
        base_folder: The working directory of the base image.
        time: When files that the engine itself adds were last changed, in seconds since 1970.

    Raises:
        EngineError: An instruction cannot be carried out without a container, or names a layer nobody made.
    """
    making = _Steps(image, _layers(image, request), _folders(request) | {base_folder}, time)
    return tuple(making.step(instruction) for instruction in image.instructions)


@dataclass(frozen=True)
class _Steps:
    image: ResolvedImage
    layers: Mapping[str, TarSource]
    folders: frozenset[str]
    time: int

    def step(self, instruction: Instruction) -> Step:
        match instruction:
            case AddLayer(name):
                return Step(instruction, self._layer(name))
            case Copy(source, destination):
                copied = TextFile(destination, self._extra(source))
                return Step(instruction, self._tar(copied))
            case Workdir(path) if path not in self.folders | _STANDARD:
                return Step(instruction, self._tar(Folder(path)))
            case Run(arguments):
                raise EngineError(
                    f"the engine oci starts no containers, so it cannot RUN {arguments[0]}",
                    code="engine-cannot",
                    hint="use --engine docker or --engine buildah",
                )
        return Step(instruction)

    def _layer(self, name: str) -> AddedLayer:
        if name not in self.layers:
            raise EngineError(
                f"the plan adds the layer {name!r}, which the build was not given", code="bad-context"
            )
        return AddedLayer(name, self.layers[name])

    def _extra(self, path: str) -> bytes:
        if path not in self.image.files:
            raise EngineError(
                f"the plan copies {path!r}, which is no file of the build context", code="bad-context"
            )
        return self.image.files[path]

    def _tar(self, file: PlannedFile) -> AddedLayer:
        files = [each for each in in_layer_order([file]) if each == file or each.path not in _STANDARD]
        return AddedLayer(file.path, PlannedTar(files, _no_artifact, self.time))


def _layers(image: ResolvedImage, request: BuildRequest) -> dict[str, TarSource]:
    """Return an image's layers; those of planned files are the same for each platform and made only once."""
    first = request.plan.images[0].platform
    planned = {layer.name for layer in request.plan.plan.layers if isinstance(layer, FilesLayer)}
    shared = {name: tar for name, tar in request.layers.get(first, {}).items() if name in planned}
    return {**request.layers.get(image.platform, {}), **shared}


def _folders(request: BuildRequest) -> frozenset[str]:
    """Return the folders that are certainly in the image because the plan's own layers have them."""
    return frozenset(_planned_folders(request))


def _planned_folders(request: BuildRequest) -> Iterator[str]:
    for layer in request.plan.plan.layers:
        if isinstance(layer, FilesLayer):
            yield from (file.path for file in layer.files if isinstance(file, Folder))
        else:
            yield layer.prefix


def _no_artifact(path: str) -> BinaryIO:
    raise FileNotFoundError(path)
