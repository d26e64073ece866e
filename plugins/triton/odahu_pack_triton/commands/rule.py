"""``triton rule``: what a rule of the linter says, or which there are."""

from __future__ import annotations

from typing import Final

import click

from odahu_pack_core import debug_option, to_stdout
from odahu_pack_triton.lint import RULES
from odahu_pack_triton.lint.pages import page

from .options import RuleParameter

_EPILOG: Final = """\b
Examples:
  odahuflowctl triton rule
  odahuflowctl triton rule TR201
"""


@click.command(epilog=_EPILOG, short_help="Explain a rule of the linter.")
@click.argument("code", required=False, type=RuleParameter())
@debug_option
def rule(code: str | None) -> None:
    """Print the page of a rule: what is wrong, what Triton does about it, what to write instead.

    Without CODE, list all rules.
    """
    if code is not None:
        to_stdout(page(RULES[code]).rstrip("\n"))
        return
    for each in sorted(RULES.values(), key=lambda each: each.code):
        to_stdout(f"{each.code}  {each.severity.value:7}  {each.name}: {each.summary}")
