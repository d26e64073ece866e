"""The GPPI manifest: what a trained model says of itself in ``odahuflow.project.yaml``.

Unknown keys are kept, since trainers add their own; scalars are read as text, so that version ``1.10`` stays
as it is.
"""

from __future__ import annotations

import json
import re
from pathlib import PurePosixPath
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints
from pydantic.alias_generators import to_camel
from pydantic.functional_validators import AfterValidator

MANIFEST_NAMES: Final = ("odahuflow.project.yaml", "odahuflow.model.yaml")
"""Where a manifest is looked for in an artifact's root."""

_MODULE: Final = re.compile(r"\A[^\W\d]\w*(\.[^\W\d]\w*)*\Z")


def _one_printable_line(value: str) -> str:
    if not value.isprintable():
        raise ValueError("holds a line break or another control character")
    if not value.strip():
        raise ValueError("must not be blank")
    return value


def _inside(value: str) -> str:
    path = PurePosixPath(_one_printable_line(value))
    if path.is_absolute() or ".." in path.parts or "\\" in value:
        raise ValueError("must be a path inside the artifact")
    return str(path)


def _module_path(value: str) -> str:
    if not _MODULE.match(value):
        raise ValueError("must be an import path such as 'entrypoint' or 'package.module'")
    return value


ModelText = Annotated[
    str, StringConstraints(min_length=1, max_length=255), AfterValidator(_one_printable_line)
]
"""A model's name or version: one printable line."""

InsidePath = Annotated[str, AfterValidator(_inside)]
"""A relative path that stays inside the artifact."""


class ManifestPart(BaseModel):
    """A part of a manifest that people and trainers write: unknown keys are kept."""

    model_config = ConfigDict(
        extra="allow",
        frozen=True,
        alias_generator=to_camel,
        populate_by_name=True,
        hide_input_in_errors=True,
        defer_build=True,
    )


class Binaries(ManifestPart):
    """What the artifact is made of."""

    type: Literal["python"]
    dependencies: Literal["conda"]
    conda_path: InsidePath

    model_config = ConfigDict(alias_generator=None)


class ModelSection(ManifestPart):
    """The model: its name, version and where its code starts."""

    name: ModelText
    version: ModelText
    work_dir: InsidePath
    entrypoint: Annotated[str, AfterValidator(_module_path)]

    def runtime_facts(self) -> bytes:
        """Return what ``gppi_runtime`` reads of the model in an image, as JSON."""
        facts = {
            "name": self.name,
            "version": self.version,
            "workDir": self.work_dir,
            "entrypoint": self.entrypoint,
        }
        return json.dumps(facts, indent=2).encode() + b"\n"


class Toolchain(ManifestPart):
    """What trained the model."""

    name: str | None = None
    version: str | None = None


class GppiManifest(ManifestPart):
    """The manifest of a General Python Prediction Interface model."""

    binaries: Binaries
    model: ModelSection
    odahuflow_version: str | None = None
    toolchain: Toolchain | None = None
