"""A name lent to an image for as long as it is pushed or saved."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from odahu_pack_core.errors import EngineError
from odahu_pack_core.plan.reference import ImageReference

from .client import DockerClient


@contextmanager
def name_lent(client: DockerClient, name: ImageReference, image_id: str, *, keep: bool) -> Iterator[None]:
    """Give an image a name; what the name meant before, it means again after the block.

    Args:
        client: The engine.
        name: The name.
        image_id: The image.
        keep: Whether the image keeps the name when all goes well.

    Raises:
        EngineError: The engine failed.
    """
    before = _id_of(client, name)
    _tag(client, image_id, name)
    try:
        yield
    except BaseException:
        with suppress(EngineError):
            _give_back(client, name, image_id, before)
        raise
    if not keep:
        _give_back(client, name, image_id, before)


def _give_back(client: DockerClient, name: ImageReference, image_id: str, before: str | None) -> None:
    if before == image_id or _id_of(client, name) != image_id:
        return  # it is as it was, or somebody else's by now
    # Without pruning the image's parents stay: they are the engine's build cache.
    client.delete(f"/images/{name}", noprune="1")
    if before is not None:
        _tag(client, before, name)


def _tag(client: DockerClient, image_id: str, name: ImageReference) -> None:
    client.post(f"/images/{image_id}/tag", repo=name.name, tag=name.tag or "latest")


def _id_of(client: DockerClient, name: ImageReference) -> str | None:
    found = client.get(f"/images/{name}/json")
    return None if found is None else str(found["Id"])
