"""The pages of the rules, written from the rules themselves.

Run ``python -m odahu_pack_triton.lint.pages docs/triton/rules`` after a change.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from itertools import groupby
from pathlib import Path
from typing import Final

from odahu_pack_triton.lint import RULES, Rule

_SUBJECTS: Final[Mapping[str, str]] = {
    "0": "Reading the configuration",
    "1": "The model, its backend, its files and versions",
    "2": "Inputs and outputs",
    "3": "Batching, sequences and ensembles",
    "4": "Instances and settings of the server",
    "5": "Python models and their environments",
    "6": "The configuration against the model file",
}
_HEAD: Final = """# Rules of the linter

These pages are written by `python -m odahu_pack_triton.lint.pages docs/triton/rules`; a test fails when they
are stale. [How the linter is used](../README.md).

An error is what Triton refuses, or what makes every request fail or be answered wrongly. A warning is what
loads and is likely not what was meant; `--strict` makes errors of warnings.
"""


def page(rule: Rule) -> str:
    """Return the page of a rule as Markdown."""
    return f"# {rule.code}: {rule.name}\n\n{rule.severity.value.capitalize()}. {rule.page.rstrip()}\n"


def index() -> str:
    """Return the list of all rules as Markdown."""
    rules = sorted(RULES.values(), key=lambda rule: rule.code)
    return "\n".join([_HEAD, *(_section(digit, list(group)) for digit, group in groupby(rules, _hundred))])


def pages() -> Mapping[str, str]:
    """Return all pages and their index by the names of their files."""
    return {"README.md": index(), **{f"{rule.code}.md": page(rule) for rule in RULES.values()}}


def write(folder: Path) -> None:
    """Write all pages into a folder, and remove those of rules that are no more."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = pages()
    for stale in folder.glob("*.md"):
        if stale.name not in wanted:
            stale.unlink()
    for name, text in wanted.items():
        (folder / name).write_text(text, encoding="utf-8")


def _hundred(rule: Rule) -> str:
    return rule.code[2]


def _section(digit: str, rules: list[Rule]) -> str:
    head = f"## {_SUBJECTS[digit]}\n\n| code | severity | what is wrong |\n|---|---|---|\n"
    return head + "".join(
        f"| [{rule.code}]({rule.code}.md) | {rule.severity.value} | {rule.summary.replace('|', '&#124;')} |\n"
        for rule in rules
    )


if __name__ == "__main__":
    write(Path(sys.argv[1]))
