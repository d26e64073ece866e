"""What every engine checks before it begins: whether it can bring the image there, and under that name."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from odahu_pack_core.errors import EngineError
from odahu_pack_core.plan.reference import ImageReference
from odahu_pack_core.plugins.protocols import BuildRequest, OutputType

_FILES: frozenset[OutputType] = frozenset({"docker-archive", "oci"})


def checked_name(engine: str, outputs: AbstractSet[OutputType], request: BuildRequest) -> ImageReference:
    """Return the image's name, once it is clear that an engine can do what is asked.

    Args:
        engine: The engine's name.
        outputs: Where it can bring an image.
        request: What is asked.

    Raises:
        EngineError: The output is none of the engine's, lacks its path, or is a registry that the name lacks.
    """
    output, image = request.output, request.plan.plan.image
    if output.type not in outputs:
        raise EngineError(
            f"the engine {engine} cannot write --output type={output.type}",
            code="unsupported-output",
            hint=f"it can: {', '.join(sorted(outputs))}",
        )
    if output.type in _FILES and output.dest is None:
        raise EngineError(f"--output type={output.type} needs dest=PATH", code="no-dest")
    if output.type == "registry" and not image.registry:
        raise EngineError(
            f"the image name {image} names no registry to push to",
            code="no-registry",
            hint="bind the target docker-push, or choose another --output",
        )
    return image
