"""The command line: ``odahuflowctl``, also installed as ``odahu-pack``; the only part that prints."""

from .entry import main

__all__ = ["main"]
