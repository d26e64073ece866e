"""Rules: a code, a severity, a page of documentation, and a function that finds faults."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from odahu_pack_triton.config import FieldPath, ModelConfig, Place
from odahu_pack_triton.releases import Release
from odahu_pack_triton.repository import ModelFolder, ModelRepository

from .finding import Severity

_CODE: Final = re.compile(r"TR[0-9]{3}")


@dataclass(frozen=True)
class Fault:
    """What a rule has to say; the linter adds the rest.

    Args:
        message: What is wrong, with the values concerned.
        at: The field of ``config.pbtxt`` concerned; where it is not written, its nearest parent is shown.
        hint: What to do about it; empty where the message says so.
        file: Another file of the model's folder than ``config.pbtxt``, such as ``1/model.py``.
        place: Where in the file, in place of ``at``; None for all of it.
    """

    message: str
    at: FieldPath = ()
    hint: str = ""
    file: str = ""
    place: Place | None = None


@dataclass(frozen=True)
class Subject:
    """One model with all that a rule may look at.

    Args:
        folder: The model's folder.
        config: Its configuration, parsed; that of ``message`` is what rules read mostly.
        repository: All models, for ensembles.
        release: The Triton release that is to load it.
    """

    folder: ModelFolder
    config: ModelConfig
    repository: ModelRepository
    release: Release

    @property
    def message(self) -> Any:  # noqa: ANN401  # protobuf's messages have no types of their own
        """The configuration as ``inference.ModelConfig``."""
        return self.config.message


Check = Callable[[Subject], Iterable[Fault]]


@dataclass(frozen=True)
class Rule:
    """One thing that can be wrong with a model.

    Args:
        code: ``TR`` and three digits; never given to another rule once it was released.
        name: The same in words, such as ``tensor-without-name``.
        severity: How grave it is.
        check: Finds the faults; its docstring is the rule's page.
        reads_text: Whether it looks at what keeps the configuration from being read, as the others do not.
    """

    code: str
    name: str
    severity: Severity
    check: Check
    reads_text: bool = False

    @property
    def can_be_ignored(self) -> bool:
        """Whether a comment in the configuration can switch it off."""
        return not self.reads_text and self.code != REMARKS

    @property
    def summary(self) -> str:
        """What is wrong, in one line."""
        return self.page.partition("\n")[0]

    @property
    def page(self) -> str:
        """The rule's documentation, in Markdown: what is wrong, what Triton does, what to write instead."""
        return inspect.getdoc(self.check) or ""


REMARKS: Final = "TR006"
"""The rule on comments that switch rules off."""

RULES: Final[dict[str, Rule]] = {}
"""Every rule by its code."""


def rule(code: str, name: str, severity: Severity, *, reads_text: bool = False) -> Callable[[Check], Check]:
    """Make a function a rule of the linter.

    Args:
        code: ``TR`` and three digits.
        name: The same in words, with hyphens.
        severity: How grave it is.
        reads_text: Whether it looks at what keeps the configuration from being read. Where something does,
            no other rule is asked.
    """

    def registered(check: Check) -> Check:
        assert _CODE.fullmatch(code), code  # noqa: S101  # our own rules only
        assert code not in RULES, code  # noqa: S101  # as above
        RULES[code] = Rule(code, name, severity, check, reads_text)
        return check

    return registered
