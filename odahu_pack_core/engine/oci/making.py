"""The layers of an image, made by several threads at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from odahu_pack_core.blob.descriptor import BytesBlob
from odahu_pack_core.blob.packed_layer import PackedLayer
from odahu_pack_core.blob.packing import pack
from odahu_pack_core.errors import EngineError
from odahu_pack_core.events import EventSink, Progress
from odahu_pack_core.plugins.protocols import PendingLayer

from .crew import Crew
from .draft import Draft
from .manifest import FinishedImage
from .steps import AddedLayer

_REPORT_EVERY: Final = 1024 * 1024
"""Work that is broken off ends when it tells the next time how far it is."""


class LayersInMaking:
    """Every layer that some drafts add; one that several of them share is made once.

    Args:
        drafts: The images.
        crew: Makes the layers.
        folder: Where blobs are written while they are needed.
    """

    def __init__(self, drafts: Sequence[Draft], crew: Crew, folder: Path) -> None:
        self.drafts = drafts
        self.crew = crew
        self.folder = folder
        added = {id(layer.source): layer for draft in drafts for layer in draft.added}
        self._tasks = {
            key: crew.make(partial(_packed, layer, folder / str(number)))
            for number, (key, layer) in enumerate(sorted(added.items(), key=_longest_first))
        }

    def finished(self) -> Iterator[PackedLayer]:
        """Yield layers as they are finished."""
        return (task.result for task in self.crew.finished(self._tasks.values()))

    def images(self) -> tuple[FinishedImage, ...]:
        """Wait for all layers and return the images."""
        self.crew.results(self._tasks.values())
        return tuple(FinishedImage.of(draft, list(self._layers(draft))) for draft in self.drafts)

    def images_with_manifests(self) -> tuple[FinishedImage, ...]:
        """Wait for all layers, the bases' too, and return the images."""
        images = self.images()
        self.crew.results([self.crew.send(partial(_manifest, image)) for image in images])
        return images

    def _layers(self, draft: Draft) -> Iterator[PackedLayer]:
        return (self._tasks[id(layer.source)].result for layer in draft.added)


def _manifest(image: FinishedImage, _: EventSink) -> BytesBlob:
    return image.manifest


def _longest_first(entry: tuple[int, AddedLayer]) -> int:
    """Put what is known to be long first, then what is pending: to ask for its size would make it."""
    source = entry[1].source
    return 0 if isinstance(source, PendingLayer) else -source.size


def _packed(layer: AddedLayer, draft: Path, tell: EventSink) -> PackedLayer:
    source = layer.source
    if isinstance(source, PackedLayer):
        return source
    if isinstance(source, PendingLayer):
        return source.packed(tell)
    try:
        return pack(source, draft, progress=progress_of("build", layer.name, source.size, tell))
    except OSError as error:
        raise EngineError(
            f"cannot make the layer {layer.name}: {error.strerror}", code="unreadable"
        ) from None


def progress_of(step: str, subject: str, total: int, tell: EventSink) -> Callable[[int], None]:
    """Return what is told how many bytes are done, and passes it on now and then."""
    told = 0

    def note(done: int) -> None:
        nonlocal told
        if abs(done - told) >= _REPORT_EVERY or done == total:
            tell(Progress(step, subject, done, total))
            told = done

    return note
