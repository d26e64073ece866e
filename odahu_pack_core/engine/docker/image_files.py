"""Files of an image, read through a container that is created, never started, and always removed."""

from __future__ import annotations

import base64
import json
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Final, cast

from odahu_pack_core.errors import EngineError
from odahu_pack_core.values import dataclass

from .client import ApiError, DockerClient

_STAT_HEADER: Final = "X-Docker-Container-Path-Stat"
_GO_FOLDER: Final = 1 << 31
_GO_LINK: Final = 1 << 27
_EXECUTABLE: Final = 0o111


@dataclass(frozen=True)
class PathStat:
    """What is at a path of an image.

    Args:
        mode: Go's ``os.FileMode``.
        target: Where a link finally leads, as an absolute path in the image; empty for others.
    """

    mode: int
    target: str

    @property
    def is_link(self) -> bool:
        """Whether it is a symbolic link."""
        return bool(self.mode & _GO_LINK)

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder."""
        return bool(self.mode & _GO_FOLDER)

    @property
    def is_program(self) -> bool:
        """Whether it is a file that somebody may execute."""
        return not (self.is_link or self.is_folder) and bool(self.mode & _EXECUTABLE)


@dataclass(frozen=True)
class ContainerFiles:
    """Looks at the files of an image.

    Args:
        client: The engine.
        container: A container of the image.
    """

    client: DockerClient
    container: str

    @classmethod
    @contextmanager
    def of(cls, client: DockerClient, image_id: str) -> Iterator[ContainerFiles]:
        """Give access to an image's files for as long as the block lasts."""
        # The command only satisfies the engine: the container is never started.
        body = {"Image": image_id, "Entrypoint": [], "Cmd": ["-"], "NetworkDisabled": True}
        container = str(client.post("/containers/create", body)["Id"])
        try:
            yield cls(client, container)
        finally:
            client.delete(f"/containers/{container}", force="1", v="1")

    def stat(self, path: str) -> PathStat | None:
        """Return what is at an absolute path; None when there is nothing."""
        try:
            header = self.client.header(self._archive, _STAT_HEADER, path=path)
        except ApiError:
            return None  # links in a circle are an internal error to the engine, which says no more about it
        if header is None:
            return None
        try:
            fields = json.loads(base64.b64decode(header))
            return PathStat(int(fields["mode"]), str(fields.get("linkTarget", "")))
        except (ValueError, KeyError, TypeError):
            raise EngineError(
                "the engine describes a file in a way nobody knows", code="bad-answer"
            ) from None

    def program(self, path: str) -> str | None:
        """Return the path of a program with its links followed; None when there is no program."""
        found = self.stat(path)
        if found is not None and found.is_link:
            path = found.target
            found = self.stat(path)
        return path if found is not None and found.is_program else None

    def exists(self, path: str) -> bool:
        """Tell whether anything is at a path."""
        return self.stat(path) is not None

    def is_folder(self, path: str) -> bool:
        """Tell whether a path is a folder, or a link to one."""
        found = self.stat(path)
        if found is not None and found.is_link:
            found = self.stat(found.target)
        return found is not None and found.is_folder

    def start_of(self, path: str, size: int) -> bytes:
        """Return the first bytes of a regular file; none when it is none."""
        if self.stat(path) is None:
            return b""
        with self._members(path) as tar:
            member = tar.next()
            stream = tar.extractfile(member) if member is not None and member.isreg() else None
            return stream.read(size) if stream is not None else b""

    def names_in(self, folder: str) -> Iterator[str]:
        """Yield the names in a folder; the engine sends all that is below it, of which nothing is kept."""
        with self._members(folder) as tar:
            while (member := tar.next()) is not None:
                _, _, path = member.name.partition("/")
                if path and "/" not in path:
                    yield path
                # tarfile would keep every member for random access.
                tar.members.clear()  # type: ignore[attr-defined]  # the documented list, which typeshed lacks

    @property
    def _archive(self) -> str:
        return f"/containers/{self.container}/archive"

    @contextmanager
    def _members(self, path: str) -> Iterator[tarfile.TarFile]:
        with self.client.download(self._archive, path=path) as chunks:
            stream = cast("IO[bytes]", _ChunkReader(chunks))
            try:
                with tarfile.open(fileobj=stream, mode="r|") as tar:
                    yield tar
            except tarfile.TarError as error:
                raise EngineError(
                    f"the engine's archive of {path} is broken: {error}", code="bad-answer"
                ) from None


class _ChunkReader:
    """Chunks as a stream that can only be read forward."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._rest = b""

    def read(self, size: int) -> bytes:
        while len(self._rest) < size and (chunk := next(self._chunks, b"")):
            self._rest += chunk
        content, self._rest = self._rest[:size], self._rest[size:]
        return content
