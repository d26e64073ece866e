"""A conda channel made by the tests: packages of both formats, and a server on loopback."""

import bz2
import hashlib
import io
import json
import tarfile
import threading
import zipfile
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import zstandard

PLACEHOLDER = "/opt/anaconda1anaconda2anaconda3" + "_placehold" * 20
"""As conda-build writes it: long enough for any prefix."""


class Channel:
    """A channel in a folder; a package is there once it is added."""

    def __init__(self, folder):
        self.folder = folder
        self.repodata = {"linux-64": {}, "linux-aarch64": {}, "noarch": {}}
        for subdir in self.repodata:
            (folder / subdir).mkdir(parents=True)
        self.write()

    @property
    def url(self):
        return self.folder.as_uri()

    def add(
        self,
        name,
        version,
        files,
        *,
        subdir="linux-64",
        build="0",
        depends=(),
        noarch=None,
        entry_points=(),
        links=(),
        conda=False,
        prefixes=None,
        modes=None,
        record=None,
        path_in_tar=None,
        listed=None,
        placeholder=PLACEHOLDER,
    ):
        """Add a package.

        Args:
            name: Its name.
            version: Its version.
            files: Content by path.
            subdir: Its platform.
            build: Its build string.
            depends: Match specs of what it needs.
            noarch: ``python`` or ``generic``.
            entry_points: Lines such as ``hello = hello:main``.
            links: Pairs of path and target of symbolic links.
            conda: Whether the newer format is written.
            prefixes: ``text`` or ``binary`` by path of the files that hold `PLACEHOLDER`.
            modes: Permission bits by path; 0644 for others.
            record: What the channel says otherwise than the package.
            path_in_tar: Paths in the archive that differ from those in ``files``.
            listed: What ``paths.json`` lists in place of the files.
            placeholder: The prefix that the files hold.
        """
        stem = f"{name}-{version}-{build}"
        index = {
            "name": name,
            "version": version,
            "build": build,
            "build_number": 0,
            "depends": list(depends),
            "subdir": subdir,
            "arch": None if noarch else "x86_64",
            "platform": None if noarch else "linux",
        }
        if noarch:
            index["noarch"] = noarch
        info = {"info/index.json": index, "info/paths.json": {"paths": listed, "paths_version": 1}}
        if listed is None:
            info["info/paths.json"]["paths"] = _paths(files, dict(links), prefixes or {}, placeholder)
        if noarch == "python":
            link = {
                "noarch": {"type": "python", "entry_points": list(entry_points)},
                "package_metadata_version": 1,
            }
            info["info/link.json"] = link
        metadata = {path: json.dumps(content).encode() for path, content in info.items()}
        metadata["info/files"] = "".join(f"{path}\n" for path in [*files, *dict(links)]).encode()
        content = {(path_in_tar or {}).get(path, path): data for path, data in files.items()}
        if conda:
            file_name, packed = f"{stem}.conda", _conda(stem, metadata, content, links, modes or {})
        else:
            file_name = f"{stem}.tar.bz2"
            packed = bz2.compress(_tar({**metadata, **content}, links, modes or {}), 1)
        (self.folder / subdir / file_name).write_bytes(packed)
        told = {"sha256": hashlib.sha256(packed).hexdigest(), "size": len(packed), **(record or {})}
        self.repodata[subdir][file_name] = {**index, **told}
        self.write()
        return told["sha256"]

    def write(self):
        """Write what the channel says of its packages."""
        for subdir, packages in self.repodata.items():
            old = {name: record for name, record in packages.items() if name.endswith(".tar.bz2")}
            new = {name: record for name, record in packages.items() if name.endswith(".conda")}
            content = {
                "info": {"subdir": subdir},
                "packages": old,
                "packages.conda": new,
                "repodata_version": 1,
            }
            (self.folder / subdir / "repodata.json").write_text(json.dumps(content))


@contextmanager
def serving(channel):
    """Serve a channel on loopback; yield its address and the paths that are asked for."""
    asked = []

    class Handler(SimpleHTTPRequestHandler):
        def do_GET(self):  # http.server wants this name
            asked.append(self.path)
            super().do_GET()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(channel.folder)))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _paths(files, links, prefixes, placeholder):
    listed = []
    for path, content in files.items():
        entry = {
            "_path": path,
            "path_type": "hardlink",
            "sha256": hashlib.sha256(content).hexdigest(),
            "size_in_bytes": len(content),
        }
        if path in prefixes:
            entry |= {"file_mode": prefixes[path], "prefix_placeholder": placeholder}
        listed.append(entry)
    link = {"path_type": "softlink", "sha256": "0" * 64, "size_in_bytes": 0}
    listed += [{"_path": path, **link} for path in links]
    return listed


def _tar(files, links, modes):
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as tar:
        for path, content in files.items():
            member = tarfile.TarInfo(path)
            member.size, member.mode, member.mtime = len(content), modes.get(path, 0o644), 1_600_000_000
            tar.addfile(member, io.BytesIO(content))
        for path, target in links:
            member = tarfile.TarInfo(path)
            member.type, member.linkname = tarfile.SYMTYPE, target
            tar.addfile(member)
    return written.getvalue()


def _conda(stem, metadata, files, links, modes):
    written = io.BytesIO()
    pack = zstandard.ZstdCompressor(level=1).compress
    with zipfile.ZipFile(written, "w") as archive:
        archive.writestr("metadata.json", json.dumps({"conda_pkg_format_version": 2}))
        archive.writestr(f"pkg-{stem}.tar.zst", pack(_tar(files, links, modes)))
        archive.writestr(f"info-{stem}.tar.zst", pack(_tar(metadata, (), {})))
    return written.getvalue()
