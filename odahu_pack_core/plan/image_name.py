"""Image names from templates such as ``{{ Name }}-{{ Version }}:{{ RandomUUID }}``.

Only literal text of a template separates host, repository and tag, and only values are cleaned; literal text
that cannot stand in a name is an error that points at the character.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from uuid import uuid4

from odahu_pack_core.errors import SpecError
from odahu_pack_core.values import dataclass

from .image_template import Run, render_runs
from .reference import HOST, REPOSITORY, ImageReference, registry_prefix, split_registry

_LONGEST_TAG: Final = 128


@dataclass(frozen=True)
class ImageName:
    """A rendered image name, before it meets the push target.

    Args:
        repository: Path, lowercase.
        tag: Empty where the template has none.
        host: The registry's host, if literal text of the template names one.
    """

    repository: str
    tag: str
    host: str = ""

    def __str__(self) -> str:
        name = f"{self.host}/{self.repository}" if self.host else self.repository
        return f"{name}:{self.tag}" if self.tag else name


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
    runs = render_runs(template, {"Name": name, "Version": version, "RandomUUID": random_uuid})
    repository_runs, tag_runs = _split_at_tag(runs, template)
    host, path = _host_and_path(repository_runs)
    shown = f"{host}/{path}" if host else path
    if host:
        _check_fit(HOST, host, shown, 0, template)
    _check_fit(REPOSITORY, path, shown, len(shown) - len(path), template)
    return ImageName(path, _checked_tag(tag_runs, template), host)


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
    return str(ImageReference.parse(str(rendered)))


def image_reference(name: ImageName, push_uri: str | None) -> ImageReference:
    """Put a rendered name under the push target's uri.

    A host in the name must be the target's; a prefix equal to the target's path is not repeated.

    Args:
        name: The rendered name.
        push_uri: The uri of the ``docker-push`` connection; None without one.

    Raises:
        SpecError: The name's host is not the target's, or the whole is not an image reference.
    """
    path, tag = name.repository, name.tag or "latest"
    if push_uri is None:
        return ImageReference(path, name.host, tag)
    registry, prefix = registry_prefix(push_uri)
    if name.host and name.host != registry.lower():
        raise SpecError(
            f"imageName begins with the registry {name.host}, but docker-push sends to {registry}",
            code="other-registry",
            hint="leave the host out of imageName, or use a connection to that registry",
        )
    if prefix and not (name.host and f"{path}/".startswith(f"{prefix}/")):
        path = f"{prefix}/{path}"
    return ImageReference(path, registry, tag)


def _split_at_tag(runs: list[Run], template: str) -> tuple[list[Run], list[Run]]:
    """Split at the last literal colon, unless a literal slash follows it (then it is a port's).

    Returns:
        The runs of the repository and those of the tag; no runs where there is no tag.
    """
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
                Run(run.text[:colon], is_value=False),
                Run(run.text[colon + 1 :], is_value=False),
            )
            return [*runs[:index], before], [after, *runs[index + 1 :]]
        if slash >= 0:
            break
    return runs, []


def _host_and_path(runs: list[Run]) -> tuple[str, str]:
    """Split at the first literal slash if literal text before it makes a host; a value alone never does."""
    text = "".join(map(_in_repository, runs))
    shape = "".join("x" if run.is_value else run.text.lower() for run in runs)
    if not split_registry(shape)[0]:
        return "", text
    host, _, path = text.partition("/")
    return host, path


def _in_repository(run: Run) -> str:
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


def _in_tag(runs: list[Run]) -> Iterator[str]:
    """Yield a tag's stretches; a value that begins the tag cannot begin with ``.`` or ``-``."""
    begun = False
    for run in runs:
        text = re.sub(r"[^A-Za-z0-9_.-]", "-", run.text) if run.is_value else run.text
        if run.is_value and not begun and text[:1] in {".", "-"}:
            text = f"_{text[1:]}"
        begun = begun or bool(text)
        yield text


def _checked_tag(runs: list[Run], template: str) -> str:
    tag = "".join(_in_tag(runs))
    if runs and not tag:
        raise SpecError(f"imageName {template!r} makes an empty tag", code="image-name")
    match = re.search(r"^[.-]|[^A-Za-z0-9_.-]", tag)
    if match:
        raise _pointing("a tag", template, tag, match.start())
    if len(tag) > _LONGEST_TAG:
        raise SpecError(
            f"imageName {template!r} makes a tag of {len(tag)} characters, more than {_LONGEST_TAG}",
            code="image-name",
        )
    return tag


def _check_fit(pattern: re.Pattern[str], text: str, shown: str, start: int, template: str) -> None:
    """Refuse a part of a name, and point at the character at which it stops being one."""
    if not pattern.fullmatch(text):
        match = pattern.match(text)
        end = match.end() if match else 0
        raise _pointing("an image name", template, shown, start + end)


def _pointing(what: str, template: str, text: str, position: int, reason: str = "") -> SpecError:
    character = repr(text[position]) if position < len(text) else "the end"
    why = reason or f"{character} cannot stand here in {what}"
    marker = f"{text}\n{' ' * position}^"
    return SpecError(f"imageName {template!r}: {why}\n{marker}", code="image-name")
