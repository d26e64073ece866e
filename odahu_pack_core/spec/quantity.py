"""Kubernetes resource quantities, compared exactly.

Source: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Final

_QUANTITY: Final = re.compile(
    r"\+?(?P<number>[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE](?P<power>[+-]?[0-9]{1,2})|(?P<suffix>[numkMGTPE]|[KMGTPE]i))?"
)
_SCALE: Final = {
    **{
        suffix: Fraction(f"1e{power}")
        for suffix, power in zip("numkMGTPE", (-9, -6, -3, 3, 6, 9, 12, 15, 18), strict=True)
    },
    **{f"{prefix}i": Fraction(1024**power) for power, prefix in enumerate("KMGTPE", 1)},
}
_LONGEST: Final = 64


def parse_quantity(text: str) -> Fraction:
    """Return the exact amount that a quantity such as ``1Gi``, ``250m`` or ``2`` stands for.

    Args:
        text: The quantity as written.

    Raises:
        ValueError: It is not a Kubernetes quantity, or is negative.
    """
    match = _QUANTITY.fullmatch(text) if len(text) <= _LONGEST else None
    if match is None:
        raise ValueError(f"{text[:_LONGEST]!r} is not a quantity; write for example 500m, 2, 128Mi or 1Gi")
    if match["power"]:
        return Fraction(f"{match['number']}e{match['power']}")
    return Fraction(match["number"]) * _SCALE.get(match["suffix"], 1)
