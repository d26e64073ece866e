"""What engines that make an image of one platform at a time are asked for."""

from __future__ import annotations

from collections.abc import Mapping

from odahu_pack_core.errors import EngineError
from odahu_pack_core.events import EventSink
from odahu_pack_core.plan.build_plan import ResolvedImage
from odahu_pack_core.plan.layer_tar import TarSource
from odahu_pack_core.plugins.protocols import BuildRequest, PendingLayer
from odahu_pack_core.values import dataclass


@dataclass(frozen=True)
class SingleBuild:
    """The one image of a request.

    Args:
        image: What to build.
        layers: The tar stream of each layer that is added, by name.
    """

    image: ResolvedImage
    layers: Mapping[str, TarSource]

    @classmethod
    def of(cls, request: BuildRequest) -> SingleBuild:
        """Return the one image of a request.

        Raises:
            EngineError: It has several.
        """
        if len(request.plan.images) > 1:
            platforms = ", ".join(image.platform for image in request.plan.images)
            raise EngineError(
                f"this engine makes images of one platform at a time, not of {platforms}",
                code="several-platforms",
                hint="use --engine oci, or name one --platform",
            )
        image = request.plan.images[0]
        return cls(image, request.layers.get(image.platform, {}))

    def make_layers(self, emit: EventSink) -> None:
        """Make every layer that is not made yet."""
        for layer in self.layers.values():
            if isinstance(layer, PendingLayer):
                layer.packed(emit)
