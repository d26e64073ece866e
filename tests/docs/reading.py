"""Reads documents as their reader does: blocks by language, files that they show, tables."""

import re
from pathlib import Path
from typing import NamedTuple

REPOSITORY = Path(__file__).parents[2]
README = REPOSITORY / "README.md"
_FILE = re.compile(r"<!-- file: (\S+) -->\n```\w+\n(.*?)```\n", re.DOTALL)
_FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"\[[^\]]+\]\(([^)#]+)[^)]*\)")


class Block(NamedTuple):
    """A fenced block: its language, its text and the line where it begins."""

    language: str
    text: str
    line: int


def blocks(document, *languages):
    """Return the fenced blocks of some languages, in order."""
    text = document.read_text()
    found = (
        Block(match[1], match[2], text.count("\n", 0, match.start()) + 1) for match in _FENCE.finditer(text)
    )
    return [block for block in found if block.language in languages]


def shown_files(document):
    """Return the files that a document shows in full, by name."""
    return dict(_FILE.findall(document.read_text()))


def links(document):
    """Return the targets of a document's links that are paths."""
    return [target for target in _LINK.findall(document.read_text()) if "://" not in target]


def commands(text):
    """Return each ``$ `` command of a console block with the output that is shown for it."""
    before, *parts = re.split(r"^\$ ", text, flags=re.MULTILINE)
    assert not before.strip(), "a console block begins with a command"
    for part in parts:
        lines = part.splitlines(keepends=True)
        length = next(number for number, line in enumerate(lines, 1) if not line.endswith("\\\n"))
        yield "".join(lines[:length]), "".join(lines[length:])
