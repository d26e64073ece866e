"""Paths of a registry's API; names that hostile content may have given are checked before they get there."""

from __future__ import annotations

from odahu_pack_core.blob.descriptor import is_digest
from odahu_pack_core.errors import RegistryError
from odahu_pack_core.plan.reference import REPOSITORY, TAG


def manifest_path(repository: str, reference: str) -> str:
    """Return the path of a manifest.

    Args:
        repository: As the registry calls it.
        reference: A tag or digest.

    Raises:
        RegistryError: One of them cannot be a name.
    """
    if not TAG.fullmatch(reference):
        _check_digest(reference)
    return f"{_repository_path(repository)}/manifests/{reference}"


def blob_path(repository: str, digest: str) -> str:
    """Return the path of a blob.

    Raises:
        RegistryError: Repository or digest cannot be one.
    """
    _check_digest(digest)
    return f"{_repository_path(repository)}/blobs/{digest}"


def uploads_path(repository: str) -> str:
    """Return the path that begins uploads.

    Raises:
        RegistryError: The repository cannot be one.
    """
    return f"{_repository_path(repository)}/blobs/uploads/"


def mount_path(repository: str, digest: str, source: str) -> str:
    """Return the path that mounts a blob of another repository.

    Raises:
        RegistryError: A repository or the digest cannot be one.
    """
    _check_digest(digest)
    _repository_path(source)
    return f"{uploads_path(repository)}?mount={digest}&from={source.replace('/', '%2F')}"


def _repository_path(repository: str) -> str:
    if not REPOSITORY.fullmatch(repository):
        raise RegistryError(f"{repository[:100]!r} is not an image repository", code="bad-reference")
    return f"/v2/{repository}"


def _check_digest(digest: str) -> None:
    if not is_digest(digest):
        raise RegistryError(f"{digest[:100]!r} is not a sha256 digest", code="bad-digest")
