"""Paths of an image, in the words of its instructions, as they are on this machine."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final

from odahu_pack_core.values import dataclass

_PATH: Final = re.compile(r"""(?<![^\s=:,;'"])/[^\s=:,;'"]+""")
"""An absolute path at the start of a word, or where a list, an option's value or a quotation begins."""


@dataclass(frozen=True)
class Paths:
    """Finds what is laid out of an image.

    Args:
        root: The folder that stands for the image's root.
    """

    root: Path

    def on_host(self, words: str) -> str:
        """Return words in which each path that is laid out is replaced by where it is.

        What is not laid out, such as ``/tmp``, is this machine's own.

        Args:
            words: An argument of a program, or the value of a variable.
        """
        if words.startswith("/") and self.has(words):
            return self.place(words)
        return _PATH.sub(lambda found: self.place(found[0]) if self.has(found[0]) else found[0], words)

    def has(self, path: str) -> bool:
        """Tell whether an absolute path of the image is laid out; the root is both machine's and image's."""
        return bool(path.strip("/")) and os.path.lexists(self.place(path))

    def place(self, path: str) -> str:
        """Return where an absolute path of the image would be."""
        return f"{self.root}{path}"
