"""The results of a packaging in lines that scripts can read: ``name: value``."""

from __future__ import annotations

from odahu_pack_core.result import PackagingResult

from .console import to_stdout, visible


def print_results(result: PackagingResult) -> None:
    """Print each result on a line, and where the image is when that is no registry."""
    location = (("location", result.image.location),) if result.image.location else ()
    for name, value in (*result.results, *location):
        to_stdout(visible(f"{name}: {value}"))
