"""A model configuration: its text, what Triton's schema makes of it, and where each field stands."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from odahu_pack_core import ArtifactError

from .place import FieldPath, Place, TextFault
from .structure import structure_faults
from .tokens import Token, tokens_of, without_question_marks
from .walk import Walked, walk

if TYPE_CHECKING:
    from google.protobuf.text_format import ParseError

CONFIG: Final = "config.pbtxt"
ENVIRONMENT_PARAMETER: Final = "EXECUTION_ENV_PATH"
"""The parameter that names the environment of a Python model."""

MOST_CHARACTERS: Final = 256 * 1024
"""A configuration larger than this is refused before it is parsed."""

MOST_BYTES: Final = 4 * (MOST_CHARACTERS + 1)
"""As many bytes tell whether a configuration is too large."""

_LONGEST_REASON: Final = 200
_TOP: Final = Place(1, 1)
_TWICE: Final = re.compile(r'should not have multiple "(\w+)" fields')
_EITHER: Final = re.compile(r'Field "(\w+)" is specified along with field "(\w+)"')


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
            Empty where there are faults.
        faults: What keeps the text from being a configuration, in the order of places.
        walked: Every name and every place of the text; nothing where there are faults.
    """

    text: str
    message: Any = field(repr=False)
    faults: tuple[TextFault, ...] = ()
    walked: Walked = field(default_factory=Walked, repr=False, compare=False)

    @property
    def is_ensemble(self) -> bool:
        """Whether the model is made of others."""
        return bool(self.message.platform == "ensemble" or self.message.HasField("ensemble_scheduling"))

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
        return self.walked.fields.place(path)


def parse_config(text: str, file: str = CONFIG) -> ModelConfig:
    """Return what a configuration's text says.

    Args:
        text: The text.
        file: What messages call the file.

    Raises:
        ConfigTextError: It is not a model configuration; the message names line, column and field.
    """
    config = read_config(text)
    for fault in config.faults:
        raise ConfigTextError(fault.reason, fault.place, file=file)
    return config


def read_config(text: str | bytes) -> ModelConfig:
    """Return what a configuration's text says, or all that keeps it from being one.

    Args:
        text: The text, or the file's content as it is.
    """
    return _read(text.decode("utf-8", "replace") if isinstance(text, bytes) else text)


@lru_cache(maxsize=64)
def _read(text: str) -> ModelConfig:
    """Read a text once for all who ask: layout, completion, rules, and ensembles that run the model."""
    # gRPC comes with Triton's schema, and is slow to import.
    from tritonclient.grpc import model_config_pb2  # noqa: PLC0415  # as above

    message = model_config_pb2.ModelConfig()
    walked = _walked(text, message)
    if not walked.faults:
        return ModelConfig(text, message, walked=walked)
    faults = sorted(walked.faults, key=lambda fault: fault.place)
    return ModelConfig(text, model_config_pb2.ModelConfig(), tuple(faults))


def _walked(text: str, message: Any) -> Walked:  # noqa: ANN401  # protobuf's messages have no types
    """Fill a message with what a text says, and walk through it; the faults are those of both."""
    if len(text) > MOST_CHARACTERS:
        return Walked(faults=[TextFault(f"larger than {MOST_CHARACTERS} characters", _TOP)])
    tokens = [token for token in tokens_of(text) if token.kind != "comment"]
    if faults := list(structure_faults(tokens)):
        return Walked(faults=faults)
    walked = walk(tokens, message.DESCRIPTOR)
    # Where names are wrong, protobuf would tell the first of them in words of its own.
    if not walked.faults and (fault := _parse(text, tokens, message)):
        walked.faults.append(fault)
    return walked


def _parse(text: str, tokens: Sequence[Token], message: Any) -> TextFault | None:  # noqa: ANN401  # as above
    """Fill a message with what a text says; return what protobuf does not take."""
    from google.protobuf import text_format  # noqa: PLC0415  # slow to import

    try:
        text_format.Parse(_for_python(text, tokens), message)
    except text_format.ParseError as error:
        return _in_words(error, text)
    return None


def _for_python(text: str, tokens: Sequence[Token]) -> str:
    """Return a text without what Triton's parser takes and Python's does not."""
    pieces, end = [], 0
    for token, following in pairwise([*tokens, Token("end", "", 0, 0, len(text))]):
        between = text[token.start + 1 : following.start]
        if token.text == "-" and between.isspace():
            pieces += [text[end : token.start], between, "-"]
            end = following.start
        elif token.kind == "text" and r"\?" in token.text:
            pieces += [text[end : token.start], without_question_marks(token.text)]
            end = token.start + len(token.text)
    return "".join([*pieces, text[end:]])


def _in_words(error: ParseError, text: str) -> TextFault:
    line, column = error.GetLine() or 1, error.GetColumn() or 1
    [there] = text.split("\n")[line - 1 : line] or [""]
    reason = re.sub(r"^\d+:\d+ : ", "", str(error)).removeprefix(f"'{there}': ").removeprefix("'': ")
    if twice := _TWICE.search(reason):
        before = there.rfind(twice[1], 0, column)
        return TextFault(f"{twice[1]} is written twice", Place(line, before + 1 if before >= 0 else column))
    if either := _EITHER.search(reason):
        return TextFault(f"{either[1]} and {either[2]} exclude each other", Place(line, column))
    shown = reason if len(reason) <= _LONGEST_REASON else reason[:_LONGEST_REASON] + "…"
    return TextFault(shown[:1].lower() + shown[1:].rstrip("."), Place(line, column))
