"""A model configuration: its text, what Triton's schema makes of it, and where each field stands."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from odahu_pack_core import ArtifactError, did_you_mean

from .places import FieldPath, Place, find_places

if TYPE_CHECKING:
    from google.protobuf.text_format import ParseError

CONFIG: Final = "config.pbtxt"
ENVIRONMENT_PARAMETER: Final = "EXECUTION_ENV_PATH"
"""The parameter that names the environment of a Python model."""

_MOST_CHARACTERS: Final = 1024 * 1024
_LONGEST_REASON: Final = 300
_LONGEST_NAME: Final = 60
_UNKNOWN: Final = re.compile(r'(Message|Enum) type "([\w.]+)" has no (?:field|value) named "?([^"]+?)"?\.?$')


class ConfigTextError(ArtifactError):
    """A text is not a model configuration.

    Args:
        reason: What is wrong, without the place.
        place: Where; None where the parser does not say.
        file: The file that holds the text.
    """

    def __init__(self, reason: str, place: Place | None = None, *, file: str = CONFIG) -> None:
        where = f"{file}, line {place.line}, column {place.column}" if place else file
        super().__init__(f"{where}: {reason}", code="config-syntax")
        self.reason = reason
        self.place = place


@dataclass(frozen=True)
class ModelConfig:
    """A configuration that was read.

    Args:
        text: The text of the file.
        message: The text as ``inference.ModelConfig`` of Triton's ``model_config.proto``; never changed.
    """

    text: str
    message: Any = field(repr=False)

    @property
    def environment(self) -> str:
        """Value of ``EXECUTION_ENV_PATH``; empty where it is not set."""
        if ENVIRONMENT_PARAMETER not in self.message.parameters:
            return ""
        return str(self.message.parameters[ENVIRONMENT_PARAMETER].string_value)

    @property
    def label_files(self) -> tuple[str, ...]:
        """Files with names of classes, which Triton looks for in the model's folder."""
        names = (output.label_filename for output in self.message.output)
        return tuple(dict.fromkeys(filter(None, names)))

    def place(self, path: FieldPath) -> Place | None:
        """Return where a field stands; where it is not written, its nearest parent that is."""
        while path and path not in self._places:
            path = path[:-1]
        return self._places.get(path)

    @cached_property
    def _places(self) -> Mapping[FieldPath, Place]:
        return find_places(self.text, self.message.DESCRIPTOR)


def parse_config(text: str, file: str = CONFIG) -> ModelConfig:
    """Return what a configuration's text says.

    Args:
        text: The text.
        file: What messages call the file.

    Raises:
        ConfigTextError: It is not a model configuration; the message names line, column and field.
    """
    # gRPC comes with Triton's schema; both are slow to import.
    from google.protobuf import text_format  # noqa: PLC0415  # as above
    from tritonclient.grpc import model_config_pb2  # noqa: PLC0415  # as above

    if len(text) > _MOST_CHARACTERS:
        raise ConfigTextError(f"larger than {_MOST_CHARACTERS} characters", file=file)
    message = model_config_pb2.ModelConfig()
    try:
        text_format.Parse(text, message)
    except text_format.ParseError as error:
        raise _in_words(error, file) from None
    return ModelConfig(text, message)


def _in_words(error: ParseError, file: str) -> ConfigTextError:
    """Word a fault of the text with its place and, for a misspelt name, the near match."""
    line, column = error.GetLine(), error.GetColumn()
    place = Place(line, column or 1) if line else None
    reason = re.sub(r"^\d+:\d+ : ", "", str(error))
    unknown = _UNKNOWN.search(reason)
    if unknown is None:
        shown = reason if len(reason) <= _LONGEST_REASON else reason[:_LONGEST_REASON] + "…"
        return ConfigTextError(shown, place, file=file)
    kind, owner, name = unknown[1], unknown[2], unknown[3][:_LONGEST_NAME]
    what = "field" if kind == "Message" else "value"
    near = did_you_mean(name, _names(kind, owner))
    return ConfigTextError(f"unknown {what} {name!r} of {owner.rpartition('.')[2]}; {near}", place, file=file)


def _names(kind: str, owner: str) -> list[str]:
    from google.protobuf import descriptor_pool  # noqa: PLC0415  # as in parse_config

    pool = descriptor_pool.Default()
    if kind == "Message":
        return list(pool.FindMessageTypeByName(owner).fields_by_name)
    return list(pool.FindEnumTypeByName(owner).values_by_name)
