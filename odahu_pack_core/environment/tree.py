"""Turns a freshly installed tree into what an image holds: nothing of the host stays in it."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from .install import InstalledTree

_LONGEST_FIRST_LINE: Final = 4096
_TRACES: Final = frozenset({"direct_url.json", "uv_cache.json"})
_FIRST_LINE: Final = re.compile(rb"#!.*python[^\n]*\n")
_SHELL_DETOUR: Final = re.compile(rb"#!/bin/sh\n'''exec' [^\n]*\n' '''\n")
"""What is written in place of an interpreter whose path is too long, or has a space in it, for ``#!``."""


def as_environment(tree: InstalledTree, python: str, interpreter: str) -> Path:
    """Make an installed tree what it is in the virtual environment of a target.

    Args:
        tree: What `install` left.
        python: X.Y of the target.
        interpreter: The environment's interpreter in the image, for scripts.

    Returns:
        The environment's folder.
    """
    library = f"python{python}"
    for folder in (tree.root / "lib", tree.root / "include" / "site"):
        if (folder / tree.library).exists():
            (folder / tree.library).rename(folder / library)
    for name in (".lock", ".gitignore", "CACHEDIR.TAG"):
        (tree.root / name).unlink(missing_ok=True)
    for script in _files(tree.root / "bin"):
        _give_interpreter(script, interpreter.encode())
    _settle_records(replace(tree, library=library).site_packages, renamed=(tree.library, library))
    return tree.root


def as_site_folder(tree: InstalledTree) -> Path:
    """Return an installed tree's packages as a flat folder, without scripts and data."""
    _settle_records(tree.site_packages, renamed=None)
    return tree.site_packages


def _files(folder: Path) -> Iterator[Path]:
    found = sorted(folder.iterdir()) if folder.is_dir() else []
    yield from (path for path in found if path.is_file() and not path.is_symlink())


def _give_interpreter(script: Path, interpreter: bytes) -> None:
    """Put the image's interpreter in a Python script's first line."""
    content = script.read_bytes()
    match = _SHELL_DETOUR.match(content[:_LONGEST_FIRST_LINE]) or _FIRST_LINE.match(content)
    if match:
        _replace(script, b"#!" + interpreter + b"\n" + content[match.end() :])


def _replace(path: Path, content: bytes) -> None:
    """Write another file in place of one that may be linked to from elsewhere."""
    draft = path.with_name(f"{path.name}.new")
    draft.write_bytes(content)
    draft.chmod(path.stat().st_mode)
    draft.replace(path)


def _settle_records(site: Path, renamed: tuple[str, str] | None) -> None:
    """Remove the installer's traces, and make every RECORD tell what there is."""
    for metadata in sorted(site.glob("*.dist-info")):
        for trace in _TRACES:
            (metadata / trace).unlink(missing_ok=True)
        record = metadata / "RECORD"
        if record.is_file():
            _replace(record, _settled(record.read_text(encoding="utf-8"), site, renamed).encode())


def _settled(record: str, site: Path, renamed: tuple[str, str] | None) -> str:
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    for row in csv.reader(io.StringIO(record)):
        if not row:
            continue
        path, digest, size = [*row, "", ""][:3]
        if renamed is not None and path.startswith("../"):
            path = path.replace(f"/{renamed[0]}/", f"/{renamed[1]}/")
        elif path.startswith("../"):
            continue
        if not (site / path).is_file():
            continue
        if path.startswith("../") and digest:
            digest, size = _digest_and_size(site / path)
        writer.writerow((path, digest, size))
    return written.getvalue()


def _digest_and_size(path: Path) -> tuple[str, str]:
    """Return a RECORD's words for a file: https://packaging.python.org/en/latest/specifications/recording-installed-packages."""
    content = path.read_bytes()
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
    return f"sha256={digest}", str(len(content))
