"""All rules applied to one model."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import Final

from odahu_pack_triton.config import Place
from odahu_pack_triton.config.remarks import remarks_of

from . import rules as rules  # noqa: PLC0414  # registers them
from .finding import Finding
from .rule import RULES, Fault, Rule, Subject

_TOP = Place(0, 0)
_MOST_OF_ONE_RULE: Final = 200
"""Faults of one rule that are told of a model; a text can be made to have any number."""


@dataclass(frozen=True)
class Report:
    """What is wrong with a model.

    Args:
        findings: In the order of files, places and codes.
        ignored: What a comment in the configuration says to ignore, in the same order.
    """

    findings: tuple[Finding, ...]
    ignored: tuple[Finding, ...] = ()


def lint(subject: Subject) -> tuple[Finding, ...]:
    """Return what is wrong with a model, in the order of files, places and codes.

    What a comment ``# odahu-pack: ignore TR305`` in its configuration switches off is left out.
    """
    return examine(subject).findings


def examine(subject: Subject) -> Report:
    """Return what is wrong with a model, and what of it is to be ignored."""
    asked = [rule for rule in RULES.values() if rule.reads_text or not subject.config.faults]
    found = sorted(
        (
            _finding(rule, fault, subject)
            for rule in asked
            for fault in islice(rule.check(subject), _MOST_OF_ONE_RULE)
        ),
        key=_order,
    )
    ignored = _ignored(subject) if found else frozenset()
    return Report(
        tuple(finding for finding in found if finding.code not in ignored),
        tuple(finding for finding in found if finding.code in ignored),
    )


def _ignored(subject: Subject) -> frozenset[str]:
    """Return the codes of the rules that a model's configuration switches off."""
    remarks = remarks_of(subject.config.text)
    codes = {remark.code for remark in remarks if remark.verb == "ignore" and remark.code in RULES}
    return frozenset(code for code in codes if RULES[code].can_be_ignored)


def _finding(rule: Rule, fault: Fault, subject: Subject) -> Finding:
    folder = subject.folder
    place = fault.place
    if not fault.file and place is None:
        place = subject.config.place(fault.at)
    file = folder.shown(fault.file) if fault.file else folder.config_file
    message, hint = _in_one_line(fault.message), _in_one_line(fault.hint)
    return Finding(rule.code, rule.severity, folder.name, message, file, place, hint)


def _in_one_line(text: str) -> str:
    """Return a text without line breaks, so that no value of a model begins a line of a build's log."""
    return "\\n".join(text.split("\n"))


def _order(finding: Finding) -> tuple[str, int, int, str]:
    place = finding.place or _TOP
    return finding.file, place.line, place.column, finding.code
