"""Connection: where something outside is, and the credentials for it."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, PlainSerializer, SecretStr, Tag, field_validator
from pydantic.functional_validators import BeforeValidator

from odahu_pack_core.errors import SpecError

from .entity import Entity, StrictModel, Text

_FORMS = (
    "a plain string is base64 of UTF-8 text; the other forms are {env: NAME}, {file: PATH} and {value: TEXT}"
)
_MASK = "*****"
_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")


def _mask(_: SecretStr) -> str:
    return _MASK


HiddenText = Annotated[SecretStr, Field(strict=False), PlainSerializer(_mask)]
"""Text that no repr, log or serialisation shows."""


class WrittenSecret(StrictModel):
    """A secret that the manifest holds in plain text."""

    value: HiddenText


class EncodedSecret(StrictModel):
    """A secret that the manifest holds as base64, kept decoded.

    Its own class, because a registry's refusal is explained differently when the text was read as base64.
    """

    value: HiddenText


class EnvironmentSecret(StrictModel):
    """A secret that an environment variable holds."""

    env: Text


class FileSecret(StrictModel):
    """A secret that a file holds; one line end at its end is not part of it."""

    file: Text


def _form(value: Any) -> str:  # noqa: ANN401  # a discriminator sees anything
    """Name the form of a secret by a tag that no key of a document equals."""
    if isinstance(value, EncodedSecret):
        return "<base64>"
    if isinstance(value, EnvironmentSecret) or (isinstance(value, Mapping) and "env" in value):
        return "<env>"
    if isinstance(value, FileSecret) or (isinstance(value, Mapping) and "file" in value):
        return "<file>"
    return "<value>"


def _from_base64(value: object) -> object:
    if isinstance(value, Mapping | StrictModel) or value is None:
        return value
    if not isinstance(value, str):
        raise ValueError(f"must be text or a mapping; {_FORMS}")  # noqa: TRY004  # pydantic reports ValueError
    if value == _MASK:
        raise ValueError(f"{_MASK} is what stands in place of a secret; write the secret itself: {_FORMS}")
    packed = "".join(value.split())  # base64 may be folded
    try:
        if not _BASE64.fullmatch(packed):
            raise binascii.Error  # noqa: TRY301  # b64decode is lenient in ways that differ between Pythons
        text = base64.b64decode(packed).decode()
    except (binascii.Error, UnicodeError):
        raise ValueError(f"not base64 of UTF-8 text; {_FORMS}") from None
    return EncodedSecret(value=SecretStr(text))


AnySecret = EncodedSecret | WrittenSecret | EnvironmentSecret | FileSecret

Secret = Annotated[
    Annotated[EncodedSecret, Tag("<base64>")]
    | Annotated[WrittenSecret, Tag("<value>")]
    | Annotated[EnvironmentSecret, Tag("<env>")]
    | Annotated[FileSecret, Tag("<file>")],
    Discriminator(_form),
    BeforeValidator(_from_base64),
]
"""A credential in one of its three written forms, or base64 in a plain string."""


def reveal(
    secret: AnySecret,
    environ: Mapping[str, str],
    field: str = "",
    read_text: Callable[[Path], str] = lambda path: path.read_text(encoding="utf-8"),
) -> str:
    """Return the plain text of a secret.

    Args:
        secret: The secret as written.
        environ: The environment variables it may name.
        field: Where it is written, as errors call it; empty to leave that out.
        read_text: Reads the file it may name.

    Raises:
        SpecError: The variable is not set, or the file cannot be read as text.
    """
    if isinstance(secret, EncodedSecret | WrittenSecret):
        return secret.value.get_secret_value()
    where = f"{field}: " if field else ""
    if isinstance(secret, EnvironmentSecret):
        if secret.env not in environ:
            raise SpecError(f"{where}the environment variable {secret.env} is not set", code="secret-missing")
        return environ[secret.env]
    try:
        return read_text(Path(secret.file).expanduser()).removesuffix("\n")
    except (OSError, ValueError, RuntimeError) as error:
        # ValueError: not UTF-8, or a path with a NUL; RuntimeError: nobody's home folder.
        reason = error.strerror if isinstance(error, OSError) else type(error).__name__
        message = f"{where}cannot read a secret from {secret.file}: {reason}"
        raise SpecError(message, code="secret-missing") from None


class ConnectionSpec(StrictModel):
    """Where something is and how to get in; which fields matter depends on ``type``."""

    type: Text
    uri: Text
    region: str | None = None
    username: str | None = None
    password: Secret | None = None
    role: str | None = None
    key_id: Secret | None = Field(default=None, alias="keyID")
    key_secret: Secret | None = None
    public_key: str | None = None
    reference: str | None = None
    description: str | None = None
    web_ui_link: str | None = Field(default=None, alias="webUILink")
    vital: bool | None = None

    @field_validator("password", "key_id", "key_secret", mode="before")
    @classmethod
    def _empty_is_absent(cls, value: object) -> object:
        return None if value == "" else value

    @field_validator("uri")
    @classmethod
    def _one_line(cls, value: str) -> str:
        if not value.isprintable() or " " in value:
            raise ValueError("a uri holds neither spaces nor control characters")
        scheme, _, rest = value.rpartition("://")
        user, at, _ = rest.partition("/")[0].rpartition("@")
        # A name alone is part of git's addresses (git@host:path); with http it would be a token.
        if at and (":" in user or scheme in {"http", "https"}):
            raise ValueError("a uri holds no credentials; use username and password")
        return value


class ConnectionStatus(StrictModel):
    """What ODAHU's operator notes about a connection."""

    secret_name: str | None = None
    service_account: str | None = None


class Connection(Entity):
    """Where something outside is, such as an image registry, and the credentials for it."""

    kind: Literal["Connection"] = "Connection"
    spec: ConnectionSpec
    status: ConnectionStatus | None = None
