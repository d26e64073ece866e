"""PackagingJob: a request made complete, with arguments validated and targets bound to connections."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel

from odahu_pack_core.spec.connection import Connection
from odahu_pack_core.spec.packaging import ModelPackaging
from odahu_pack_core.values import dataclass

from .artifact import ModelArtifact
from .build_plan import DEFAULT_PLATFORM
from .image_name import image_reference, render_name
from .reference import ImageReference

PUSH_TARGET = "docker-push"
PULL_TARGET = "docker-pull"


@dataclass(frozen=True)
class PackagingJob:
    """Everything a packager needs to plan an image; it asks nobody else.

    Args:
        packaging: The request.
        packager: Name of the packager that it leads to.
        arguments: Validated arguments, an instance of the packager's own arguments model.
        targets: The connection of each target that is bound.
        artifact: The model.
        random_uuid: The run's UUID.
        platforms: ``os/arch`` of each image wanted.
        build_from_source: Whether source distributions may be built.
    """

    packaging: ModelPackaging
    packager: str
    arguments: BaseModel
    targets: Mapping[str, Connection]
    artifact: ModelArtifact
    random_uuid: str
    platforms: tuple[str, ...] = (DEFAULT_PLATFORM,)
    build_from_source: bool = False

    def uri_of(self, target: str) -> str | None:
        """Return the uri of a target's connection; None where the target is not bound."""
        return self.targets[target].spec.uri if target in self.targets else None

    def image_reference(self, template: str, *, name: str = "", version: str = "") -> ImageReference:
        """Render an image-name template under the push target.

        Args:
            template: The template, usually ``arguments.image_name``.
            name: The model's name; the artifact's by default.
            version: The model's version; the artifact's by default.

        Raises:
            SpecError: The template, or what comes of it, is not an image name of that registry.
        """
        rendered = render_name(
            template,
            name=name or self.artifact.name,
            version=version or self.artifact.version,
            random_uuid=self.random_uuid,
        )
        return image_reference(rendered, self.uri_of(PUSH_TARGET))
