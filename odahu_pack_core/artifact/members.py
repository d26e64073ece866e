"""Members of an archive, from whatever format, and the names that are safe to unpack."""

from __future__ import annotations

import sys
from pathlib import PurePosixPath
from typing import BinaryIO, Final, Literal

from odahu_pack_core.errors import ArtifactError
from odahu_pack_core.plan.artifact import Packed
from odahu_pack_core.values import dataclass

_NAMES: Final = "utf-8"
_DEEPEST: Final = 200
"""Far below what Python can walk through and remove again."""

_LARGE: Final = 1024 * 1024
_READ_BY_PATH: Final = (".whl", ".zip", ".tar.gz", ".tgz", ".tar.bz2", ".conda")
"""Endings of what installers are given by path, so that it must lie on the disk."""

_WHITEOUT: Final = ".wh."
"""How layers say that a file is gone: https://github.com/opencontainers/image-spec/blob/main/layer.md#whiteouts."""


@dataclass(frozen=True)
class Member:
    """One member of an archive.

    Args:
        path: Relative path, checked to stay inside; ``.`` for the root.
        kind: What it is; a hard link names an earlier file.
        executable: Whether its owner may run it.
        target: Where a link points.
        content: The bytes of a file, to be read before the next member is asked for.
        stays: A file that is large and can be read in its archive, in place of its content.
    """

    path: str
    kind: Literal["file", "folder", "symlink", "hardlink"]
    executable: bool = False
    target: str = ""
    content: BinaryIO | None = None
    stays: Packed | None = None


def may_stay(path: str, size: int) -> bool:
    """Tell whether a file is left in its archive: it is large, and nobody needs it by its path.

    Args:
        path: Its path in the artifact.
        size: Its bytes.
    """
    return size >= _LARGE and not path.lower().endswith(_READ_BY_PATH)


def safe_path(name: str) -> str:
    """Return a member's name as a plain relative path.

    Raises:
        ArtifactError: The name is absolute, leaves the tree, is nested too deeply, or cannot be in an image.
    """
    shown = ascii(name[:200])
    path = PurePosixPath(name)
    if path.is_absolute() or name[1:3] in {":\\", ":/"}:
        raise ArtifactError(f"the artifact's member {shown} has an absolute path", code="unsafe-path")
    if ".." in path.parts or ".." in name.split("\\"):
        raise ArtifactError(f"the artifact's member {shown} leaves the artifact", code="unsafe-path")
    if any(part.startswith(_WHITEOUT) for part in path.parts):
        raise ArtifactError(
            f"the artifact's member {shown} is named like a deletion in an image layer", code="unsafe-path"
        )
    if len(path.parts) > _DEEPEST:
        raise ArtifactError(f"the member {shown} lies more than {_DEEPEST} folders deep", code="unsafe-path")
    if not name.isascii() and sys.getfilesystemencoding() != _NAMES:
        raise ArtifactError(
            f"the artifact's member {shown} cannot be named: this Python takes file names to be "
            f"{sys.getfilesystemencoding()}, and images have {_NAMES}",
            code="file-names",
            hint="set PYTHONUTF8=1, or a locale of UTF-8",
        )
    if "\0" in name or any("\ud800" <= character <= "\udfff" for character in name):
        raise ArtifactError(f"the artifact's member {shown} is not named in Unicode", code="unsafe-path")
    return str(path)


def special(path: str) -> ArtifactError:
    """Return the refusal of what is neither file nor folder nor link."""
    return ArtifactError(f"the artifact's member {path!r} is a device, pipe or socket", code="special-file")
