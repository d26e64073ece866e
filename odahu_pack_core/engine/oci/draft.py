"""Draft: an image of one platform before its layers are made."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from odahu_pack_core.errors import EngineError
from odahu_pack_core.plan.build_plan import ResolvedImage
from odahu_pack_core.plugins.protocols import BuildRequest
from odahu_pack_core.values import dataclass

from .source_image import SourceImage
from .steps import AddedLayer, Step, steps_of

_MOST_LAYERS: Final = 127
"""What Docker's overlay driver can mount."""


@dataclass(frozen=True)
class Draft:
    """The base image, and what is to be done on top of it.

    Args:
        platform: ``os/arch`` or ``os/arch/variant``.
        base: The base image.
        steps: The instructions in order.
        time: When the image is created, in seconds since 1970.
    """

    platform: str
    base: SourceImage
    steps: tuple[Step, ...]
    time: int

    @classmethod
    def of(cls, image: ResolvedImage, base: SourceImage, request: BuildRequest, time: int) -> Draft:
        """Return the draft of an image.

        Raises:
            EngineError: The image cannot be made without a container, or has too many layers.
        """
        folder = (base.config.get("config") or {}).get("WorkingDir") or "/"
        draft = cls(image.platform, base, steps_of(image, request, folder, time), time)
        count = len(base.layers) + len(list(draft.added))
        if count > _MOST_LAYERS:
            raise EngineError(
                f"the image would have {count} layers, but containers start from {_MOST_LAYERS} at most",
                code="too-many-layers",
                hint=f"the base image {base.reference} alone has {len(base.layers)}",
            )
        return draft

    @property
    def added(self) -> Iterator[AddedLayer]:
        """The layers that are added, in order."""
        return (step.layer for step in self.steps if step.layer is not None)
