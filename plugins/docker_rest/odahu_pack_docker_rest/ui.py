"""The files of the page at ``/``: Swagger UI as its distribution ships it, and what starts it."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution
from importlib.resources import files
from pathlib import Path
from typing import Final

from isal import isal_zlib

from odahu_pack_core import PlanError, TextFile

# Only its static files are of use: nothing of it is imported here, and an image runs nothing of it itself.
_DISTRIBUTION: Final = "flask-swagger-ui"
_FOLDER: Final = "flask_swagger_ui/dist"
_SWAGGER_UI: Final = ("swagger-ui-bundle.js", "swagger-ui.css")
_OURS: Final = ("icon.svg", "start.js", "style.css")
# Level 3 makes other bytes on other processors.
_LEVEL: Final = 2
# zlib's name for gzip's format with the largest window; its header holds no time.
_GZIP: Final = 31


def page_files(destination: str) -> Iterator[TextFile]:
    """Yield the page, its files compressed, and Swagger UI's licence.

    Args:
        destination: Absolute path of the folder in the image.

    Raises:
        PlanError: Swagger UI is not installed, or not where it used to be.
    """
    ours = files(__package__).joinpath("server/pages")
    yield TextFile(f"{destination}/index.html", ours.joinpath("index.html").read_bytes())
    for name in _OURS:
        yield _packed(destination, name, ours.joinpath(name).read_bytes())
    for name in _SWAGGER_UI:
        yield _packed(destination, name, _swagger_ui(name))
    yield TextFile(f"{destination}/swagger-ui.LICENSE", _licence())


def _packed(destination: str, name: str, content: bytes) -> TextFile:
    return TextFile(f"{destination}/{name}.gz", isal_zlib.compress(content, _LEVEL, _GZIP))


def _swagger_ui(name: str) -> bytes:
    try:
        return Path(str(distribution(_DISTRIBUTION).locate_file(f"{_FOLDER}/{name}"))).read_bytes()
    except (PackageNotFoundError, OSError) as error:
        message = f"Swagger UI's {name} cannot be read from the distribution {_DISTRIBUTION}: {error}"
        raise PlanError(message, code="no-swagger-ui", hint=f"Install {_DISTRIBUTION} again.") from error


def _licence() -> bytes:
    """Return who holds the rights, and the licence's text, which is that of odahu-pack, too."""
    text = distribution("odahu-pack-core").read_text("licenses/LICENSE") or ""
    return _swagger_ui("LICENSE") + b"\n" + text.encode("utf-8")
