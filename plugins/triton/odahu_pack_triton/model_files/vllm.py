"""vLLM models: ``model.json``, the arguments of the engine.

Source: https://github.com/triton-inference-server/vllm_backend, README.md
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import BinaryIO, Final

from .faults import ModelFileError

_MOST_BYTES: Final = 1024 * 1024


@dataclass(frozen=True)
class VllmModel:
    """The arguments of a vLLM engine.

    Args:
        model: The model to load, a name or a path; empty where none is named.
    """

    model: str


def read_vllm(stream: BinaryIO, file: str) -> VllmModel:
    """Read ``model.json``.

    Args:
        stream: The file.
        file: What errors call it.

    Raises:
        ModelFileError: It is no JSON object.
    """
    stream.seek(0)
    content = stream.read(_MOST_BYTES + 1)
    if len(content) > _MOST_BYTES:
        raise ModelFileError(f"larger than {_MOST_BYTES} bytes", file)
    try:
        arguments = json.loads(content)
    except json.JSONDecodeError as error:
        reason = f"line {error.lineno}, column {error.colno}: {error.msg}"
        raise ModelFileError(f"no JSON: {reason}", file) from None
    except (UnicodeDecodeError, RecursionError, ValueError):
        raise ModelFileError("no JSON", file) from None
    if not isinstance(arguments, dict):
        raise ModelFileError("no JSON object with the arguments of the engine", file)
    model = arguments.get("model", "")
    return VllmModel(model if isinstance(model, str) else "")
