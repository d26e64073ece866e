"""Manifests and indexes of base images, read as text that anybody may have written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from odahu_pack_core.blob.descriptor import (
    OCI_CONFIG,
    OCI_INDEX,
    OCI_LAYER,
    OCI_LAYER_GZIP,
    OCI_LAYER_ZSTD,
    OCI_MANIFEST,
    OCI_OF_DOCKER,
    Descriptor,
    is_digest,
)
from odahu_pack_core.engine.base_words import for_others
from odahu_pack_core.values import dataclass

from .json_text import JsonObject, bad, read_list, shown

_SCHEMA_1: Final = "application/vnd.docker.distribution.manifest.v1"
_LAYERS: Final = frozenset({OCI_LAYER, OCI_LAYER_GZIP, OCI_LAYER_ZSTD})
_ELSEWHERE: Final = ("nondistributable", "foreign")
_USUAL_VARIANT: Final = {"amd64": "v1", "arm64": "v8", "arm": "v7"}
_LARGEST: Final = 2**53
_MOST_SHOWN: Final = 20


@dataclass(frozen=True)
class Manifest:
    """The manifest of an image of one platform.

    Args:
        config: Its config.
        layers: Its layers, from the lowest on; media types are OCI's.
    """

    config: Descriptor
    layers: tuple[Descriptor, ...]


def media_type_of(document: JsonObject, told: str) -> str:
    """Return a document's media type in OCI's words: as it says itself, as it was told, or by its fields."""
    written = document.get("mediaType")
    named = written if isinstance(written, str) and written else told
    if named in OCI_OF_DOCKER or named in {OCI_INDEX, OCI_MANIFEST} or named.startswith(_SCHEMA_1):
        return OCI_OF_DOCKER.get(named, named)
    return OCI_INDEX if "manifests" in document else OCI_MANIFEST


def read_manifest(document: JsonObject, media_type: str, what: str) -> Manifest:
    """Return the manifest of an image.

    Args:
        document: The manifest.
        media_type: What it is.
        what: Names it in errors.

    Raises:
        RegistryError: It is none, or one that cannot be built upon.
    """
    if media_type.startswith(_SCHEMA_1) or document.get("schemaVersion") == 1:
        raise bad(
            what,
            "has a manifest of schema 1, which is obsolete",
            "push the image again with a present-day tool",
        )
    config = _descriptor(document.get("config"), what)
    if OCI_OF_DOCKER.get(config.media_type, config.media_type) != OCI_CONFIG:
        raise bad(what, f"is no container image, but {shown(config.media_type)}")
    return Manifest(config, tuple(_layer(layer, what) for layer in read_list(document.get("layers"), what)))


def choose_platform(document: JsonObject, platform: str, what: str) -> Descriptor:
    """Return the manifest of a platform from an index.

    Args:
        document: The index.
        platform: ``os/arch`` or ``os/arch/variant``.
        what: Names it in errors.

    Raises:
        RegistryError: It has none; the error lists what is there.
    """
    listed = [(platform_of(entry), entry) for entry in read_list(document.get("manifests"), what)]
    for found, entry in listed:
        if usual(found) == usual(platform):
            return _descriptor(entry, what)
    there = sorted({found for found, _ in listed if found and not found.startswith("unknown/")})
    listing = ", ".join(map(shown, there[:_MOST_SHOWN])) or "no platform at all"
    raise for_others(what, listing, platform)


def _descriptor(found: object, what: str) -> Descriptor:
    if not isinstance(found, dict):
        raise bad(what, "has a manifest with something that is no descriptor")
    media_type, digest, size = found.get("mediaType"), found.get("digest"), found.get("size")
    if not isinstance(media_type, str) or not is_digest(digest):
        raise bad(what, "has a manifest with a descriptor that names no content")
    if type(size) is not int or not 0 <= size <= _LARGEST:
        raise bad(what, "has a manifest with a descriptor that has no size")
    return Descriptor(media_type, digest, size)


def _layer(found: object, what: str) -> Descriptor:
    layer = _descriptor(found, what)
    media_type = OCI_OF_DOCKER.get(layer.media_type, layer.media_type)
    if any(word in media_type for word in _ELSEWHERE):
        raise bad(what, "has a layer that may not be distributed, so no image can be built upon it")
    if media_type not in _LAYERS:
        raise bad(what, f"has a layer of the unknown kind {shown(media_type)}")
    return Descriptor(media_type, layer.digest, layer.size)


def platform_of(entry: JsonObject) -> str:
    """Return the platform that an entry of an index names; empty where it names none."""
    platform = entry.get("platform")
    if not isinstance(platform, Mapping):
        return ""
    parts = [platform.get(key) for key in ("os", "architecture", "variant")]
    return "/".join(part for part in parts if isinstance(part, str) and part)


def usual(platform: str) -> tuple[str, str, str]:
    """Return os, architecture and variant of a platform, where the usual variant is understood."""
    system, architecture, variant = (*platform.split("/"), "", "", "")[:3]
    return system, architecture, variant or _USUAL_VARIANT.get(architecture, "")
