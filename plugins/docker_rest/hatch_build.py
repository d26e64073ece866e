"""Puts Swagger UI into the wheel: compressed to the same bytes on every machine, with its licence."""  # noqa: INP001  # hatchling loads it by its path

from __future__ import annotations

from importlib.metadata import distribution
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from deflate import gzip_compress
from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.builders.wheel import WheelBuilderConfig

# A distribution that follows the releases of Swagger UI; nothing of it is imported.
_DISTRIBUTION: Final = "flask-swagger-ui"
_ORIGIN: Final = "flask_swagger_ui/dist"
_PACKED: Final = ("swagger-ui-bundle.js", "swagger-ui.css")
# Where `ui.py` looks for them.
_FOLDER: Final = "odahu_pack_docker_rest/swagger_ui"
# The highest. libdeflate makes the same bytes on all processors, which isal does not, nor zlib in all builds.
# The header that it writes holds no time.
_LEVEL: Final = 12


class SwaggerUI(BuildHookInterface[WheelBuilderConfig]):
    """Adds the folder `odahu_pack_docker_rest/swagger_ui` to wheels, those of editable installations too."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Write the files, and tell hatchling to take them.

        Args:
            version: `editable` or `standard`.
            build_data: What hatchling asks of a hook; amended.

        Raises:
            PackageNotFoundError: The build environment lacks a requirement of `[build-system]`.
            OSError: Swagger UI is not where it used to be.
        """
        self._written = TemporaryDirectory(prefix="swagger-ui-")
        write_files(Path(self._written.name), Path(self.root, "LICENSE"))
        key = "force_include_editable" if version == "editable" else "force_include"
        build_data[key][self._written.name] = _FOLDER

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002  # as hatchling has it
        """Remove what was written, as the wheel holds it now."""
        self._written.cleanup()


def write_files(folder: Path, apache: Path) -> None:
    """Write Swagger UI's files as an image holds them.

    Args:
        folder: Receives them.
        apache: The text of the licence that Swagger UI names, which is that of odahu-pack, too.
    """
    origin = Path(str(distribution(_DISTRIBUTION).locate_file(_ORIGIN)))
    for name in _PACKED:
        packed = gzip_compress(origin.joinpath(name).read_bytes(), _LEVEL)
        folder.joinpath(f"{name}.gz").write_bytes(packed)
    notice = origin.joinpath("LICENSE").read_bytes()
    folder.joinpath("swagger-ui.LICENSE").write_bytes(notice + b"\n" + apache.read_bytes())
