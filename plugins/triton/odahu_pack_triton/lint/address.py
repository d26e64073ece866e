"""Where the pages of the rules are."""

from __future__ import annotations

from typing import Final

PAGES: Final = "docs/triton/rules"
"""The folder of the pages, in the repository of odahu-pack."""


def page_of(code: str) -> str:
    """Return where the page of a rule is.

    Args:
        code: Such as ``TR201``.
    """
    return f"{PAGES}/{code}.md"
