"""An image on its way into files: an OCI image layout, or an archive for ``docker load``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from odahu_pack_core.blob.files import drafting
from odahu_pack_core.engine.destination import whole_file, whole_folder, writing
from odahu_pack_core.errors import EngineError
from odahu_pack_core.events import EventSink
from odahu_pack_core.plan.files import FILE_MODE, FOLDER_MODE
from odahu_pack_core.plan.reference import ImageReference
from odahu_pack_core.result import PublishedImage
from odahu_pack_core.values import dataclass

from .archive import Member, docker_members, layout_members, tar_of, tar_size
from .crew import Crew
from .draft import Draft
from .loadable import loadable
from .making import LayersInMaking, progress_of
from .manifest import root_of

_TAR: Final = ".tar"
_BLOBS: Final = ("blobs", "blobs/sha256")


@dataclass(frozen=True)
class LayoutOutput:
    """An OCI image layout: a folder, or a tar where the path ends with ``.tar``.

    Args:
        image: What the image is called.
        dest: The path.
        emit: Receives progress on the calling thread.
    """

    image: ImageReference
    dest: Path
    emit: EventSink

    def send(self, layers: LayersInMaking) -> PublishedImage:
        """Write an image whose layers are being made, whole or not at all.

        Raises:
            EngineError: The path is taken or cannot be written.
        """
        if self.dest.suffix == _TAR:
            with whole_file(self.dest) as write:
                images = layers.images_with_manifests()
                for chunk in _reported(layout_members(images, self.image), self.dest, self.emit):
                    write(chunk)
        else:
            # The crew is dismissed before the folder vanishes: nobody may be writing into it then.
            with whole_folder(self.dest.absolute()) as folder, layers.crew:
                images = layers.images_with_manifests()
                _fill(folder, layout_members(images, self.image), self.dest, layers.crew)
        return PublishedImage(self.image, root_of(images).descriptor.digest, str(self.dest))


@dataclass(frozen=True)
class DockerArchiveOutput:
    """An archive that ``docker load`` and ``podman load`` read.

    Args:
        image: What the image is called.
        dest: The path.
        emit: Receives progress on the calling thread.
    """

    image: ImageReference
    dest: Path
    emit: EventSink

    def send(self, layers: LayersInMaking) -> PublishedImage:
        """Write an image whose layers are being made, whole or not at all.

        Raises:
            EngineError: The path cannot be written, or the image is for several platforms.
        """
        check_single(layers.drafts, "a Docker archive")
        with whole_file(self.dest) as write:
            image = loadable(layers.images_with_manifests()[0], layers.crew, layers.folder)
            for chunk in _reported(docker_members(image, self.image), self.dest, self.emit):
                write(chunk)
        return PublishedImage(self.image, image.config.descriptor.digest, str(self.dest))


def check_single(drafts: Sequence[Draft], holder: str) -> None:
    """Refuse images of several platforms.

    Args:
        drafts: The image of each platform.
        holder: What cannot hold them, in words.

    Raises:
        EngineError: There are several.
    """
    if len(drafts) > 1:
        platforms = ", ".join(draft.platform for draft in drafts)
        raise EngineError(
            f"{holder} holds an image of one platform, not of {platforms}",
            code="several-platforms",
            hint="use --output type=oci or type=registry, or name one --platform",
        )


def _reported(members: Sequence[Member], dest: Path, emit: EventSink) -> Iterator[bytes]:
    note, done = progress_of("save", str(dest), tar_size(members), emit), 0
    for chunk in tar_of(members):
        yield chunk
        done += len(chunk)
        note(done)


def _fill(folder: Path, members: Sequence[Member], dest: Path, crew: Crew) -> None:
    with writing(dest):
        folder.chmod(FOLDER_MODE)
        for name in _BLOBS:
            (folder / name).mkdir()
            (folder / name).chmod(FOLDER_MODE)
    crew.results([crew.send(partial(_write, folder, member, dest)) for member in members])


def _write(folder: Path, member: Member, dest: Path, tell: EventSink) -> None:
    note, done = progress_of("save", member.path, member.blob.descriptor.size, tell), 0
    path = folder / member.path
    with drafting(path) as out:
        for chunk in member.chunks():
            out.write(chunk)
            done += len(chunk)
            note(done)
    with writing(dest):
        path.chmod(FILE_MODE)
