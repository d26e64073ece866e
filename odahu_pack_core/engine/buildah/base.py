"""The base image in the store of ``buildah``: pulled from its registry, or brought from where it is."""

from __future__ import annotations

import hashlib
from typing import Final

from odahu_pack_core.engine.oci.source_image import SourceImage
from odahu_pack_core.engine.refused import refused
from odahu_pack_core.events import EventSink, Output
from odahu_pack_core.plan.reference import ImageReference
from odahu_pack_core.plugins.protocols import RegistryAccess
from odahu_pack_core.values import dataclass

from .bench import Bench
from .layout import write_layout
from .login import Login
from .tool import BuildahError

_NOTHING: Final = "scratch"


@dataclass(frozen=True)
class HeldBase:
    """A base image in the store.

    Args:
        name: What the bench calls it.
        image_id: Its id.
        may_be_stacked: Whether an image that was built upon it may be built upon again: for that, buildah
            wants a history that tells of every layer.
    """

    name: str
    image_id: str
    may_be_stacked: bool


def hold_base(
    bench: Bench, source: SourceImage, platform: str, pull: RegistryAccess | None, emit: EventSink
) -> HeldBase:
    """Make sure that the store holds a base image.

    Args:
        bench: Gives it a name.
        source: The image.
        platform: ``os/arch`` of the image.
        pull: The way into its registry; None for anonymous.
        emit: Receives output.

    Raises:
        RegistryError: Its registry refused or failed.
        EngineError: The store cannot take it.
    """
    if not source.layers:
        return HeldBase(_NOTHING, "", may_be_stacked=False)
    key = _key(source)
    name = bench.base_name(key)
    if source.registry_host:
        image_id = _pulled(bench, source, platform, pull, emit)
    else:
        folder = bench.base_folder(key)
        write_layout(folder, source)
        image_id = bench.buildah("pull", "--quiet", f"oci:{folder.name}", folder=folder.parent)
    bench.buildah("tag", image_id, name)
    return HeldBase(name, image_id, _tells_of_its_layers(source))


def _pulled(
    bench: Bench, source: SourceImage, platform: str, pull: RegistryAccess | None, emit: EventSink
) -> str:
    host = source.registry_host
    reference = ImageReference(source.repository, host, digest=source.manifest_digest)
    access = pull if pull is not None and pull.host == host else None
    login = Login.of(host, access, bench.buildah.folder / "pull.json")
    arguments = ("--policy=missing", f"--platform={platform}", *login.options, f"docker://{reference}")
    try:
        told = bench.buildah(
            "pull",
            *arguments,
            secrets=login.secrets,
            on_line=lambda stream, line: emit(Output("buildah", line)) if stream == "stderr" else None,
        )
    except BuildahError as error:
        raise refused(f"cannot pull {reference}", host, login.credentials, error.reason) from None
    return told.splitlines()[-1]


def _key(source: SourceImage) -> str:
    """Return what tells a base image from others."""
    identity = source.manifest_digest or source.facts.image_id
    return hashlib.sha256(identity.encode()).hexdigest()[:16]


def _tells_of_its_layers(source: SourceImage) -> bool:
    history = source.config.get("history") or []
    return sum(not entry.get("empty_layer") for entry in history) == len(source.layers)
