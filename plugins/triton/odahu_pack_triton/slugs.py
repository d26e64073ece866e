"""Short names for layers and folders of an image, made of the names of models."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

_UNFIT: Final = re.compile(r"[^a-z0-9]+")
_LONGEST: Final = 32


def slugs_of(names: Iterable[str]) -> Mapping[str, str]:
    """Return a slug for each name: lowercase letters, digits and hyphens, no two alike.

    Args:
        names: Names of models.
    """
    slugs: dict[str, str] = {}
    for name in names:
        base = _UNFIT.sub("-", name.lower()).strip("-")[:_LONGEST].rstrip("-") or "model"
        slug, number = base, 1
        while slug in slugs.values():
            number += 1
            slug = f"{base}-{number}"
        slugs[name] = slug
    return slugs
