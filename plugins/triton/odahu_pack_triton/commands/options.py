"""Options and arguments that several of the commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import click
from click.shell_completion import CompletionItem

from odahu_pack_core import did_you_mean
from odahu_pack_triton.arguments import DEFAULT_TAG, release_of_tag
from odahu_pack_triton.lint import RULES
from odahu_pack_triton.releases import RELEASES, Release

Decorated = TypeVar("Decorated", bound=Callable[..., Any])
"""A command, or a function on its way to become one."""

MODEL_PATH: Final = click.Path(exists=True, path_type=Path)
"""A folder or an archive of models."""


class _TagParameter(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.4 only
    """A tag of Triton's image, such as ``24.10-py3``."""

    name = "tag"

    def convert(
        self,
        value: Any,  # noqa: ANN401  # click's signature
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> Release:
        """Return the release that the tag names."""
        if isinstance(value, Release):
            return value
        try:
            return release_of_tag(str(value))
        except ValueError as error:
            self.fail(f"{str(value)!r}: {error}", param, ctx)

    def shell_complete(
        self,
        ctx: click.Context,  # noqa: ARG002  # click's signature
        param: click.Parameter,  # noqa: ARG002  # as above
        incomplete: str,
    ) -> list[CompletionItem]:
        """Offer the releases, the newest first."""
        tags = (f"{version}-py3" for version in reversed(list(RELEASES)))
        return [CompletionItem(tag) for tag in tags if tag.startswith(incomplete)]


class RuleParameter(click.ParamType):  # type: ignore[type-arg]  # as above
    """The code of a rule, such as ``TR201``."""

    name = "code"

    def convert(
        self,
        value: Any,  # noqa: ANN401  # click's signature
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> str:
        """Return the code, once it is clear that there is such a rule."""
        code = str(value).upper()
        if code not in RULES:
            near = did_you_mean(code, RULES)
            hint = f"; {near}" if near.startswith("did you mean") else "; odahuflowctl triton rule lists all"
            self.fail(f"there is no rule {value!r}{hint}", param, ctx)
        return code

    def shell_complete(
        self,
        ctx: click.Context,  # noqa: ARG002  # click's signature
        param: click.Parameter,  # noqa: ARG002  # as above
        incomplete: str,
    ) -> list[CompletionItem]:
        """Offer the codes."""
        found = (rule for rule in RULES.values() if rule.code.startswith(incomplete.upper()))
        return [CompletionItem(rule.code, help=rule.name) for rule in found]


def release_option(command: Decorated) -> Decorated:
    """Add ``--triton-base-image-tag``."""
    return click.option(
        "--triton-base-image-tag",
        "--tag",
        "release",
        type=_TagParameter(),
        default=DEFAULT_TAG,
        show_default=True,
        help="The image, and so the release of Triton, that is to load the models.",
    )(command)
