"""Manifests, indexes and configs of base images, read as text that anybody may have written."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from odahu_pack_core.blob.descriptor import (
    DIGEST,
    OCI_CONFIG,
    OCI_INDEX,
    OCI_LAYER,
    OCI_LAYER_GZIP,
    OCI_LAYER_ZSTD,
    OCI_MANIFEST,
    OCI_OF_DOCKER,
    Descriptor,
)
from odahu_pack_core.errors import RegistryError

_SCHEMA_1: Final = "application/vnd.docker.distribution.manifest.v1"
_LAYERS: Final = frozenset({OCI_LAYER, OCI_LAYER_GZIP, OCI_LAYER_ZSTD})
_ELSEWHERE: Final = ("nondistributable", "foreign")
_USUAL_VARIANT: Final = {"arm64": "v8", "arm": "v7"}
_MOST_LAYERS: Final = 1000
_LARGEST: Final = 2**53
_MOST_SHOWN: Final = 20

JsonObject = Mapping[str, Any]


@dataclass(frozen=True)
class Manifest:
    """The manifest of an image of one platform.

    Args:
        config: Its config.
        layers: Its layers, from the lowest on; media types are OCI's.
    """

    config: Descriptor
    layers: tuple[Descriptor, ...]


@dataclass(frozen=True)
class ImageConfig:
    """What an image's config says.

    Args:
        content: All of it.
        env: Environment variables.
        labels: Labels.
        diff_ids: ``sha256:…`` of each layer's tar stream.
    """

    content: JsonObject
    env: Mapping[str, str]
    labels: Mapping[str, str]
    diff_ids: tuple[str, ...]


def read_object(content: bytes, what: str) -> JsonObject:
    """Return a JSON object.

    Args:
        content: The text.
        what: Says in errors what it is.

    Raises:
        RegistryError: It is none.
    """
    found = read_json(content, what)
    if not isinstance(found, dict):
        raise _bad(what, "is no JSON object")
    return found


def read_json(content: bytes, what: str) -> object:
    """Return what JSON says.

    Raises:
        RegistryError: It is none, or nested beyond reason.
    """
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        raise _bad(what, "has a document that is no JSON") from None


def read_list(found: object, what: str) -> list[JsonObject]:
    """Return a list of objects.

    Raises:
        RegistryError: It is none, or absurdly long.
    """
    if (
        not isinstance(found, list)
        or len(found) > _MOST_LAYERS
        or not all(isinstance(e, dict) for e in found)
    ):
        raise _bad(what, "has a document without the list that it should have")
    return found


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
        raise _bad(
            what,
            "has a manifest of schema 1, which is obsolete",
            "push the image again with a present-day tool",
        )
    config = _descriptor(document.get("config"), what)
    if OCI_OF_DOCKER.get(config.media_type, config.media_type) != OCI_CONFIG:
        raise _bad(what, f"is no container image, but {_shown(config.media_type)}")
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
    listed = [(_platform(entry), entry) for entry in read_list(document.get("manifests"), what)]
    for found, entry in listed:
        if _usual(found) == _usual(platform):
            return _descriptor(entry, what)
    there = sorted({found for found, _ in listed if found and not found.startswith("unknown/")})
    shown = ", ".join(map(_shown, there[:_MOST_SHOWN])) or "no platform at all"
    raise RegistryError(f"{what} is for {shown}, not {platform}", code="base-platform")


def read_config(document: JsonObject, what: str) -> ImageConfig:
    """Return what a config says.

    Raises:
        RegistryError: A part that images take over from their base is not what it has to be.
    """
    settings = _part(document, "config", _SETTINGS_SHAPE, what)
    diff_ids = _part(document, "rootfs", {"diff_ids": _is_texts}, what).get("diff_ids") or []
    history = document.get("history") or []
    if not all(map(_is_digest, diff_ids)):
        raise _bad(what, "has a config whose diff_ids are no digests")
    if not isinstance(history, list) or not all(isinstance(entry, dict) for entry in history):
        raise _bad(what, "has a config whose history is no list of objects")
    variables = dict(entry.partition("=")[::2] for entry in settings.get("Env") or ())
    return ImageConfig(document, variables, dict(settings.get("Labels") or {}), tuple(diff_ids))


def _part(
    document: JsonObject, name: str, shape: Mapping[str, Callable[[object], bool]], what: str
) -> JsonObject:
    """Return an object in a config, once its fields are what they have to be; each may be left out."""
    part = document.get(name) or {}
    if not isinstance(part, dict):
        raise _bad(what, f"has a config whose {name} is no object")
    for field, fits in shape.items():
        if part.get(field) is not None and not fits(part[field]):
            raise _bad(what, f"has a config whose {field} is not what it has to be")
    return part


def check_platform(config: ImageConfig, platform: str, what: str) -> None:
    """Check that an image is for a platform.

    Raises:
        RegistryError: It is for another one.
    """
    found = _platform({"platform": config.content})
    if _usual(found) != _usual(platform):
        raise RegistryError(f"{what} is for {_shown(found)}, not {platform}", code="base-platform")


def _descriptor(found: object, what: str) -> Descriptor:
    if not isinstance(found, dict):
        raise _bad(what, "has a manifest with something that is no descriptor")
    media_type, digest, size = found.get("mediaType"), found.get("digest"), found.get("size")
    if not isinstance(media_type, str) or not _is_digest(digest):
        raise _bad(what, "has a manifest with a descriptor that names no content")
    if type(size) is not int or not 0 <= size <= _LARGEST:
        raise _bad(what, "has a manifest with a descriptor that has no size")
    return Descriptor(media_type, str(digest), size)


def _layer(found: object, what: str) -> Descriptor:
    layer = _descriptor(found, what)
    media_type = OCI_OF_DOCKER.get(layer.media_type, layer.media_type)
    if any(word in media_type for word in _ELSEWHERE):
        raise _bad(what, "has a layer that may not be distributed, so no image can be built upon it")
    if media_type not in _LAYERS:
        raise _bad(what, f"has a layer of the unknown kind {_shown(media_type)}")
    return Descriptor(media_type, layer.digest, layer.size)


def _platform(entry: JsonObject) -> str:
    platform = entry.get("platform")
    if not isinstance(platform, Mapping):
        return ""
    parts = [platform.get(key) for key in ("os", "architecture", "variant")]
    return "/".join(part for part in parts if isinstance(part, str) and part)


def _usual(platform: str) -> Sequence[str]:
    """Return os, architecture and variant, where the usual variant is understood."""
    system, architecture, variant = (*platform.split("/"), "", "", "")[:3]
    return system, architecture, variant or _USUAL_VARIANT.get(architecture, "")


def _is_text(found: object) -> bool:
    return isinstance(found, str)


def _is_texts(found: object) -> bool:
    return isinstance(found, list) and all(map(_is_text, found))


def _is_text_map(found: object) -> bool:
    return isinstance(found, dict) and all(map(_is_text, found.values()))


def _is_object(found: object) -> bool:
    return isinstance(found, dict)


_SETTINGS_SHAPE: Final[Mapping[str, Callable[[object], bool]]] = {
    **dict.fromkeys(("Env", "Entrypoint", "Cmd", "Shell"), _is_texts),
    **dict.fromkeys(("User", "WorkingDir", "StopSignal"), _is_text),
    **dict.fromkeys(("ExposedPorts", "Volumes", "Healthcheck"), _is_object),
    "Labels": _is_text_map,
}


def _is_digest(found: object) -> bool:
    return isinstance(found, str) and DIGEST.fullmatch(found) is not None


def _shown(text: str) -> str:
    return text if text.isprintable() and len(text) <= 100 else repr(text[:100])  # noqa: PLR2004  # a glance


def _bad(what: str, reason: str, hint: str = "") -> RegistryError:
    return RegistryError(f"{what} {reason}", code="base-unusable", hint=hint)
