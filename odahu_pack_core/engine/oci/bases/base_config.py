"""Configs of base images, read as text that anybody may have written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from odahu_pack_core.blob.descriptor import is_digest
from odahu_pack_core.engine.base_words import for_others
from odahu_pack_core.values import dataclass

from .documents import platform_of, usual
from .json_text import JsonObject, bad, shown


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


def read_config(document: JsonObject, what: str) -> ImageConfig:
    """Return what a config says.

    Raises:
        RegistryError: A part that images take over from their base is not what it has to be.
    """
    settings = _part(document, "config", _SETTINGS_SHAPE, what)
    diff_ids = _part(document, "rootfs", {"diff_ids": _is_texts}, what).get("diff_ids") or []
    history = document.get("history") or []
    if not all(map(is_digest, diff_ids)):
        raise bad(what, "has a config whose diff_ids are no digests")
    if not isinstance(history, list) or not all(isinstance(entry, dict) for entry in history):
        raise bad(what, "has a config whose history is no list of objects")
    variables = dict(entry.partition("=")[::2] for entry in settings.get("Env") or ())
    return ImageConfig(document, variables, dict(settings.get("Labels") or {}), tuple(diff_ids))


def _part(
    document: JsonObject, name: str, shape: Mapping[str, Callable[[object], bool]], what: str
) -> JsonObject:
    """Return an object in a config, once its fields are what they have to be; each may be left out."""
    part = document.get(name) or {}
    if not isinstance(part, dict):
        raise bad(what, f"has a config whose {name} is no object")
    for field, fits in shape.items():
        if part.get(field) is not None and not fits(part[field]):
            raise bad(what, f"has a config whose {field} is not what it has to be")
    return part


def check_platform(config: ImageConfig, platform: str, what: str) -> None:
    """Check that an image is for a platform.

    Raises:
        RegistryError: It is for another one.
    """
    found = platform_of({"platform": config.content})
    if usual(found) != usual(platform):
        raise for_others(what, shown(found), platform)


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
