"""The linter: rules over a model repository that tell, without Triton, whether Triton will load it."""

from .finding import Finding, Severity
from .linting import Report, examine, lint
from .rule import RULES, Fault, Rule, Subject, rule

__all__ = ["RULES", "Fault", "Finding", "Report", "Rule", "Severity", "Subject", "examine", "lint", "rule"]
