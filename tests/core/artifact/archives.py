"""Archives of every format from one list of members, honest and hostile ones."""

import gzip
import io
import stat
import tarfile
import zipfile
from dataclasses import dataclass

import zstandard

MANIFEST = """\
binaries:
  type: python
  dependencies: conda
  conda_path: mlflow/conda.yaml
model:
  name: wine
  version: 1.10
  workDir: mlflow
  entrypoint: entrypoint
odahuflowVersion: "1.0"
toolchain: {name: mlflow, version: 1.0}
"""


@dataclass(frozen=True)
class Entry:
    """One member: its kind is a letter as ``ls`` shows it, and ``h`` for a hard link."""

    name: str
    content: bytes = b""
    kind: str = "-"
    mode: int = 0o644
    target: str = ""


MODEL = (
    Entry("odahuflow.project.yaml", MANIFEST.encode()),
    Entry("mlflow", kind="d"),
    Entry("mlflow/entrypoint.py", b"def init(): return 'matrix'\n"),
    Entry("mlflow/conda.yaml", b"dependencies: [python=3.6]\n"),
    Entry("mlflow/run.sh", b"#!/bin/sh\n", mode=0o755),
    Entry("mlflow/latest", kind="l", target="run.sh"),
)

_TYPES = {
    "-": tarfile.REGTYPE,
    "d": tarfile.DIRTYPE,
    "l": tarfile.SYMTYPE,
    "h": tarfile.LNKTYPE,
    "c": tarfile.CHRTYPE,
    "b": tarfile.BLKTYPE,
    "p": tarfile.FIFOTYPE,
}
_MODES = {
    "-": stat.S_IFREG,
    "d": stat.S_IFDIR,
    "l": stat.S_IFLNK,
    "c": stat.S_IFCHR,
    "b": stat.S_IFBLK,
    "p": stat.S_IFIFO,
    "s": stat.S_IFSOCK,
}


def tar(entries, form=tarfile.GNU_FORMAT):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=form) as archive:
        for entry in entries:
            member = tarfile.TarInfo(entry.name)
            member.type, member.mode, member.linkname = _TYPES[entry.kind], entry.mode, entry.target
            member.size = len(entry.content)
            archive.addfile(member, io.BytesIO(entry.content))
    return stream.getvalue()


def zipped(entries, compression=zipfile.ZIP_DEFLATED):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as archive:
        for entry in entries:
            member = zipfile.ZipInfo(entry.name + "/" * (entry.kind == "d"))
            member.external_attr = (_MODES[entry.kind] | entry.mode) << 16
            member.compress_type = compression
            archive.writestr(member, entry.target or entry.content)
    return stream.getvalue()


def tar_gz(entries):
    return gzip.compress(tar(entries), mtime=0)


def tar_zst(entries):
    return zstandard.ZstdCompressor(write_checksum=True).compress(tar(entries))


FORMATS = {"zip": zipped, "tar": tar, "tar.gz": tar_gz, "tar.zst": tar_zst}
TARS = {name: pack for name, pack in FORMATS.items() if name != "zip"}
