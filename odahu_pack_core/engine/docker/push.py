"""A push: the login tried early, progress as events, the error that the stream hides, the pushed digest."""

from __future__ import annotations

from odahu_pack_core.engine.refused import refused
from odahu_pack_core.errors import EngineError, RegistryError
from odahu_pack_core.events import EventSink
from odahu_pack_core.plan.reference import ImageReference
from odahu_pack_core.plugins.protocols import IDENTITY_TOKEN_USER, RegistryAccess
from odahu_pack_core.plugins.refusal import REFUSED

from .client import ApiError, DockerClient
from .login import auth_header, login_fields
from .messages import report_transfers
from .repository import digests_of, registry_of


def push_image(
    client: DockerClient, image: ImageReference, image_id: str, push: RegistryAccess | None, emit: EventSink
) -> str:
    """Push an image of the engine and return the digest of its manifest.

    Args:
        client: The engine.
        image: Its name.
        image_id: Its id in the engine.
        push: The way into its registry; None for anonymous.
        emit: Receives progress.

    Raises:
        RegistryError: The registry refused or failed.
        EngineError: Another build took the name meanwhile.
    """
    if push is not None:
        push.prepare_push(image)
    credentials = push.credentials() if push is not None else None
    digest = ""
    path, params = f"/images/{image.name}/push", {"tag": image.tag or "latest"}
    try:
        with client.messages(path, params, auth_header(credentials)) as messages:
            for message in report_transfers(messages, "push", emit):
                digest = (message.get("aux") or {}).get("Digest", digest)
    except ApiError as error:
        raise refused(f"cannot push {image}", registry_of(image), credentials, error.message) from None
    if not digest:
        raise RegistryError(f"the push of {image} ended without a digest", code="registry-failed")
    _check_pushed(client, image, image_id, digest)
    return digest


def check_login(client: DockerClient, image: ImageReference, push: RegistryAccess | None) -> None:
    """Try the credentials for a push, so that a refusal is known before a long build.

    Raises:
        SpecError: A credential that the connection names cannot be read.
        RegistryError: The registry refused the credentials, or they could not be fetched.
    """
    credentials = push.credentials() if push is not None else None
    if credentials is None or credentials.username == IDENTITY_TOKEN_USER:
        return
    host = registry_of(image)
    try:
        client.post("/auth", login_fields(credentials, host))
    except ApiError as error:
        failure = refused(f"cannot push {image}", host, credentials, error.message)
        if failure.code == REFUSED:
            raise failure from None
        # Whatever else keeps the engine from logging in, the push itself will say it if it matters.


def _check_pushed(client: DockerClient, image: ImageReference, image_id: str, digest: str) -> None:
    """Make sure that our image was pushed: the engine sends what the name means at that moment."""
    if digest not in digests_of(client.get(f"/images/{image_id}/json") or {}, image):
        raise EngineError(
            f"another build gave the name {image} to its own image while this one was pushed",
            code="name-taken",
        )
