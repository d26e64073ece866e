"""Which versions of a model Triton will load, and what lies in them."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from odahu_pack_triton.backends import BACKENDS, PLATFORMS, Backend
from odahu_pack_triton.lint.rule import Subject
from odahu_pack_triton.repository import ModelFolder

_NUMBER: Final = re.compile(r"\s*([+-]?[0-9]+)", re.ASCII)
_PLAIN: Final = re.compile(r"0|[1-9][0-9]*", re.ASCII)
_LARGEST: Final = 2**63 - 1


@dataclass(frozen=True)
class VersionFolder:
    """A folder of a model that Triton takes for a version.

    Triton reads a folder's name as C++'s ``std::stoll`` does: as far as it is a number.

    Args:
        name: Its name.
        number: The number that Triton reads.
    """

    name: str
    number: int

    @property
    def is_plain(self) -> bool:
        """Whether the name is that number and nothing else, as it must be for its files to be found."""
        return bool(_PLAIN.fullmatch(self.name))

    @property
    def is_too_large(self) -> bool:
        """Whether the number is beyond what Triton can read."""
        return abs(self.number) > _LARGEST


def version_folders(folder: ModelFolder) -> Iterator[VersionFolder]:
    """Yield the folders that Triton takes for versions."""
    for name in folder.names(""):
        number = _NUMBER.match(name)
        if number and not (name.startswith("0") and len(name) > 1) and folder.is_folder(name):
            # Python, too, refuses to read endless numbers; this one is too large for Triton anyway.
            yield VersionFolder(name, int(number[1][:30]))


def loaded_versions(subject: Subject) -> tuple[int, ...]:
    """Return the versions that Triton will try to load under the version policy, oldest first."""
    there = {version.number for version in version_folders(subject.folder) if not version.is_too_large}
    policy = subject.message.version_policy
    if policy.HasField("specific"):
        return tuple(sorted(there & set(policy.specific.versions)))
    if policy.HasField("latest") or not subject.message.HasField("version_policy"):
        newest = policy.latest.num_versions if policy.HasField("latest") else 1
        return tuple(sorted(there)[-newest:]) if newest else ()
    return tuple(sorted(there))


def files_of_loaded_versions(subject: Subject) -> frozenset[str]:
    """Return the names of what lies directly in the versions that Triton will load."""
    versions = loaded_versions(subject)
    return frozenset(name for version in versions for name in subject.folder.names(str(version)))


def brings_library(subject: Subject, backend: str) -> bool:
    """Tell whether a model brings its backend, in its folder or in a version."""
    folder, library = subject.folder, f"libtriton_{backend}.so"
    return folder.has(library) or any(folder.has(f"{version}/{library}") for version in folder.versions)


def known_backend(subject: Subject) -> Backend | None:
    """Return the backend that a configuration names; None where it names none that is known."""
    message = subject.message
    return BACKENDS.get(message.backend) if message.backend else PLATFORMS.get(message.platform)


def expected_files(subject: Subject, backend: Backend) -> tuple[str, ...]:
    """Return the names, one of which the model file must have in a version; empty where any will do."""
    message = subject.message
    if message.default_model_filename:
        return (message.default_model_filename,)
    only = backend.file_of.get(message.platform)
    return (only,) if only else backend.files


def is_there(subject: Subject, path: str) -> bool:
    """Tell whether a model's folder has something at a path that a user wrote."""
    return subject.folder.has(posixpath.normpath(path))
