"""The template engine of image names: literal text and sandboxed expressions, kept apart to the end."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from odahu_pack_core.errors import SpecError, did_you_mean
from odahu_pack_core.values import dataclass

if TYPE_CHECKING:
    from jinja2 import nodes
    from jinja2.sandbox import SandboxedEnvironment

VARIABLES: Final = ("Name", "Version", "RandomUUID")
FILTERS: Final = ("default", "lower", "replace", "truncate", "upper")
_LONGEST: Final = 1024
_OPEN, _CLOSE = "\x02", "\x03"
_MARKED: Final = re.compile(f"{_OPEN}([^{_CLOSE}]*){_CLOSE}")
_FORBIDDEN_TOKENS: Final = {"block_begin", "comment_begin", "raw_begin"}
_VARIABLE: Final = re.compile(r"\{\{ *(" + "|".join(VARIABLES) + r") *\}\}")


@dataclass(frozen=True)
class Run:
    """A stretch of a rendered template: literal text, or what one expression became.

    Args:
        text: The stretch.
        is_value: Whether an expression made it.
    """

    text: str
    is_value: bool


def render_runs(template: str, values: Mapping[str, str]) -> list[Run]:
    """Render a template of text and expressions, and keep the two apart.

    Args:
        template: The template as written.
        values: A value for each of `VARIABLES`.

    Raises:
        SpecError: The template holds anything but text and expressions of the known variables and filters.
    """
    if len(template) > _LONGEST:
        raise SpecError(f"imageName is longer than {_LONGEST} characters", code="image-name")
    if not template.isprintable():
        raise SpecError("imageName holds a control character", code="image-name")
    plain = _marked_variables(template, values)
    return list(_runs(_expanded(template, values) if plain is None else plain))


def _marked_variables(template: str, values: Mapping[str, str]) -> str | None:
    """Render a template of text and bare variables, as most are, without the template engine.

    Returns:
        The rendered text; None where more than that is in the template.
    """
    *texts, end = _VARIABLE.split(template)
    if any("{" in text or "}" in text for text in [*texts[::2], end]):
        return None
    return _VARIABLE.sub(lambda match: _marked(values[match[1]]), template)


def _expanded(template: str, values: Mapping[str, str]) -> str:
    """Render any template that is allowed."""
    environment = _environment()
    try:
        _check_expressions(environment, template)
        return environment.from_string(template).render(values)
    except SpecError:
        raise
    except Exception as error:  # noqa: BLE001  # a filter given nonsense may fail in any way
        raise _fault(template, str(error) or type(error).__name__) from None


def _environment() -> SandboxedEnvironment:
    from jinja2 import StrictUndefined  # noqa: PLC0415  # slow to import, and not needed at start-up
    from jinja2.sandbox import SandboxedEnvironment  # noqa: PLC0415  # as above

    environment = SandboxedEnvironment(undefined=StrictUndefined, autoescape=False, finalize=_marked)
    environment.filters = {name: environment.filters[name] for name in FILTERS}
    environment.filters["replace"] = _replaced
    environment.globals.clear()
    return environment


def _marked(value: object) -> str:
    """Put a value between two marks, which it cannot hold itself."""
    return f"{_OPEN}{re.sub(f'[{_OPEN}{_CLOSE}]', ' ', str(value))}{_CLOSE}"


def _replaced(value: object, old: object, new: object, count: int | None = None) -> str:
    """Replace as Jinja's filter of that name does, but never make something huge of it."""
    text, gone, come = str(value), str(old), str(new)
    found = text.count(gone)
    times = found if count is None or count < 0 else min(count, found)
    if len(text) + times * (len(come) - len(gone)) > _LONGEST:
        raise ValueError(f"replace makes a text of more than {_LONGEST} characters")
    return text.replace(gone, come, times)


def _check_expressions(environment: SandboxedEnvironment, template: str) -> None:
    """Allow text and expressions of the known names, constants and filters; nothing else."""
    from jinja2 import nodes  # noqa: PLC0415  # slow to import, and not needed at start-up

    for _, token, _ in environment.lex(template):
        if token in _FORBIDDEN_TOKENS:
            raise _fault(template, "{% … %} and {# … #} are not allowed, only {{ … }}")
    allowed = (
        nodes.Output,
        nodes.TemplateData,
        nodes.Name,
        nodes.Filter,
        nodes.Const,
        nodes.Keyword,
        nodes.Concat,
    )
    for node in environment.parse(template).find_all(nodes.Node):
        if not isinstance(node, allowed):
            raise _fault(template, "only names, texts and filters may stand in {{ … }}")
        _check_known(node, template)


def _check_known(node: nodes.Node, template: str) -> None:
    known, what = {"Name": (VARIABLES, "variable"), "Filter": (FILTERS, "filter")}.get(
        type(node).__name__, ((), "")
    )
    name = getattr(node, "name", "")
    if known and name not in known:
        listed = ", ".join(known)
        near = did_you_mean(name, known)
        raise _fault(template, f"unknown {what} {name!r}; {near} (there are: {listed})")


def _runs(rendered: str) -> Iterator[Run]:
    end = 0
    for match in _MARKED.finditer(rendered):
        if match.start() > end:
            yield Run(rendered[end : match.start()], is_value=False)
        yield Run(match[1], is_value=True)
        end = match.end()
    if end < len(rendered):
        yield Run(rendered[end:], is_value=False)


def _fault(template: str, reason: str) -> SpecError:
    return SpecError(f"imageName {template!r}: {reason}", code="image-name")
