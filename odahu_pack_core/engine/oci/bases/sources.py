"""BaseSources: finds base images wherever they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Final

from odahu_pack_core.engine.base_words import base_missing, registry_words, taken_from
from odahu_pack_core.engine.oci.source_image import SourceImage
from odahu_pack_core.errors import EngineError, RegistryError
from odahu_pack_core.events import EventSink
from odahu_pack_core.plan.base import BaseFacts, BaseImage
from odahu_pack_core.plugins.distribution import OpenRegistry
from odahu_pack_core.plugins.protocols import RegistryAccess

from .base_facts import facts_of
from .found_image import FoundImage
from .kept import Kept
from .mirrors import place_of
from .registry_base import RegistryBases

if TYPE_CHECKING:
    from .docker_base import DockerBases
    from .layer_store import LayerStore

_SCRATCH: Final = "scratch"
_FINAL: Final = frozenset({"base-platform", "base-unusable"})
"""Failures of an image that was found: another place would give the same."""


class BaseSources:
    """Finds base images: in a registry, in a file or folder, in the Docker engine; each once.

    Args:
        environ: The environment variables of the run.
        open_registry: Opens registries.
    """

    def __init__(self, environ: Mapping[str, str], open_registry: OpenRegistry) -> None:
        self._environ = environ
        self._open_registry = open_registry
        self._kept = Kept(environ)
        self._found: dict[tuple[BaseImage, str], SourceImage] = {}

    def find(
        self, base: BaseImage, platform: str, pull: RegistryAccess | None, emit: EventSink
    ) -> SourceImage:
        """Find a base image; what was found is kept, so that asking again costs nothing.

        Raises:
            RegistryError: The image cannot be had for this platform.
        """
        key = (base, platform)
        if key not in self._found:
            self._found[key] = self._looked_for(base, platform, pull, emit)
        return self._found[key]

    def _looked_for(
        self, base: BaseImage, platform: str, pull: RegistryAccess | None, emit: EventSink
    ) -> SourceImage:
        if str(base.reference) == _SCRATCH:
            facts = BaseFacts(base.reference, "", platform, None, None, origin="nothing")
            return SourceImage(base.reference, "", {}, (), facts)
        if base.location is not None:
            from .located_base import located_image  # noqa: PLC0415  # most bases are in a registry

            image = located_image(base.location, platform, self._store)
            return self._source(base, image, platform, str(base.location), emit)
        return self._from_registry(base, platform, pull, emit)

    def _from_registry(
        self, base: BaseImage, platform: str, pull: RegistryAccess | None, emit: EventSink
    ) -> SourceImage:
        place = place_of(base.reference, self._environ)
        bases = RegistryBases(self._open_registry, place.host, place.access(pull), self._kept)
        failure: RegistryError | None = None
        try:
            image = bases.find(place.repository, base.reference, platform)
        except RegistryError as error:
            if error.code in _FINAL:
                raise
            failure = error
        if failure is not None:
            # Outside of the except block: causes of the engine's failure must not be mixed with it.
            return self._from_docker(base, platform, failure, emit)
        origin = registry_words(place.host, place.mirrored)
        source = self._source(base, image, platform, origin, emit)
        return replace(source, registry_host=place.host, repository=place.repository)

    def _from_docker(
        self, base: BaseImage, platform: str, failure: RegistryError, emit: EventSink
    ) -> SourceImage:
        """Take an image from the Docker engine that its registry does not give."""
        try:
            image, place = self._docker.find(base.reference, platform)
        except (RegistryError, EngineError) as error:
            if error.code in _FINAL:
                raise
            raise base_missing(base.reference, failure, error.message) from None
        emit(taken_from(base.reference, place, failure.message))
        return self._source(base, image, platform, place, emit)

    @cached_property
    def _docker(self) -> DockerBases:
        from .docker_base import DockerBases  # noqa: PLC0415  # as above

        return DockerBases(self._environ, self._store)

    @cached_property
    def _store(self) -> LayerStore:
        from .layer_store import LayerStore  # noqa: PLC0415  # as above

        return LayerStore(self._kept.folder / "layers")

    def _source(
        self, base: BaseImage, image: FoundImage, platform: str, origin: str, emit: EventSink
    ) -> SourceImage:
        facts = facts_of(base, image, platform=platform, origin=origin, kept=self._kept, emit=emit)
        return SourceImage(image.reference, image.manifest_digest, image.config.content, image.layers, facts)
