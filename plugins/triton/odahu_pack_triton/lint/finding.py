"""What a rule found, where, and how grave it is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from odahu_pack_triton.config import Place


class Severity(Enum):
    """How grave a finding is."""

    ERROR = "error"
    """Triton will not load the model, or every request fails."""
    WARNING = "warning"
    """Triton loads the model, which then acts otherwise than its author is likely to expect."""


@dataclass(frozen=True)
class Finding:
    """One fault of a model.

    Args:
        code: The rule's, such as ``TR201``.
        severity: How grave it is.
        model: The model's name.
        message: What is wrong.
        file: The file, as a path in the artifact.
        place: Where in the file; None for the file as a whole.
        hint: What to do about it; empty where the message says so.
    """

    code: str
    severity: Severity
    model: str
    message: str
    file: str
    place: Place | None = None
    hint: str = ""

    def __str__(self) -> str:
        where = f"{self.file}:{self.place.line}:{self.place.column}" if self.place else self.file
        text = f"{where}: {self.severity.value} {self.code}: {self.message}"
        return f"{text}\n  {self.hint}" if self.hint else text
