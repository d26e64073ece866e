"""Debian packages as one layer: their files as the archives hold them; nothing is run or unpacked to disk."""

import io
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from workbench.command import read

__all__ = ["packages_layer"]

_MERGED = ("bin", "lib", "lib32", "lib64", "libx32", "sbin")
"""Folders that Debian has under /usr since bookworm; packages still use the old names."""
_LEFT_OUT = tuple(
    f"usr/share/{name}/" for name in ("bug", "doc", "doc-base", "info", "lintian", "locale", "man")
)
_CERTIFICATES = "usr/share/ca-certificates/"
_WRITTEN = {
    "etc/passwd": b"root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/bin/false\n",
    "etc/group": b"root:x:0:\nnogroup:x:65534:\n",
}
_FOLDERS = {"tmp": 0o1777, "etc": 0o755, "etc/ssl": 0o755, "etc/ssl/certs": 0o755}


def packages_layer(archives: Iterable[Path], environ: Mapping[str, str]) -> bytes:
    """Return the tar of a root folder in which the packages are unpacked; the same bytes everywhere.

    Configuration that packages would do when they are installed is left out, but for what images need:
    users, the CA bundle, the merged /usr.

    Args:
        archives: The packages.
        environ: The environment variables of ``dpkg-deb``.

    Raises:
        WorkbenchError: An archive is broken.
    """
    entries: dict[str, _Entry] = {}
    for archive in archives:
        content = read(["dpkg-deb", "--fsys-tarfile", archive], environ=environ)
        entries.update((entry.name, entry) for entry in _entries(content))
    entries.update((entry.name, entry) for entry in _configured(entries))
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.GNU_FORMAT) as tar:
        # A hard link follows the file it leads to.
        for entry in sorted(entries.values(), key=lambda entry: (entry.islnk(), entry.name)):
            tar.addfile(entry, io.BytesIO(entry.content))
    return packed.getvalue()


class _Entry(tarfile.TarInfo):
    """A member of the layer with its content."""

    content = b""


def _entry(name: str, kind: bytes, mode: int, *, content: bytes = b"", link: str = "") -> _Entry:
    entry = _Entry(name)
    entry.type, entry.mode, entry.linkname = kind, mode, link
    entry.content, entry.size = content, len(content)
    return entry


def _entries(content: bytes) -> Iterator[_Entry]:
    with tarfile.open(fileobj=io.BytesIO(content)) as tar:
        for member in tar:
            name = _merged(member.name.removeprefix("./"))
            if name in {"", ".", *_MERGED} or _is_left_out(name):
                continue
            file = tar.extractfile(member) if member.isreg() else None
            link = _merged(member.linkname.removeprefix("./")) if member.islnk() else member.linkname
            body = file.read() if file else b""
            entry = _entry(name, member.type, member.mode & 0o1777, content=body, link=link)
            entry.uid, entry.gid = member.uid, member.gid
            yield entry


def _is_left_out(name: str) -> bool:
    return name.startswith(_LEFT_OUT) and not name.endswith("/copyright")


def _merged(name: str) -> str:
    first, slash, _ = name.partition("/")
    return f"usr/{name}" if slash and first in _MERGED else name


def _configured(entries: Mapping[str, _Entry]) -> Iterator[_Entry]:
    """Yield what no package holds, or no package as it has to be."""
    folders = {name.split("/")[1] for name in entries if name.startswith("usr/")}
    for name in _MERGED:
        if name in folders:
            yield _entry(name, tarfile.SYMTYPE, 0o777, link=f"usr/{name}")
    for name, mode in _FOLDERS.items():
        yield _entry(name, tarfile.DIRTYPE, mode)
    for name, content in _WRITTEN.items():
        yield _entry(name, tarfile.REGTYPE, 0o644, content=content)
    certificates = sorted(
        name for name in entries if name.startswith(_CERTIFICATES) and name.endswith(".crt")
    )
    bundle = b"".join(entries[name].content for name in certificates)
    yield _entry("etc/ssl/certs/ca-certificates.crt", tarfile.REGTYPE, 0o644, content=bundle)
