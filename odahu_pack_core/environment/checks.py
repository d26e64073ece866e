"""What is checked of packages after they are installed, by what they say of themselves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from email import message_from_string
from email.message import Message
from pathlib import Path
from typing import Final

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.tags import Tag, parse_tag

from odahu_pack_core.errors import DependencyError
from odahu_pack_core.events import EventSink, Notice

from .target import Target
from .wheel_tags import runs_on

_DIST_INFO: Final = ".dist-info"


def check_installed(site_packages: Path, target: Target, emit: EventSink) -> None:
    """Check that every package can run on the target.

    Args:
        site_packages: Where the packages are.
        target: What they must run on.
        emit: Told of packages that name an upper bound for Python, which uv does not heed.

    Raises:
        DependencyError: A package was built for the host instead of the target; the error names it.
    """
    for folder in sorted(site_packages.glob(f"*{_DIST_INFO}")):
        name = folder.name.removesuffix(_DIST_INFO).replace("-", " ")
        tags = frozenset(_tags(_headers(folder / "WHEEL").get_all("Tag", [])))
        if tags and not runs_on(tags, target):
            raise DependencyError(
                f"{name} was built for {', '.join(sorted(map(str, tags)))}, not for {target}",
                code="wrong-wheel",
                hint="use a version that has a wheel, or run on a machine like the image",
            )
        bound = str(_headers(folder / "METADATA").get("Requires-Python", ""))
        if not _fits(target.full_python, bound):
            message = f"{name} asks for Python {bound}; whether it works on {target.full_python} is uncertain"
            emit(Notice(message, "warning"))


def _headers(path: Path) -> Message:
    try:
        return message_from_string(path.read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return Message()


def _tags(lines: Iterable[str]) -> Iterator[Tag]:
    for line in lines:
        yield from parse_tag(line.strip())


def _fits(python: str, bound: str) -> bool:
    try:
        return SpecifierSet(bound).contains(python, prereleases=True)
    except InvalidSpecifier:
        return True
