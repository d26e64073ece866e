"""Triton releases and the facts about each that decide an image; an unknown release is refused.

Sources
-------
Containers and server versions: release notes of 20.10 … 26.04
    (https://docs.nvidia.com/deeplearning/triton-inference-server/release-notes/), the release page of
    https://github.com/triton-inference-server/server and, up to 26.08, its
    ``docs/introduction/compatibility.md``. There was no 21.01; 25.07 holds security fixes of 25.06 only.
Python of the image, which the Python backend's stub has too: release notes of 20.10 and 20.11 (Ubuntu 18.04,
    3.6) and of 20.12 (Ubuntu 20.04, 3.8); server issue 5895 (23.05: Ubuntu 22.04, 3.10); compatibility.md
    (24.11: 3.12).
Environments of Python models: README of https://github.com/triton-inference-server/python_backend by release.
    ``python-runtime`` of the backend's configuration until its pull request 57 (21.06) brought
    ``EXECUTION_ENV_PATH`` for archives; pull request 266 and the notes of 2.36 (23.07) brought folders. Until
    21.03 the model's interpreter runs ``startup.py``, which speaks gRPC and imports ``grpc_channelz``
    (pull request 14, October 2020); from 21.04 shared memory is used.
Completed configurations: notes of 2.23 (22.06: Python models can complete theirs) and of 2.24 (22.07: on by
    default, ``--strict-model-config`` is deprecated).
Backends: see ``backends.py``.
NumPy: ``startup.py`` uses ``np.bool``, which NumPy 1.24 (December 2022) removed; known issues of 2.51 and
    2.52: with NumPy 2 Python models may return empty tensors.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeVar

from .backends import BACKENDS

ValueT = TypeVar("ValueT")

EnvironmentMeans = Literal["python-runtime", "archive", "folder"]
"""How a release is told of a Python model's environment."""


@dataclass(frozen=True)
class Release:
    """What is known about one monthly release.

    Args:
        version: The container's, such as ``24.10``.
        server: The server's, such as ``2.51.0``.
        python: Python X.Y of the image and of the Python backend's stub.
        environment: How it is told of a Python model's environment.
        completes_config: Whether it completes a configuration without being asked to.
        completes_python: Whether ``auto_complete_config`` of a Python model is called.
        backends: Names of the known backends that its image has.
        numpy: Bound on NumPy for Python models, as a version specifier; empty without one.
        python_needs: Requirements that the Python backend itself has in a model's environment.
        image: What the tag of the image says beside the version; empty for the full image.
    """

    version: str
    server: str
    python: str
    environment: EnvironmentMeans
    completes_config: bool
    completes_python: bool
    backends: frozenset[str]
    numpy: str
    python_needs: tuple[str, ...]
    image: str = ""

    @property
    def tag(self) -> str:
        """The tag of its image."""
        return "-".join(filter(None, [self.version, self.image, "py3"]))

    @property
    def interpreter(self) -> str:
        """Where the image has its Python, which is Ubuntu's own."""
        return f"/usr/bin/python{self.python}"


_SERVERS: Final = {
    "20.10": "2.4.0",
    "20.11": "2.5.0",
    "20.12": "2.6.0",
    "21.02": "2.7.0",
    "21.03": "2.8.0",
    "21.04": "2.9.0",
    "21.05": "2.10.0",
    "21.06": "2.11.0",
    "21.07": "2.12.0",
    "21.08": "2.13.0",
    "21.09": "2.14.0",
    "21.10": "2.15.0",
    "21.11": "2.16.0",
    "21.12": "2.17.0",
    "22.01": "2.18.0",
    "22.02": "2.19.0",
    "22.03": "2.20.0",
    "22.04": "2.21.0",
    "22.05": "2.22.0",
    "22.06": "2.23.0",
    "22.07": "2.24.0",
    "22.08": "2.25.0",
    "22.09": "2.26.0",
    "22.10": "2.27.0",
    "22.11": "2.28.0",
    "22.12": "2.29.0",
    "23.01": "2.30.0",
    "23.02": "2.31.0",
    "23.03": "2.32.0",
    "23.04": "2.33.0",
    "23.05": "2.34.0",
    "23.06": "2.35.0",
    "23.07": "2.36.0",
    "23.08": "2.37.0",
    "23.09": "2.38.0",
    "23.10": "2.39.0",
    "23.11": "2.40.0",
    "23.12": "2.41.0",
    "24.01": "2.42.0",
    "24.02": "2.43.0",
    "24.03": "2.44.0",
    "24.04": "2.45.0",
    "24.05": "2.46.0",
    "24.06": "2.47.0",
    "24.07": "2.48.0",
    "24.08": "2.49.0",
    "24.09": "2.50.0",
    "24.10": "2.51.0",
    "24.11": "2.52.0",
    "24.12": "2.53.0",
    "25.01": "2.54.0",
    "25.02": "2.55.0",
    "25.03": "2.56.0",
    "25.04": "2.57.0",
    "25.05": "2.58.0",
    "25.06": "2.59.0",
    "25.07": "2.59.1",
    "25.08": "2.60.0",
    "25.09": "2.61.0",
    "25.10": "2.62.0",
    "25.11": "2.63.0",
    "25.12": "2.64.0",
    "26.01": "2.65.0",
    "26.02": "2.66.0",
    "26.03": "2.67.0",
    "26.04": "2.68.0",
    "26.05": "2.69.0",
    "26.06": "2.70.0",
    "26.07": "2.71.0",
    "26.08": "2.72.0",
}

# Each pair is the first release that a value holds for; ``YY.MM`` sorts as text.
_PYTHON: Final = (("20.10", "3.6"), ("20.12", "3.8"), ("23.05", "3.10"), ("24.11", "3.12"))
_ENVIRONMENT: Final[tuple[tuple[str, EnvironmentMeans], ...]] = (
    ("20.10", "python-runtime"),
    ("21.06", "archive"),
    ("23.07", "folder"),
)
_NUMPY: Final = (("20.10", "<1.24"), ("23.01", "<2"), ("24.12", ""))
_PYTHON_NEEDS: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    # The generated modules beside startup.py are older than what protobuf 4 reads.
    ("20.10", ("grpcio", "grpcio-channelz", "protobuf<3.21")),
    ("21.04", ()),
)
_PYTHON_COMPLETES_SINCE: Final = "22.06"
_COMPLETES_SINCE: Final = "22.07"


def _since(table: tuple[tuple[str, ValueT], ...], version: str) -> ValueT:
    return next(value for first, value in reversed(table) if version >= first)


def _release(version: str, server: str) -> Release:
    return Release(
        version=version,
        server=server,
        python=_since(_PYTHON, version),
        environment=_since(_ENVIRONMENT, version),
        completes_config=version >= _COMPLETES_SINCE,
        completes_python=version >= _PYTHON_COMPLETES_SINCE,
        backends=frozenset(name for name, backend in BACKENDS.items() if backend.is_in(version)),
        numpy=_since(_NUMPY, version),
        python_needs=_since(_PYTHON_NEEDS, version),
    )


RELEASES: Final[Mapping[str, Release]] = {
    version: _release(version, server) for version, server in _SERVERS.items()
}
"""Every known release by its container version, oldest first."""


def releases_with(backend: str) -> tuple[str, ...]:
    """Return the container versions that have a backend, oldest first."""
    return tuple(release.version for release in RELEASES.values() if backend in release.backends)
