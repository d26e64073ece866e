"""Kubernetes resource quantities, compared exactly.

Source: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

_QUANTITY: Final = re.compile(r"\A\+?(\d+(?:\.\d*)?|\.\d+)(?:([eE][+-]?\d{1,2})|([numkMGTPE]|[KMGTPE]i))?\Z")
_DECIMAL_POWER: Final = {"n": -9, "u": -6, "m": -3, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY_POWER: Final = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}
_LONGEST: Final = 64


def parse_quantity(text: str) -> Decimal:
    """Return the exact amount that a quantity such as ``1Gi``, ``250m`` or ``2`` stands for.

    Args:
        text: The quantity as written.

    Raises:
        ValueError: It is not a Kubernetes quantity, or is negative.
    """
    match = _QUANTITY.match(text) if len(text) <= _LONGEST else None
    if match is None:
        raise ValueError(f"{text[:_LONGEST]!r} is not a quantity; write for example 500m, 2, 128Mi or 1Gi")
    number, exponent, suffix = match.groups()
    if exponent:
        return Decimal(number + exponent)
    if suffix in _BINARY_POWER:
        return Decimal(number) * 2 ** _BINARY_POWER[suffix]
    return Decimal(number).scaleb(_DECIMAL_POWER.get(suffix, 0))
