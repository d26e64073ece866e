"""The files of the page at ``/``: Swagger UI as the wheel holds it, and what starts it."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution
from importlib.resources import files
from pathlib import Path
from typing import Final

from odahu_pack_core import PlanError, TextFile

_DISTRIBUTION: Final = "odahu-pack-docker-rest"
# `hatch_build.py` fills it. Where the installation is editable, it is not beside this module.
_FOLDER: Final = "odahu_pack_docker_rest/swagger_ui"
_SWAGGER_UI: Final = ("swagger-ui-bundle.js.gz", "swagger-ui.css.gz", "swagger-ui.LICENSE")
_OURS: Final = ("icon.svg", "start.js", "style.css")
# A gzip file without name, time and operating system, of one block that is the last and is not compressed.
_GZIP: Final = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"
_STORED: Final = b"\x01"


def page_files(destination: str) -> Iterator[TextFile]:
    """Yield the page, its files as gzip's format has them, and Swagger UI's licence.

    Args:
        destination: Absolute path of the folder in the image.

    Raises:
        PlanError: The installation is damaged: Swagger UI is missing.
    """
    ours = files(__package__).joinpath("server/pages")
    yield TextFile(f"{destination}/index.html", ours.joinpath("index.html").read_bytes())
    for name in _OURS:
        yield TextFile(f"{destination}/{name}.gz", _stored(ours.joinpath(name).read_bytes()))
    for name in _SWAGGER_UI:
        yield TextFile(f"{destination}/{name}", _swagger_ui(name))


def _stored(text: bytes) -> bytes:
    """Return a short text as a gzip file (RFC 1952), whose bytes are the same by any release of zlib."""
    size = len(text)
    length = size.to_bytes(2, "little") + (size ^ 0xFFFF).to_bytes(2, "little")
    checks = zlib.crc32(text).to_bytes(4, "little") + size.to_bytes(4, "little")
    return _GZIP + _STORED + length + text + checks


def _swagger_ui(name: str) -> bytes:
    try:
        return Path(str(distribution(_DISTRIBUTION).locate_file(f"{_FOLDER}/{name}"))).read_bytes()
    except (PackageNotFoundError, OSError) as error:
        message = f"Swagger UI's {name} cannot be read from the distribution {_DISTRIBUTION}: {error}"
        raise PlanError(message, code="no-swagger-ui", hint=f"Install {_DISTRIBUTION} again.") from error
