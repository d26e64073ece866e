"""The host names of Amazon's Elastic Container Registry, and what they say."""

from __future__ import annotations

import re
from typing import Final

from odahu_pack_core.values import dataclass

_HOST: Final = re.compile(
    r"(?P<account>\d{12})\.dkr\.ecr(?P<fips>-fips)?\.(?P<region>[a-z0-9][a-z0-9-]*)\.amazonaws\.com(?:\.cn)?"
)
URI_FORM: Final = "ACCOUNT.dkr.ecr.REGION.amazonaws.com/PREFIX, ACCOUNT being twelve digits"
"""How the uri of an ECR connection looks."""


@dataclass(frozen=True)
class EcrHost:
    """What the host of an ECR registry says.

    Args:
        account: The AWS account.
        region: The AWS region.
        fips: Whether the host is a FIPS endpoint.
    """

    account: str
    region: str
    fips: bool

    @classmethod
    def of(cls, host: str) -> EcrHost | None:
        """Read a host; None when it is none of ECR's."""
        match = _HOST.fullmatch(host)
        return cls(match["account"], match["region"], bool(match["fips"])) if match else None
