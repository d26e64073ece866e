"""The linter: rules over a model repository that tell, without Triton, whether Triton will load it."""

from .finding import Finding, Severity
from .linting import lint
from .rule import RULES, Fault, Rule, Subject, rule

__all__ = ["RULES", "Fault", "Finding", "Rule", "Severity", "Subject", "lint", "rule"]
