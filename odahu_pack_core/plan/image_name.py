"""Image names from templates such as ``{{ Name }}-{{ Version }}:{{ RandomUUID }}``.

A template is literal text and expressions. Only literal text can separate host, repository and tag, and only
values are cleaned; literal text that cannot stand in a name is an error that points at the character.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from odahu_pack_core.errors import SpecError, did_you_mean

from .reference import REPOSITORY, ImageReference, registry_prefix, split_registry

if TYPE_CHECKING:
    from jinja2 import nodes
    from jinja2.sandbox import SandboxedEnvironment

VARIABLES: Final = ("Name", "Version", "RandomUUID")
_FILTERS: Final = ("default", "lower", "replace", "truncate", "upper")
_LONGEST_TEMPLATE: Final = 1024
_LONGEST_TAG: Final = 128
_OPEN, _CLOSE = "\x02", "\x03"
_RUN: Final = re.compile(f"{_OPEN}([^{_CLOSE}]*){_CLOSE}")


@dataclass(frozen=True)
class ImageName:
    """A rendered image name, before it meets the push target.

    Args:
        repository: Path, lowercase, with a host in front if the template has one.
        tag: Empty where the template has none.
    """

    repository: str
    tag: str

    def __str__(self) -> str:
        return f"{self.repository}:{self.tag}" if self.tag else self.repository


@dataclass(frozen=True)
class _Run:
    """A stretch of the rendered template: literal text, or one value."""

    text: str
    is_value: bool


def render_name(template: str, *, name: str, version: str, random_uuid: str) -> ImageName:
    """Render an image-name template.

    Args:
        template: The template as written.
        name: The model's name.
        version: The model's version.
        random_uuid: The run's UUID.

    Raises:
        SpecError: The template, or what comes of it, is not an image name.
    """
    values = dict(zip(VARIABLES, (name, version, random_uuid), strict=True))
    runs = list(_runs(_render(template, values)))
    repository_runs, tag_runs = _split_at_tag(runs, template)
    repository = "".join(_in_repository(run) for run in repository_runs)
    host, path = split_registry(repository)
    bad = _first_misfit(REPOSITORY, path)
    if bad is not None:
        shown = f"{host}/{path}" if host else path
        raise _pointing("an image name", template, shown, bad + len(shown) - len(path))
    return ImageName(repository, _checked_tag("".join(_in_tag(tag_runs)), template))


def render_image_name(template: str, *, name: str, version: str, random_uuid: str | None = None) -> str:
    """Render an image-name template on its own, without a push target.

    Args:
        template: The template, such as ``{{ Name }}-{{ Version }}:{{ RandomUUID }}``.
        name: The model's name.
        version: The model's version.
        random_uuid: The run's UUID; None to make one.

    Returns:
        The name, with its tag where the template has one.

    Raises:
        SpecError: The template, or what comes of it, is not an image name.
    """
    rendered = render_name(template, name=name, version=version, random_uuid=random_uuid or str(uuid4()))
    return str(rendered)


def image_reference(name: ImageName, push_uri: str | None) -> ImageReference:
    """Put a rendered name under the push target's uri.

    A host in the name must be the target's; a prefix equal to the target's path is not repeated.

    Args:
        name: The rendered name.
        push_uri: The uri of the ``docker-push`` connection; None without one.

    Raises:
        SpecError: The name's host is not the target's, or the whole is not an image reference.
    """
    host, path = split_registry(name.repository)
    tag = name.tag or "latest"
    if push_uri is None:
        return ImageReference(path, host, tag)
    registry, prefix = registry_prefix(push_uri)
    if host and host.lower() != registry.lower():
        raise SpecError(
            f"imageName begins with the registry {host}, but docker-push sends to {registry}",
            code="other-registry",
            hint="leave the host out of imageName, or use a connection to that registry",
        )
    if prefix and not (host and f"{path}/".startswith(f"{prefix}/")):
        path = f"{prefix}/{path}"
    return ImageReference(path, registry, tag)


def _render(template: str, values: dict[str, str]) -> str:
    """Return the rendered template with every value between two marks."""
    if len(template) > _LONGEST_TEMPLATE:
        raise SpecError(f"imageName is longer than {_LONGEST_TEMPLATE} characters", code="image-name")
    if not template.isprintable():
        raise SpecError("imageName holds a control character", code="image-name")
    from jinja2 import TemplateError  # noqa: PLC0415  # slow to import, and not needed at start-up

    environment = _environment()
    try:
        _check_expressions(environment, template)
        return environment.from_string(template).render(values)
    except (TemplateError, ArithmeticError, TypeError, ValueError) as error:
        raise SpecError(f"imageName {template!r}: {error}", code="image-name") from None


def _environment() -> SandboxedEnvironment:
    from jinja2 import StrictUndefined  # noqa: PLC0415  # slow to import, and not needed at start-up
    from jinja2.sandbox import SandboxedEnvironment  # noqa: PLC0415  # as above

    environment = SandboxedEnvironment(
        undefined=StrictUndefined, autoescape=False, finalize=lambda value: f"{_OPEN}{value}{_CLOSE}"
    )
    environment.filters = {name: environment.filters[name] for name in _FILTERS}
    environment.globals.clear()
    return environment


def _check_expressions(environment: SandboxedEnvironment, template: str) -> None:
    """Allow text and expressions of the known names, constants and filters; nothing else."""
    from jinja2 import nodes  # noqa: PLC0415  # slow to import, and not needed at start-up

    parsed = environment.parse(template)
    for statement in parsed.body:
        if not isinstance(statement, nodes.Output):
            raise SpecError(
                f"imageName {template!r}: statements {{% … %}} are not allowed, only {{{{ … }}}}",
                code="image-name",
            )
    allowed = (
        nodes.Output,
        nodes.TemplateData,
        nodes.Name,
        nodes.Filter,
        nodes.Const,
        nodes.Keyword,
        nodes.Concat,
    )
    for node in parsed.find_all(nodes.Node):
        if not isinstance(node, allowed):
            raise SpecError(
                f"imageName {template!r}: only names, texts and filters may stand in {{{{ … }}}}",
                code="image-name",
            )
        _check_known(node, template)


def _check_known(node: nodes.Node, template: str) -> None:
    known, what = {"Name": (VARIABLES, "variable"), "Filter": (_FILTERS, "filter")}.get(
        type(node).__name__, ((), "")
    )
    name = getattr(node, "name", "")
    if known and name not in known:
        listed = ", ".join(known)
        raise SpecError(
            f"imageName {template!r}: unknown {what} {name!r}; {did_you_mean(name, known)} (there are: {listed})",
            code="image-name",
        )


def _runs(rendered: str) -> Iterator[_Run]:
    end = 0
    for match in _RUN.finditer(rendered):
        if match.start() > end:
            yield _Run(rendered[end : match.start()], is_value=False)
        yield _Run(match[1], is_value=True)
        end = match.end()
    if end < len(rendered):
        yield _Run(rendered[end:], is_value=False)


def _split_at_tag(runs: list[_Run], template: str) -> tuple[list[_Run], list[_Run]]:
    """Split at the last literal colon, unless a literal slash follows it (then it is a port's)."""
    for index in range(len(runs) - 1, -1, -1):
        run = runs[index]
        if run.is_value:
            continue
        if "@" in run.text:
            raise _pointing(
                "an image name", template, template, template.index("@"), "a digest cannot be chosen"
            )
        colon, slash = run.text.rfind(":"), run.text.rfind("/")
        if colon > slash:
            before, after = (
                _Run(run.text[:colon], is_value=False),
                _Run(run.text[colon + 1 :], is_value=False),
            )
            if not after.text and index == len(runs) - 1:
                raise SpecError(f"imageName {template!r} ends with an empty tag", code="image-name")
            return [*runs[:index], before], [after, *runs[index + 1 :]]
        if slash >= 0:
            break
    return runs, []


def _in_repository(run: _Run) -> str:
    text = run.text.lower()
    if not run.is_value:
        return text
    slug = re.sub(r"[^a-z0-9]+", "-", text).strip("-")
    if not slug:
        raise SpecError(
            f"imageName: the value {run.text!r} has no letter or digit to stand in an image name",
            code="image-name",
        )
    return slug


def _in_tag(runs: list[_Run]) -> Iterator[str]:
    """Yield a tag's stretches; a value that begins the tag cannot begin with ``.`` or ``-``."""
    begun = False
    for run in runs:
        text = re.sub(r"[^A-Za-z0-9_.-]", "-", run.text) if run.is_value else run.text
        if run.is_value and not begun and text[:1] in {".", "-"}:
            text = f"_{text[1:]}"
        begun = begun or bool(text)
        yield text


def _checked_tag(tag: str, template: str) -> str:
    match = re.search(r"^[.-]|[^A-Za-z0-9_.-]", tag)
    if match:
        raise _pointing("a tag", template, tag, match.start())
    if len(tag) > _LONGEST_TAG:
        raise SpecError(
            f"imageName {template!r} makes a tag of {len(tag)} characters, more than {_LONGEST_TAG}",
            code="image-name",
        )
    return tag


def _first_misfit(pattern: re.Pattern[str], text: str) -> int | None:
    """Return where a text stops being a repository path; None if it is one."""
    if pattern.fullmatch(text):
        return None
    match = pattern.match(text)
    return match.end() if match else 0


def _pointing(what: str, template: str, text: str, position: int, reason: str = "") -> SpecError:
    character = repr(text[position]) if position < len(text) else "the end"
    why = reason or f"{character} cannot stand here in {what}"
    marker = f"{text}\n{' ' * position}^"
    return SpecError(f"imageName {template!r}: {why}\n{marker}", code="image-name")
