"""Addresses that a registry names: hostile until they are read."""

from __future__ import annotations

from urllib.parse import SplitResult, urljoin, urlsplit

_SCHEMES = frozenset({"http", "https"})


def web_address(base: str, target: str) -> SplitResult | None:
    """Read an address.

    Args:
        base: Where it was named.
        target: What was named, perhaps relative to that.

    Returns:
        None for what is no web address, or names a user.
    """
    try:
        parts = urlsplit(urljoin(base, target))
        named = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return None
    if not named or parts.scheme not in _SCHEMES or "@" in parts.netloc:
        return None
    return parts._replace(fragment="")
