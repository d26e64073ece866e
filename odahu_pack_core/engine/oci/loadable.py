"""Images as Docker engines before release 23 load them: their layers are gzip or plain, never zstd."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

from odahu_pack_core.blob.descriptor import OCI_LAYER, OCI_LAYER_ZSTD
from odahu_pack_core.blob.files import drafting
from odahu_pack_core.blob.packed_layer import PackedLayer
from odahu_pack_core.errors import EngineError
from odahu_pack_core.events import EventSink

from .crew import Crew
from .making import progress_of
from .manifest import FinishedImage, ImageLayer


def loadable(image: FinishedImage, crew: Crew, folder: Path, present: int = 0) -> FinishedImage:
    """Return an image without zstd.

    Args:
        image: The image.
        crew: Unpacks its layers.
        folder: Where they are written while they are needed.
        present: How many layers, from the lowest on, stay as they are.
    """
    layers = image.layers[present:]
    tasks = [crew.make(partial(_plain, layer, folder / f"plain-{n}")) for n, layer in enumerate(layers)]
    return replace(image, layers=(*image.layers[:present], *crew.results(tasks)))


def _plain(layer: ImageLayer, path: Path, tell: EventSink) -> ImageLayer:
    descriptor = layer.blob.descriptor
    if descriptor.media_type != OCI_LAYER_ZSTD:
        return layer
    from .bases.unpacking import unpacked  # noqa: PLC0415  # few layers are compressed with zstd

    note, done = progress_of("build", f"unpack {descriptor.digest[7:19]}", 0, tell), 0
    with drafting(path) as out:
        for piece in unpacked(layer.blob.chunks(), descriptor.size):
            out.write(piece)
            done += len(piece)
            note(done)
        blob = out.finished(OCI_LAYER)
    if blob.descriptor.digest != layer.diff_id:
        raise EngineError(f"{descriptor.digest} is damaged: it unpacks to something else", code="bad-blob")
    return PackedLayer(layer.diff_id, blob.descriptor.size, blob)
