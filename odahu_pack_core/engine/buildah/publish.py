"""BuiltImage: an image of the store, and the ways to its output: a registry, a layout, an archive."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from odahu_pack_core.command import Stream
from odahu_pack_core.engine.destination import whole_file, whole_folder
from odahu_pack_core.engine.refused import refused
from odahu_pack_core.errors import RegistryError
from odahu_pack_core.events import EventSink, Output, Progress
from odahu_pack_core.plan.reference import ImageReference
from odahu_pack_core.plugins.protocols import IDENTITY_TOKEN_USER, ImageOutput, RegistryAccess
from odahu_pack_core.plugins.refusal import REFUSED
from odahu_pack_core.result import PublishedImage
from odahu_pack_core.values import dataclass

from .bench import Bench
from .login import Login
from .tool import BuildahError

_CHUNK: Final = 1024 * 1024
_TAR: Final = ".tar"


def is_folder(output: ImageOutput) -> bool:
    """Tell whether an image is written as a folder: a layout is, unless its path ends with ``.tar``."""
    return output.type == "oci" and output.dest is not None and output.dest.suffix != _TAR


def check_login(bench: Bench, login: Login, image: ImageReference) -> None:
    """Try the credentials for a push, so that a refusal is known before a long build.

    Raises:
        RegistryError: The registry refused them.
    """
    credentials = login.credentials
    if credentials is None or credentials.username == IDENTITY_TOKEN_USER:
        return
    tried = login.file.with_name("tried.json")
    arguments = (f"--authfile={tried}", login.options[1], f"--username={credentials.username}")
    try:
        bench.buildah(
            "login",
            *arguments,
            "--password-stdin",
            login.host,
            stdin=credentials.password.encode(),
            secrets=login.secrets,
        )
    except BuildahError as error:
        failure = refused(f"cannot push {image}", login.host, credentials, error.reason)
        if failure.code == REFUSED:
            raise failure from None
        # Whatever else keeps it from logging in, the push itself will say it if it matters.
    finally:
        tried.unlink(missing_ok=True)


@dataclass(frozen=True)
class BuiltImage:
    """An image that was built and is nowhere yet but in the store.

    Args:
        bench: Where it was built.
        name: What the bench calls it.
        image: What it shall be called.
        emit: Receives progress and output.
    """

    bench: Bench
    name: str
    image: ImageReference
    emit: EventSink

    def push(self, push: RegistryAccess | None, login: Login) -> PublishedImage:
        """Push the image and return it with the digest that the registry has for it.

        Raises:
            RegistryError: The registry refused or failed.
        """
        if push is not None:
            push.prepare_push(self.image)
        action = f"cannot push {self.image}"
        try:
            digest = self._sent(f"docker://{self.image}", *login.options, secrets=login.secrets)
        except BuildahError as error:
            raise refused(action, login.host, login.credentials, error.reason) from None
        if not digest:
            raise RegistryError(f"{action}: the push ended without a digest", code="registry-failed")
        return PublishedImage(self.image, digest, f"the registry {self.image.registry}")

    def write_layout(self, dest: Path) -> PublishedImage:
        """Write the image as an OCI layout, a folder or a tar, and return it with its manifest's digest.

        Raises:
            EngineError: The layout cannot be written; nothing is left there.
        """
        if dest.suffix == _TAR:
            return PublishedImage(self.image, self._archived("oci-archive", dest), str(dest))
        with whole_folder(dest) as folder:
            # Where it runs is named by a dot: a path with a colon could not be said here.
            digest = self._sent(f"oci:.:{self.image}", folder=folder)
        return PublishedImage(self.image, digest, str(dest))

    def write_archive(self, dest: Path) -> PublishedImage:
        """Write the image as an archive that ``docker load`` reads, and return it with its id.

        Raises:
            EngineError: The archive cannot be written; nothing is left there.
        """
        image_id = self.bench.buildah("inspect", "--type=image", "--format={{.FromImageID}}", self.name)
        self._archived("docker-archive", dest)
        return PublishedImage(self.image, f"sha256:{image_id}", str(dest))

    def _archived(self, kind: str, dest: Path) -> str:
        archive = self.bench.buildah.folder / "image.tar"
        digest = self._sent(f"{kind}:{archive.name}:{self.image}")
        done, size = 0, archive.stat().st_size
        with whole_file(dest) as write, archive.open("rb") as stream:
            while chunk := stream.read(_CHUNK):
                write(chunk)
                done += len(chunk)
                self.emit(Progress("save", str(dest), done, size))
        return digest

    def _sent(self, to: str, *options: str, secrets: tuple[str, ...] = (), folder: Path | None = None) -> str:
        """Send the image somewhere and return its manifest's digest."""
        file = self.bench.buildah.folder / "digest"

        def on_line(_: Stream, line: str) -> None:
            self.emit(Output("buildah", line))

        arguments = (f"--digestfile={file}", *options, self.name, to)
        self.bench.buildah("push", *arguments, secrets=secrets, on_line=on_line, folder=folder)
        return file.read_text().strip() if file.exists() else ""
