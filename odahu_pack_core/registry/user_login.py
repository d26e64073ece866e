"""What the user is logged in to: the Docker config and its credential helpers."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from odahu_pack_core.errors import RegistryError
from odahu_pack_core.folders import home_folder
from odahu_pack_core.plugins.protocols import IDENTITY_TOKEN_USER, Credentials

if TYPE_CHECKING:
    from docker.auth import AuthConfig

_HELPER_PREFIX: Final = "docker-credential-"


def user_credentials(host: str, environ: Mapping[str, str]) -> Credentials | None:
    """Return the credentials that ``docker login`` left for a registry.

    Args:
        host: The registry.
        environ: Names the Docker config's folder (``DOCKER_CONFIG``, else ``HOME``).

    Returns:
        The credentials; None when the user is not logged in there.

    Raises:
        RegistryError: The config cannot be read, or a credential helper is missing or failed.
    """
    path = _config_path(environ)
    content = _content(path)
    if not content:
        return None
    fields = _entry(path, content, host, environ)
    token = fields.get("IdentityToken") or fields.get("identitytoken")
    if token:
        return Credentials(IDENTITY_TOKEN_USER, token, f"the Docker config {path}")
    username = fields.get("Username") or fields.get("username")
    password = fields.get("Password") or fields.get("password")
    return Credentials(username, password, f"the Docker config {path}") if username and password else None


def _config_path(environ: Mapping[str, str]) -> Path:
    folder = environ.get("DOCKER_CONFIG") or str(home_folder(environ) / ".docker")
    return Path(folder) / "config.json"


def _content(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise _unreadable(path, error.strerror or "") from None
    except (ValueError, RecursionError):
        raise _unreadable(path, "it is not JSON") from None
    if not isinstance(content, dict):
        raise _unreadable(path, "it is not a JSON object")
    return content


def _entry(path: Path, content: dict[str, Any], host: str, environ: Mapping[str, str]) -> dict[str, str]:
    """Return what the config, or the helper that it names, holds for a registry; empty when nothing."""
    from docker.auth import load_config  # noqa: PLC0415  # slow to import
    from docker.errors import DockerException  # noqa: PLC0415  # as above

    try:
        config: AuthConfig = load_config(config_dict=content, credstore_env=dict(environ))
        _check_helper(config, host)
        return dict(config.resolve_authconfig(host) or {})
    except DockerException as error:
        raise RegistryError(
            f"the Docker credential helper that {path} names for {host} failed: {_cause(error)}",
            code="login-failed",
        ) from None
    except (ValueError, TypeError, KeyError, AttributeError):
        raise _unreadable(path, "its credentials are malformed") from None


def _check_helper(config: AuthConfig, host: str) -> None:
    store = config.get_credential_store(host)
    if store and shutil.which(f"{_HELPER_PREFIX}{store}") is None:
        raise RegistryError(
            f"the Docker config names the credential helper {_HELPER_PREFIX}{store} for {host}, "
            "which is not on PATH",
            code="login-failed",
            hint="install it, or give the connection a username and password",
        )


def _cause(error: BaseException) -> str:
    return str(error.__cause__ or error).splitlines()[0]


def _unreadable(path: Path, reason: str) -> RegistryError:
    return RegistryError(f"cannot read the Docker config {path}: {reason}", code="login-failed")
