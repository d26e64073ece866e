"""All rules applied to one model."""

from __future__ import annotations

from odahu_pack_triton.config import Place

from . import rules as rules  # noqa: PLC0414  # registers them
from .finding import Finding
from .rule import RULES, Fault, Rule, Subject

_TOP = Place(0, 0)


def lint(subject: Subject) -> tuple[Finding, ...]:
    """Return what is wrong with a model, in the order of files, places and codes."""
    findings = [_finding(rule, fault, subject) for rule in RULES.values() for fault in rule.check(subject)]
    return tuple(sorted(findings, key=_order))


def _finding(rule: Rule, fault: Fault, subject: Subject) -> Finding:
    folder = subject.folder
    if fault.file:
        file, place = folder.shown(fault.file), fault.place
    else:
        file, place = folder.config_file, subject.config.place(fault.at)
    return Finding(rule.code, rule.severity, folder.name, fault.message, file, place, fault.hint)


def _order(finding: Finding) -> tuple[str, int, int, str]:
    place = finding.place or _TOP
    return finding.file, place.line, place.column, finding.code
