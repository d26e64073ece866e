"""Connecting to the Docker engine that the environment names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from typing import TYPE_CHECKING, Final

from .client import DockerClient, innermost
from .presence import absent, host_of, knock

if TYPE_CHECKING:
    from docker import APIClient

_ANY_VERSION: Final = "1.24"
_SECONDS: Final = 300


@contextmanager
def connected(environ: Mapping[str, str]) -> Iterator[DockerClient]:
    """Connect to the engine that ``DOCKER_HOST`` and its companions name, else to the default socket.

    Args:
        environ: The environment variables of the run.

    Raises:
        EngineError: No engine answers there.
    """
    from docker.errors import DockerException  # noqa: PLC0415  # slow to import, needed only for this engine

    host = host_of(environ)
    with ExitStack() as stack:
        try:
            knock(host)
            api = stack.enter_context(closing(_api({**environ, "DOCKER_HOST": host})))
            version = str(api.version(api_version=False)["ApiVersion"])
        except (DockerException, OSError, ValueError, KeyError) as error:
            raise absent(host, innermost(error)) from None
        yield DockerClient(api, host, version)


def _api(environ: Mapping[str, str]) -> APIClient:
    from docker import APIClient  # noqa: PLC0415  # as above
    from docker.utils import kwargs_from_env  # noqa: PLC0415  # as above

    # With a version given it asks nobody yet, and can be closed whatever the engine answers.
    return APIClient(version=_ANY_VERSION, timeout=_SECONDS, **kwargs_from_env(dict(environ)))
