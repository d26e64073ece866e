"""Types of option values: where an image goes, its platform, how results are printed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from odahu_pack_core.errors import SpecError, did_you_mean

from .formats import OutputFormat, compiled

if TYPE_CHECKING:
    from odahu_pack_core.plugins.protocols import ImageOutput

_TO_FILES: Final = ("docker-archive", "oci", "context")
_OUTPUTS: Final = ("registry", "docker", *_TO_FILES)
_PLATFORM: Final = re.compile(r"[a-z0-9]+/[a-z0-9]+(/[a-z0-9]+)?")


class OutputParameter(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.4 only
    """``type=TYPE[,dest=PATH]``."""

    name = "output"

    def convert(
        self,
        value: Any,  # noqa: ANN401  # click's signature
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> ImageOutput:
        """Return the text as a place for an image."""
        from odahu_pack_core.plugins.protocols import ImageOutput  # noqa: PLC0415  # slow to import

        if isinstance(value, ImageOutput):
            return value
        fields = self._fields(value, param, ctx)
        kind, dest = fields.get("type", ""), fields.get("dest", "")
        if kind not in _OUTPUTS:
            said = f"unknown type {kind!r}" if kind else "type= is missing"
            self.fail(f"{said}; {did_you_mean(kind, _OUTPUTS)}", param, ctx)
        if kind in _TO_FILES and not dest:
            self.fail(f"type={kind} needs a path: type={kind},dest=PATH", param, ctx)
        if kind not in _TO_FILES and dest:
            self.fail(f"type={kind} takes no dest=", param, ctx)
        return ImageOutput(kind, Path(dest) if dest else None)  # type: ignore[arg-type]  # one of the literals, checked above

    def _fields(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> dict[str, str]:
        """Return what stands before and after each ``=``."""
        fields: dict[str, str] = {}
        for part in value.split(","):
            key, _, text = part.partition("=")
            if key not in {"type", "dest"} or key in fields:
                self.fail(f"{part!r} is not understood; write type=TYPE,dest=PATH", param, ctx)
            fields[key] = text
        return fields


class PlatformsParameter(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.4 only
    """One or more of ``os/arch``, such as ``linux/amd64,linux/arm64``."""

    name = "platforms"

    def convert(
        self,
        value: Any,  # noqa: ANN401  # click's signature
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> tuple[str, ...]:
        """Return the platforms, each once."""
        if isinstance(value, tuple):
            return value
        platforms = tuple(dict.fromkeys(str(value).split(",")))
        for text in platforms:
            if not _PLATFORM.fullmatch(text):
                self.fail(f"{text!r} is not a platform; write for example linux/amd64", param, ctx)
        return platforms


class FormatParameter(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.4 only
    """One of some formats, or ``jsonpath=EXPRESSION``.

    Args:
        kinds: The formats that the command can print.
    """

    name = "format"

    def __init__(self, *kinds: str) -> None:
        self._kinds = kinds

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:  # noqa: ARG002  # click's signature
        """Return the choice for the help."""
        return self.choices()

    def convert(
        self,
        value: Any,  # noqa: ANN401  # click's signature
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> OutputFormat:
        """Return the text as a format; an expression is checked now, before a long run."""
        if isinstance(value, OutputFormat):
            return value
        kind, _, expression = str(value).partition("=")
        if kind == "jsonpath" and expression:
            try:
                return OutputFormat(kind, compiled(expression))
            except ValueError as error:
                self.fail(str(error), param, ctx)
        if value not in self._kinds:
            self.fail(f"unknown format {value!r}; write {self.choices()}", param, ctx)
        return OutputFormat(kind)

    def choices(self) -> str:
        """Return the formats in words."""
        return "|".join([*self._kinds, "jsonpath=EXPR"])


class MirrorParameter(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.4 only
    """``REGISTRY=HOST[/PREFIX]``."""

    name = "mirror"

    def convert(
        self,
        value: Any,  # noqa: ANN401  # click's signature
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> str:
        """Return the text, once it is clear that it names a mirror."""
        from odahu_pack_core.engine.oci.bases.mirrors import mirror_of  # noqa: PLC0415  # slow to import

        try:
            mirror_of(str(value))
        except SpecError as error:
            self.fail(f"{error.message}; {error.hint}".rstrip("; "), param, ctx)
        return str(value)
