"""What an image, or its publisher, tells of its Python, so that nobody has to look into it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from typing import Final

from odahu_pack_core.names import CACHE_LABEL, CONDA_ENVIRONMENT_VARIABLE, PYTHON_LABEL
from odahu_pack_core.plan.base import BaseImage, BasePython

from .contents import ImageContents

_PYTHON: Final = re.compile(r"3\.\d{1,3}")
_INTERPRETER: Final = re.compile(r"(?:/[A-Za-z0-9_+-][A-Za-z0-9._+-]{0,254}){1,32}")
_LIBCS: Final = frozenset({"glibc", "musl"})
_LONGEST: Final = 2048


def python_label(python: BasePython, diff_ids: Sequence[str] = ()) -> str:
    """Return the value of the label that tells an image's Python.

    Args:
        python: What to tell.
        diff_ids: The layers that it is true of; an image with other layers on top inherits the label, and is
            then not believed. Without them it is believed wherever it stands.
    """
    fields = {"python": python.python, "interpreter": python.interpreter, "libc": python.libc}
    if diff_ids:
        fields["layers"] = _layers(diff_ids)
    return json.dumps(fields, sort_keys=True, separators=(",", ":"))


def told_python(base: BaseImage, labels: Mapping[str, str], diff_ids: Sequence[str]) -> BasePython | None:
    """Return what the image's label tells of its Python, else what its publisher does.

    A label that is not understood, or was written of other layers, tells nothing.

    Args:
        base: The image as asked for.
        labels: Its labels.
        diff_ids: Its layers.
    """
    return _labelled(labels.get(PYTHON_LABEL, ""), diff_ids) or base.known


def told_contents(
    told: BasePython | None, env: Mapping[str, str], labels: Mapping[str, str]
) -> ImageContents | None:
    """Return what is in an image where that is told; None where one has to look.

    Args:
        told: What was told of its Python.
        env: Its environment variables.
        labels: Its labels.
    """
    if told is None or CACHE_LABEL in labels or env.get(CONDA_ENVIRONMENT_VARIABLE):
        return None
    return ImageContents(told.python, told.interpreter, told.libc)


def _labelled(text: str, diff_ids: Sequence[str]) -> BasePython | None:
    try:
        fields = json.loads(text) if len(text) <= _LONGEST else None
    except (ValueError, RecursionError):
        return None
    if not isinstance(fields, dict) or fields.get("layers", _layers(diff_ids)) != _layers(diff_ids):
        return None
    python, interpreter, libc = (str(fields.get(key)) for key in ("python", "interpreter", "libc"))
    fits = _PYTHON.fullmatch(python) and _INTERPRETER.fullmatch(interpreter) and libc in _LIBCS
    return BasePython(python, interpreter, libc) if fits else None


def _layers(diff_ids: Sequence[str]) -> str:
    return f"sha256:{hashlib.sha256(' '.join(diff_ids).encode()).hexdigest()}"
