"""Mirrors: registries that base images are pulled from in place of the ones in their names."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from odahu_pack_core.engine.docker.repository import full_name, registry_of
from odahu_pack_core.errors import RegistryError, SpecError
from odahu_pack_core.folders import home_folder
from odahu_pack_core.names import CONFIG_FILE_VARIABLE, MIRRORS_VARIABLE
from odahu_pack_core.plan.reference import ImageReference, registry_prefix, split_registry
from odahu_pack_core.plugins.protocols import Credentials, RegistryAccess
from odahu_pack_core.values import dataclass

_FIELD: Final = "mirrors"
_FORM: Final = "a mirror is written as in docker.io=registry.example/prefix"


@dataclass(frozen=True)
class Place:
    """Where an image is pulled from.

    Args:
        host: The registry.
        repository: The repository there.
        mirrored: The registry that this is a mirror of; empty where it is none.
        plain_http: Whether the user wrote ``http://`` before it.
    """

    host: str
    repository: str
    mirrored: str = ""
    plain_http: bool = False

    def access(self, pull: RegistryAccess | None) -> RegistryAccess | None:
        """Return the way into the registry; None for that of the user who is logged in there.

        Args:
            pull: The way into the registry of the base image's name.
        """
        if self.plain_http:
            return PlainAccess(self.host)
        return pull if pull is not None and pull.host.lower() == self.host.lower() else None


@dataclass(frozen=True)
class PlainAccess:
    """A way into a mirror that speaks plain HTTP, over which no credentials are sent.

    Args:
        host: The registry.
    """

    host: str

    @property
    def plain_http(self) -> bool:
        """It does: the user wrote ``http://``."""
        return True

    def credentials(self) -> Credentials | None:
        """Return None: access is anonymous."""
        return None

    def prepare_push(self, image: ImageReference) -> None:
        """Refuse: a mirror is only pulled from.

        Raises:
            RegistryError: Always.
        """
        raise RegistryError(f"{image} cannot be pushed to a mirror", code="mirror")


def place_of(reference: ImageReference, environ: Mapping[str, str]) -> Place:
    """Return where an image is pulled from.

    Args:
        reference: The image.
        environ: Names mirrors, and where the user's configuration file is, which names more.

    Raises:
        SpecError: A mirror is not written as it should be, or the file cannot be read.
    """
    host = registry_of(reference)
    mirror = (_of_environ(environ) or {}).get(host) or _of_file(environ).get(host)
    if mirror is None:
        return Place(host, reference.repository)
    mirror_host, prefix = registry_prefix(mirror)
    repository = split_registry(full_name(reference))[1]
    plain = mirror.lower().startswith("http://")
    return Place(mirror_host, f"{prefix}/{repository}" if prefix else repository, host, plain)


def mirror_of(text: str) -> tuple[str, str]:
    """Return registry and mirror from ``REGISTRY=HOST/prefix``.

    Raises:
        SpecError: The text is not of this form.
    """
    registry, equals, mirror = text.partition("=")
    if not equals or not split_registry(f"{registry}/x")[0]:
        raise SpecError(f"{text!r} names no mirror", code="bad-mirror", hint=_FORM)
    registry_prefix(mirror)
    return registry_of(ImageReference("x", registry)), mirror


def _of_environ(environ: Mapping[str, str]) -> dict[str, str]:
    return dict(mirror_of(text) for text in environ.get(MIRRORS_VARIABLE, "").split())


def _of_file(environ: Mapping[str, str]) -> dict[str, str]:
    path = _config_file(environ)
    try:
        content = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError):
        raise SpecError(f"{path} cannot be read as text", code="bad-config") from None
    import yaml  # noqa: PLC0415  # few users have such a file

    try:
        document = yaml.safe_load(content) or {}
    except (yaml.YAMLError, RecursionError):
        raise SpecError(f"{path} is no YAML document", code="bad-config") from None
    mirrors = document.get(_FIELD) or {} if isinstance(document, dict) else None
    if not isinstance(mirrors, dict) or not all(
        isinstance(part, str) for pair in mirrors.items() for part in pair
    ):
        raise SpecError(f"{path}: {_FIELD} is no mapping of registries", code="bad-config", hint=_FORM)
    return dict(mirror_of(f"{registry}={mirror}") for registry, mirror in mirrors.items())


def _config_file(environ: Mapping[str, str]) -> Path:
    if chosen := environ.get(CONFIG_FILE_VARIABLE):
        return Path(chosen)
    shared = Path(environ.get("XDG_CONFIG_HOME", ""))
    folder = shared if shared.is_absolute() else home_folder(environ) / ".config"
    return folder / "odahu-pack" / "config.yaml"
