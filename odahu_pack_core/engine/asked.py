"""What every engine makes sure of before it begins."""

from __future__ import annotations

from collections.abc import Collection

from odahu_pack_core.errors import EngineError
from odahu_pack_core.plan.reference import ImageReference
from odahu_pack_core.plugins.protocols import BuildRequest, OutputType

_FILES: dict[OutputType, str] = {"docker-archive": "FILE", "oci": "PATH"}


def checked_name(request: BuildRequest, engine: str, outputs: Collection[OutputType]) -> ImageReference:
    """Return what the image is called, once it is clear that an engine can bring it where it is wanted.

    Args:
        request: What the engine is to do.
        engine: Its name.
        outputs: Where it can bring an image.

    Raises:
        EngineError: The output is none of the engine's, or lacks a path or a registry.
    """
    output, image = request.output, request.plan.plan.image
    if output.type not in outputs:
        raise EngineError(
            f"the engine {engine} cannot write --output type={output.type}",
            code="unsupported-output",
            hint=f"it can: {', '.join(sorted(outputs))}",
        )
    if output.type in _FILES and output.dest is None:
        raise EngineError(f"--output type={output.type} needs dest={_FILES[output.type]}", code="no-dest")
    if output.type == "registry" and not image.registry:
        raise EngineError(
            f"the image name {image} names no registry to push to",
            code="no-registry",
            hint="bind the target docker-push, or choose another --output",
        )
    return image
