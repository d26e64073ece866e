"""Where an artifact is looked for when only its name is known."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from odahu_pack_core.errors import ArtifactError
from odahu_pack_core.folders import home_folder
from odahu_pack_core.spec.packaging import ModelPackaging

OUTPUT_FOLDER_VARIABLE: Final = "LOCAL_MODEL_OUTPUT_DIR"
_OUTPUT_FOLDER: Final = ".odahuflow/training_output"
_SUFFIXES: Final = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.zst")


def find_artifact(packaging: ModelPackaging, environ: Mapping[str, str], current: Path) -> Path:
    """Find the artifact that a packaging names.

    Looked for beside the manifest file, in the current folder and in ``$LOCAL_MODEL_OUTPUT_DIR``, with and
    without its suffix; a folder counts.

    Raises:
        ArtifactError: It is in none of them; the message lists the places.
    """
    name = packaging.spec.artifact_name
    if name is None:
        raise ArtifactError(
            f"{packaging.place(('spec',))}: spec.artifactName is missing",
            code="no-artifact",
            hint="or give --artifact PATH",
        )
    places = [
        folder / candidate for folder in _folders(packaging, environ, current) for candidate in _names(name)
    ]
    for place in places:
        if os.path.exists(place):  # noqa: PTH110  # Path.exists raises where a parent cannot be entered
            return place
    listed = "\n".join(f"  {place}" for place in dict.fromkeys(places))
    connection = packaging.spec.output_connection
    reason = f"; outputConnection {connection!r} cannot be read yet" if connection else ""
    raise ArtifactError(
        f"the artifact {name!r} is in none of these places{reason}:\n{listed}",
        code="no-artifact",
        hint="give its path with --artifact PATH",
    )


def _folders(packaging: ModelPackaging, environ: Mapping[str, str], current: Path) -> Iterator[Path]:
    if packaging.origin:
        yield Path(packaging.origin.file).parent
    yield current
    yield Path(environ.get(OUTPUT_FOLDER_VARIABLE) or home_folder(environ) / _OUTPUT_FOLDER)


def _names(name: str) -> Iterator[str]:
    yield name
    stem = next((name.removesuffix(suffix) for suffix in _SUFFIXES if name.endswith(suffix)), name)
    yield from (
        candidate for candidate in (stem, *(f"{stem}{suffix}" for suffix in _SUFFIXES)) if candidate != name
    )
