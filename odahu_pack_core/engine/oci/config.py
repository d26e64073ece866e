"""The config of an image: that of its base, changed by each instruction in turn.

Format: https://github.com/opencontainers/image-spec (config.md). An instruction does to it what it does in
Docker's builder: https://docs.docker.com/reference/dockerfile/.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import Any, Final

from odahu_pack_core.engine.told_python import python_label
from odahu_pack_core.names import CACHE_LABEL, PYTHON_LABEL
from odahu_pack_core.plan.base import BaseFacts, BasePython
from odahu_pack_core.plan.dockerfile import render_instruction
from odahu_pack_core.plan.instruction import (
    Cmd,
    Entrypoint,
    Env,
    Expose,
    From,
    Instruction,
    Label,
    User,
    Workdir,
)

from .source_image import SourceImage
from .steps import Step

_KEPT: Final = ("os.version", "os.features")
_KEPT_SETTINGS: Final = (
    *("User", "ExposedPorts", "Env", "Entrypoint", "Cmd", "Volumes", "WorkingDir", "Labels", "StopSignal"),
    *("StopTimeout", "Healthcheck", "Shell", "ArgsEscaped"),
)
"""What an image takes over from its base; triggers (``OnBuild``) are not handed on."""


def image_config(
    base: SourceImage, platform: str, steps: Sequence[Step], diff_ids: Sequence[str], time: int
) -> bytes:
    """Return the config of an image as JSON that is the same whoever writes it.

    Args:
        base: The base image.
        platform: ``os/arch`` or ``os/arch/variant``.
        steps: What was done on top of the base.
        diff_ids: The digest of the tar stream of each layer that the steps add, in order.
        time: When the image was created, in seconds since 1970.
    """
    created = datetime.fromtimestamp(time, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    all_diff_ids = [*(layer.diff_id for layer in base.layers), *diff_ids]
    config: dict[str, Any] = {
        **{key: base.config[key] for key in _KEPT if base.config.get(key)},
        **platform_object(platform, base.config),
        "created": created,
        "config": _telling(_settings(base.config.get("config") or {}, steps), base.facts, all_diff_ids),
        "rootfs": {"type": "layers", "diff_ids": all_diff_ids},
        "history": [
            *_base_history(base, created),
            *(_entry(step, created) for step in steps if _tells(step)),
        ],
    }
    return canonical(config)


def platform_object(platform: str, config: Mapping[str, Any]) -> dict[str, str]:
    """Return a platform as configs and indexes write it.

    Args:
        platform: ``os/arch`` or ``os/arch/variant``.
        config: The base's config, which may know the variant.
    """
    system, architecture, *variant = platform.split("/")
    named = {"os": system, "architecture": architecture}
    known = variant[0] if variant else config.get("variant")
    return {**named, "variant": known} if known else named


def canonical(value: object) -> bytes:
    """Return JSON with sorted keys and without blanks."""
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def _settings(before: Mapping[str, Any], steps: Sequence[Step]) -> dict[str, Any]:
    settings = _Settings({key: before[key] for key in _KEPT_SETTINGS if before.get(key)})
    for step in steps:
        settings.apply(step.instruction)
    return settings.all


def _telling(settings: dict[str, Any], facts: BaseFacts, diff_ids: Sequence[str]) -> dict[str, Any]:
    """Let an image that others are built upon tell its Python, so that nobody has to look into it."""
    labels = settings.get("Labels") or {}
    if CACHE_LABEL not in labels or facts.python is None or facts.interpreter is None:
        return settings
    python = BasePython(facts.python, facts.interpreter, facts.libc)
    return {**settings, "Labels": {**labels, PYTHON_LABEL: python_label(python, diff_ids)}}


class _Settings:
    """How containers of the image run.

    Args:
        settings: The field ``config`` of the base's config.
    """

    def __init__(self, settings: dict[str, Any]) -> None:
        self.all = settings
        self._own_command = False

    def apply(self, instruction: Instruction) -> None:
        match instruction:
            case Env(name, value):
                self.all["Env"] = _with_variable(self.all.get("Env") or [], name, value)
            case Label(name, value):
                self.all["Labels"] = {**(self.all.get("Labels") or {}), name: value}
            case User(user):
                self.all["User"] = user
            case Workdir(path):
                self.all["WorkingDir"] = path
            case Expose(port):
                self.all["ExposedPorts"] = {**(self.all.get("ExposedPorts") or {}), f"{port}/tcp": {}}
            case Entrypoint(arguments):
                self._set("Entrypoint", arguments)
                if not self._own_command:
                    # The base's arguments were for the base's program.
                    self._set("Cmd", ())
            case Cmd(arguments):
                self._set("Cmd", arguments)
                self._own_command = True

    def _set(self, key: str, arguments: Sequence[str]) -> None:
        self.all.pop(key, None)
        if arguments:
            self.all[key] = list(arguments)


def _with_variable(env: Sequence[str], name: str, value: str) -> list[str]:
    """Return an environment in which a variable has a value; one that was there keeps its place."""
    entry, start = f"{name}={value}", f"{name}="
    if any(text.startswith(start) for text in env):
        return [entry if text.startswith(start) else text for text in env]
    return [*env, entry]


def _base_history(base: SourceImage, created: str) -> list[Mapping[str, Any]]:
    """Return the base's own history, or one entry for each layer where it does not fit the layers."""
    history = base.config.get("history") or []
    if sum(not entry.get("empty_layer") for entry in history) == len(base.layers):
        return list(history)
    return [{"created": created, "created_by": f"FROM {base.reference}"} for _ in base.layers]


def _tells(step: Step) -> bool:
    return not isinstance(step.instruction, From)


def _entry(step: Step, created: str) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "created": created,
        "created_by": render_instruction(step.instruction),
        "comment": "odahu-pack",
    }
    return entry if step.layer is not None else {**entry, "empty_layer": True}
