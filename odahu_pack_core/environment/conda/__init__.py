"""Conda environments made on the host: solved and fetched by rattler, linked here, without conda."""

from __future__ import annotations

from importlib.util import find_spec


def can_link() -> bool:
    """Tell whether rattler, which is optional, is installed."""
    return find_spec("rattler") is not None
