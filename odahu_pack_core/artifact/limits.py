"""What an artifact may expand to, counted while it is unpacked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from odahu_pack_core.errors import ArtifactError

MOST_MEMBERS: Final = 1_000_000
DEFAULT_EXPANSION: Final = 100
_FREE_BYTES: Final = 256 * 1024 * 1024


@dataclass
class Allowance:
    """Counts members and bytes, and stops a bomb.

    Args:
        packed: Bytes of the archive.
        expansion: How many times its size it may become, once over 256 MiB.
    """

    packed: int
    expansion: int = DEFAULT_EXPANSION
    members: int = 0
    unpacked: int = 0

    def count_member(self) -> None:
        """Count one member.

        Raises:
            ArtifactError: There are too many.
        """
        self.members += 1
        if self.members > MOST_MEMBERS:
            raise ArtifactError(
                f"the artifact has more than {MOST_MEMBERS:,} members", code="too-many-members"
            )

    def count_bytes(self, count: int) -> None:
        """Count unpacked bytes.

        Raises:
            ArtifactError: The archive expands too far.
        """
        self.unpacked += count
        if self.unpacked > max(_FREE_BYTES, self.packed * self.expansion):
            raise ArtifactError(
                f"the artifact expands to more than {self.expansion} times its {self.packed:,} bytes",
                code="expands-too-far",
                hint="if it is really that compressible, raise the limit with --max-expansion",
            )
