"""Base images: pulled from their registry, else taken from the engine's own store, and described."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Final

from odahu_pack_core.engine.base_words import (
    base_missing,
    docker_words,
    for_others,
    holds_no,
    missing_environment,
    registry_words,
    taken_from,
)
from odahu_pack_core.engine.contents import ImageContents, look_into
from odahu_pack_core.engine.refused import refused
from odahu_pack_core.engine.told_python import told_contents, told_python
from odahu_pack_core.errors import EngineError, RegistryError
from odahu_pack_core.events import EventSink
from odahu_pack_core.plan.base import BaseFacts, BaseImage
from odahu_pack_core.plan.reference import ImageReference
from odahu_pack_core.plugins.protocols import RegistryAccess

from .client import ApiError, DockerClient, JsonObject
from .image_files import ContainerFiles
from .login import auth_header
from .messages import report_transfers
from .repository import digests_of, registry_of

_DIGEST: Final = "Digest: "


def find_base(
    client: DockerClient,
    base: BaseImage,
    platform: str,
    pull: RegistryAccess | None,
    emit: EventSink,
    *,
    known: MutableMapping[str, ImageContents],
) -> BaseFacts:
    """Find a base image and say what is in it.

    Args:
        client: The engine.
        base: The image asked for.
        platform: ``os/arch`` wanted.
        pull: The way into its registry, if there is one.
        emit: Receives progress and decisions.
        known: What was found in images before, by id; added to.

    Raises:
        RegistryError: Neither the registry nor the engine has it for this platform.
        EngineError: The engine failed.
    """
    image, digest, origin = _obtain(client, base.reference, platform, pull, emit)
    found_platform = f"{image.get('Os', '')}/{image.get('Architecture', '')}"
    if found_platform != "/".join(platform.split("/")[:2]):
        raise for_others(f"the base image {base.reference}", found_platform, platform)
    contents = _contents(client, base, image, platform, known)
    if contents.missing_environment:
        emit(missing_environment(base.reference, contents.missing_environment))
    return BaseFacts(
        reference=base.reference.pinned(digest) if digest else base.reference,
        image_id=str(image["Id"]),
        platform=platform,
        python=contents.python,
        interpreter=contents.interpreter,
        libc=contents.libc,
        env=_env(image),
        labels=_labels(image),
        site_packages=contents.site_packages,
        origin=origin,
    )


def _contents(
    client: DockerClient,
    base: BaseImage,
    image: JsonObject,
    platform: str,
    known: MutableMapping[str, ImageContents],
) -> ImageContents:
    """Say what is in an image: as it tells itself, as it was found before, or by looking into it."""
    env, labels = _env(image), _labels(image)
    told = told_python(base, labels, (image.get("RootFS") or {}).get("Layers") or ())
    if (contents := told_contents(told, env, labels)) is not None:
        return contents
    image_id = str(image["Id"])
    if image_id not in known:
        with ContainerFiles.of(client, image_id) as files:
            known[image_id] = look_into(files, env, labels, platform, told)
    return known[image_id]


def _env(image: JsonObject) -> dict[str, str]:
    return dict(entry.partition("=")[::2] for entry in (image.get("Config") or {}).get("Env") or ())


def _labels(image: JsonObject) -> dict[str, str]:
    return dict((image.get("Config") or {}).get("Labels") or {})


def ensure_base(client: DockerClient, facts: BaseFacts, pull: RegistryAccess | None, emit: EventSink) -> None:
    """Make sure that the engine holds the very base image that a plan was resolved with.

    Raises:
        RegistryError: It is gone and cannot be pulled.
        EngineError: Its name means another image now.
    """
    image = client.get(f"/images/{facts.reference}/json")
    if image is None:
        pull_image(client, facts.reference, facts.platform, pull, emit)
    elif not facts.reference.digest and image["Id"] != facts.image_id:
        raise EngineError(
            f"{facts.reference} in the engine is no longer the base image that the plan was resolved with",
            code="base-changed",
            hint="run again",
        )


def pull_image(
    client: DockerClient,
    reference: ImageReference,
    platform: str,
    pull: RegistryAccess | None,
    emit: EventSink,
) -> str:
    """Pull an image and return its digest.

    Raises:
        RegistryError: The registry refused, lacks it or cannot be reached.
    """
    host = registry_of(reference)
    credentials = pull.credentials() if pull is not None and pull.host == host else None
    params = {"fromImage": reference.name, "tag": reference.digest or reference.tag or "latest"}
    digest = ""
    try:
        with client.messages(
            "/images/create", {**params, "platform": platform}, auth_header(credentials)
        ) as told:
            for message in report_transfers(told, "resolve", emit):
                status = str(message.get("status", ""))
                digest = status.removeprefix(_DIGEST) if status.startswith(_DIGEST) else digest
    except ApiError as error:
        raise refused(f"cannot pull {reference}", host, credentials, error.message) from None
    return digest


def _obtain(
    client: DockerClient,
    reference: ImageReference,
    platform: str,
    pull: RegistryAccess | None,
    emit: EventSink,
) -> tuple[JsonObject, str, str]:
    """Return the image, its digest and where it came from."""
    path, place = f"/images/{reference}/json", docker_words(client.host)
    if reference.digest and (image := client.get(path)) is not None:
        return image, reference.digest, place
    try:
        digest = pull_image(client, reference, platform, pull, emit)
    except RegistryError as error:
        image = client.get(path)
        if image is None:
            raise base_missing(reference, error, holds_no(place)) from None
        emit(taken_from(reference, place, error.message))
        return image, _digest(image, reference), place
    image = client.get(path)
    if image is None:
        raise EngineError(
            f"{reference} vanished from the engine after it was pulled", code="base-missing"
        ) from None
    return image, digest or _digest(image, reference), registry_words(registry_of(reference))


def _digest(image: JsonObject, reference: ImageReference) -> str:
    return next(iter(digests_of(image, reference)), "")
