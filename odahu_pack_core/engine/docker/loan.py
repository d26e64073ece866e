"""A name lent to an image for as long as it is pushed or saved."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress

from odahu_pack_core.errors import EngineError
from odahu_pack_core.events import EventSink, Notice
from odahu_pack_core.folders import cache_folder, locked
from odahu_pack_core.plan.reference import ImageReference

from .client import DockerClient


@contextmanager
def alone_with(
    name: ImageReference, host: str, environ: Mapping[str, str], emit: EventSink
) -> Iterator[None]:
    """Let one run of this user at a time use a name of an engine.

    Args:
        name: The name.
        host: The engine.
        environ: The environment variables of the run; they say where the cache is, which holds the locks.
        emit: Told once when another run has the name.

    Raises:
        EngineError: The lock cannot be written.
    """
    digest = hashlib.sha256(f"{host} {name}".encode()).hexdigest()
    lock = cache_folder(environ) / "names" / f"{digest}.lock"
    waiting = Notice(f"waiting for another run that makes an image called {name}")
    with ExitStack() as stack:
        try:
            stack.enter_context(locked(lock, lambda: emit(waiting)))
        except OSError as error:
            raise EngineError(f"cannot write {lock}: {error.strerror}", code="cannot-write") from None
        yield


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
