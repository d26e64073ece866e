"""A base of Debian packages: their files and nothing of the host, the same bytes whoever makes it."""

import io
import json
import os
import shutil
import subprocess
import tarfile

import pytest

from workbench.__main__ import main
from workbench.errors import PartMissingError, WorkbenchError
from workbench.rootless import base, debian_base
from workbench.rootless.layer import packages_layer
from workbench.rootless.layout import LayoutWriter

pytestmark = pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="needs dpkg-deb")

CONTROL = "Package: {}\nVersion: 1\nArchitecture: all\nMaintainer: nobody\nDescription: {}\n"
FILES = {
    "python": {
        "usr/bin/python3.11": b"elf",
        "lib/x86_64-linux-gnu/libc.so.6": b"library",
        "usr/share/doc/python/README": b"left out",
        "usr/share/doc/python/copyright": b"kept",
        "usr/share/man/man1/python.1": b"left out",
    },
    "certificates": {
        "usr/share/ca-certificates/mozilla/b.crt": b"second\n",
        "usr/share/ca-certificates/mozilla/a.crt": b"first\n",
    },
}


@pytest.fixture
def archives(tmp_path):
    """Debian packages made here, with a link of each kind and a program that gives its caller rights."""
    made = []
    for name, files in FILES.items():
        root = tmp_path / "roots" / name
        for path, content in {"DEBIAN/control": CONTROL.format(name, name).encode(), **files}.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(content)
        if name == "python":
            (root / "usr/bin/python3").symlink_to("python3.11")
            (root / "bin").mkdir()
            os.link(root / "usr/bin/python3.11", root / "bin/again")
            (root / "usr/bin/python3.11").chmod(0o4755)
        made.append(tmp_path / f"{name}.deb")
        build = ["dpkg-deb", "--root-owner-group", "--build", root, made[-1]]
        subprocess.run(build, check=True, stdout=subprocess.DEVNULL)
    return made


@pytest.fixture
def layer(archives):
    with tarfile.open(fileobj=io.BytesIO(packages_layer(archives, os.environ))) as tar:
        yield tar


def test_files_are_where_debian_has_them_since_usr_is_merged(layer):
    assert layer.extractfile("usr/lib/x86_64-linux-gnu/libc.so.6").read() == b"library"
    links = {member.name: member.linkname for member in layer if member.issym()}
    assert links == {"bin": "usr/bin", "lib": "usr/lib", "usr/bin/python3": "python3.11"}


def test_links_between_files_follow_what_they_lead_to(layer):
    (link,) = (member for member in layer if member.islnk())
    assert {link.name, link.linkname} == {"usr/bin/again", "usr/bin/python3.11"}
    assert layer.extractfile(link).read() == b"elf"
    assert layer.getnames().index(link.linkname) < layer.getnames().index(link.name)


def test_documentation_stays_behind_and_licences_do_not(layer):
    documents = [name for name in layer.getnames() if name.startswith(("usr/share/doc", "usr/share/man"))]
    assert "usr/share/doc/python/copyright" in documents
    assert not any(name.endswith(("README", ".1")) for name in documents)


def test_what_installing_would_do_is_done(layer):
    assert layer.extractfile("etc/ssl/certs/ca-certificates.crt").read() == b"first\nsecond\n"
    assert layer.extractfile("etc/passwd").read().startswith(b"root:x:0:0:")
    assert layer.getmember("tmp").mode == 0o1777


def test_nobody_gains_rights_and_everything_is_roots(layer):
    members = layer.getmembers()
    assert {(member.uid, member.gid, member.uname, member.mtime) for member in members} == {(0, 0, "", 0)}
    assert not [member.name for member in members if member.mode & 0o6000]


def test_folders_stand_before_what_is_in_them_and_once(layer):
    names = layer.getnames()
    assert len(names) == len(set(names))
    folders = [member.name for member in layer if member.isdir()]
    assert all(
        names.index(folder) < names.index(name)
        for folder in folders
        for name in names
        if name.startswith(f"{folder}/")
    )


def test_the_host_leaves_no_trace(archives, tmp_path, monkeypatch):
    first = packages_layer(archives, os.environ)
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    umask = os.umask(0o077)
    try:
        assert packages_layer(archives, os.environ) == first
        LayoutWriter(tmp_path / "private").write("python3.11", first, {"os": "linux"})
    finally:
        os.umask(umask)
    LayoutWriter(tmp_path / "open").write("python3.11", first, {"os": "linux"})
    private, public = ((tmp_path / name / "index.json").read_bytes() for name in ("private", "open"))
    assert private == public


def test_a_broken_package_is_an_error_in_words(tmp_path):
    (tmp_path / "broken.deb").write_bytes(b"no archive")
    with pytest.raises(WorkbenchError, match="dpkg-deb"):
        packages_layer([tmp_path / "broken.deb"], os.environ)


def test_where_no_apt_is_it_says_so(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PartMissingError, match="not a Debian"):
        debian_base(tmp_path, os.environ)


@pytest.mark.slow
def test_the_real_one_is_made_once_and_is_whole(tmp_path, monkeypatch, capsys):
    made = debian_base(tmp_path, os.environ)
    monkeypatch.setattr(base, "_make", None)
    assert main(["layout", str(tmp_path)]) == 0
    assert capsys.readouterr().out == f"oci:{made.layout}\n"
    assert {path.name for path in tmp_path.iterdir()} == {"lock", made.layout.name}
    manifest = json.loads((made.layout / "index.json").read_text())["manifests"][0]
    document = json.loads((made.layout / "blobs" / manifest["digest"].replace(":", "/")).read_text())
    with tarfile.open(made.layout / "blobs" / document["layers"][0]["digest"].replace(":", "/")) as tar:
        names = set(tar.getnames())
    assert {f"usr/bin/python{made.python}", "usr/bin/python3", "usr/bin/sh", "etc/os-release"} <= names
