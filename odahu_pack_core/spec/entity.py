"""What all entities share: strict models with camelCase keys, ids, and the fields that ODAHU writes."""

from __future__ import annotations

from typing import Annotated, Final, TypeVar

from pydantic import BaseModel, ConfigDict, PrivateAttr, StringConstraints
from pydantic.alias_generators import to_camel

from .origin import FieldPath, Origin

EntityT = TypeVar("EntityT", bound="Entity")

IDENTIFIER_PATTERN: Final = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"

Identifier = Annotated[str, StringConstraints(strict=True, max_length=63, pattern=IDENTIFIER_PATTERN)]
"""An entity's id: at most 63 lowercase letters, digits and ``-``, with a letter or digit at both ends."""

Text = Annotated[str, StringConstraints(strict=True, min_length=1)]
"""A string that is not empty."""


class StrictModel(BaseModel):
    """A frozen model that refuses unknown keys and never coerces; built when it first validates."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        alias_generator=to_camel,
        populate_by_name=True,
        hide_input_in_errors=True,
        defer_build=True,
    )


class Entity(StrictModel):
    """An entity's envelope: its id and the fields that ODAHU's server adds."""

    id: Identifier
    created_at: str | None = None
    updated_at: str | None = None
    deletion_mark: bool | None = None

    _origin: Origin | None = PrivateAttr(default=None)

    @property
    def origin(self) -> Origin | None:
        """The document this entity was read from; None when it was made in Python."""
        return self._origin

    def written_in(self: EntityT, origin: Origin) -> EntityT:  # noqa: PYI019  # Python 3.10 has no Self
        """Return the entity with the document it was read from."""
        copy = self.model_copy()
        copy._origin = origin  # noqa: SLF001  # the copy is ours
        return copy

    def place(self, path: FieldPath = ()) -> str:
        """Name where a field of this entity is written."""
        return self._origin.place(path) if self._origin else f"{type(self).__name__} {self.id!r}"
