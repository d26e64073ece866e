"""Artifacts, manifests, requests and names made by an enemy: each stays data, or is refused."""

import gzip
import json
import os
import socket
import subprocess
import sys
import tarfile
import threading
import zipfile
from pathlib import Path

import pytest

from odahu_pack_core import ArtifactError, ModelArtifact, SpecError, package_model, plan_model
from tests.e2e.parts import THREE_FEATURES, connection, gppi_project, packaging
from tests.runtime.layout import Runtime, install_from_this_environment, lay_out, pack_model
from tests.runtime.serving import serve

A_NAME = """$(touch /tmp/p) ${HOME} `id` "'\\ # x\\n ONBUILD RUN evil \\"""
A_VERSION = '1"\\ $X ${PYTHON_VERSION} é\\'
A_SECRET = "pw-of-the-index"


@pytest.fixture
def scratch(tmp_path, monkeypatch):
    """The folder of temporary files, which must be empty in the end."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    yield folder
    assert not list(folder.iterdir())


def member(name, kind=tarfile.REGTYPE, target=""):
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = kind, target
    return entry


def tar_of(project, path, *members):
    with tarfile.open(path, "w") as archive:
        archive.add(project, arcname=".")
        for each in members:
            archive.addfile(each)
    return path


def zip_of_links(path, *links):
    with zipfile.ZipFile(path, "w") as archive:
        for name, target in links:
            entry = zipfile.ZipInfo(name)
            entry.external_attr = 0o120777 << 16
            archive.writestr(entry, target)
    return path


def plan(artifact, integration="docker-cli", **arguments):
    spec = packaging(integration, **arguments)
    there = connection(type("Nowhere", (), {"host": "127.0.0.1:9", "username": None}))
    return plan_model(spec, artifact=artifact, connections=[there])


@pytest.mark.parametrize("planted", ["way/planted", "way/new/folder/planted"])
@pytest.mark.parametrize("relative", [False, True])
def test_a_link_behind_a_link_is_not_written_outside(project, tmp_path, scratch, planted, relative):
    outside = tmp_path / "outside"
    outside.mkdir()
    way = f"../../../{outside.name}" if relative else str(outside)
    links = (("way", way), (planted, "/etc/passwd"))
    tar = tar_of(project, tmp_path / "m.tar", *(member(name, tarfile.SYMTYPE, to) for name, to in links))
    for archive in (tar, zip_of_links(tmp_path / "m.zip", *links)):
        with pytest.raises(ArtifactError):
            plan(archive)
    assert not list(outside.iterdir())
    assert not list(scratch.iterdir())


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME])
def test_a_header_without_end_is_refused_before_it_is_in_memory(tmp_path, scratch, kind):
    header = member("endless", kind)
    header.size = 1 << 40
    archive = tmp_path / "m.tgz"
    with gzip.open(archive, "wb", compresslevel=1) as stream:
        stream.write(header.tobuf(tarfile.GNU_FORMAT))
        for _ in range(32):
            stream.write(bytes(1 << 20))
    with pytest.raises(ArtifactError, match="too large"):
        plan(archive)
    assert not list(scratch.iterdir())


@pytest.mark.usefixtures("scratch")
def test_a_tree_too_deep_to_be_removed_again_is_refused(project, tmp_path):
    folders = (member("d/" * depth, tarfile.DIRTYPE) for depth in range(1, 1500))
    with pytest.raises(ArtifactError, match="folders deep"):
        plan(tar_of(project, tmp_path / "m.tar", *folders))


def test_a_name_that_layers_read_as_a_deletion_is_refused(project):
    (project / "odahuflow_model" / ".wh.entrypoint.py").touch()
    with pytest.raises(ArtifactError, match="deletion"):
        plan(project)


@pytest.mark.parametrize(
    "line",
    [
        f'--index-url "https://host" --extra-index-url "https://user:{A_SECRET}@host"',
        f"--extra-index-url https://host --index-url=https://user:{A_SECRET}@host",
        "--index-url https://host --config-file=/etc/passwd",
        "--no-index --find-links /",
        "--prefer-binary -r /etc/passwd",
    ],
)
def test_one_option_of_pip_brings_no_second(tmp_path, line):
    project = gppi_project(tmp_path / "project", THREE_FEATURES, pip=[line])
    with pytest.raises(SpecError) as caught:
        plan(project)
    assert A_SECRET not in str(caught.value)


@pytest.mark.parametrize("host", ["--workers=9", "-x", "$(id)", "${HOME}", "0.0.0.0\nRUN evil", "a b"])
def test_a_host_is_no_option(project, host):
    with pytest.raises(SpecError, match="host"):
        plan(project, "docker-rest", host=host)


@pytest.fixture(scope="module")
def runtime(tmp_path_factory):
    home = tmp_path_factory.mktemp("opt")
    lay_out(home)
    install_from_this_environment(home / "front")
    return Runtime(sys.executable, home)


def answer_to(front, start, more=b""):
    """Send bytes until the server has enough, and return what it says."""
    with socket.create_connection(("127.0.0.1", front.port), timeout=15) as stream:
        try:
            stream.sendall(start)
            for _ in range(64 if more else 0):
                stream.sendall(more)
        except OSError:
            return b""
        head, _, body = stream.recv(4096).partition(b"\r\n\r\n")
        return int(head.split()[1]), json.loads(body)["code"]


def memory_of(pid):
    pages = Path(f"/proc/{pid}/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def test_heads_of_requests_are_bounded(runtime, tmp_path):
    model = pack_model(tmp_path / "model", "wine")
    with serve(runtime, model, tmp_path / "log") as front:
        before = memory_of(front.process.pid)
        for start in (b"GET / HTTP/1.1\r\nX: ", b"GET /"):
            answer_to(front, start, b"x" * 1_000_000)
        assert memory_of(front.process.pid) - before < 16_000_000
        assert answer_to(front, b"GET / HTTP/1.1\r\nX: " + b"x" * 100_000) == (431, "headers_too_large")
        assert answer_to(front, b"\x16\x03\x01 no HTTP\r\n\r\n") == (400, "invalid_http")
        assert front.ask("GET", "/healthcheck").status == 200


def test_a_result_never_replaces_its_input(runtime, tmp_path):
    model = pack_model(tmp_path / "model", "wine")
    given = tmp_path / "result.json"
    given.write_text('{"data": [[1, 2, 3]]}')
    command = runtime.argv("cli", *model.options, "predict", given, tmp_path)
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert "is an input" in ended.stderr
    assert given.read_text() == '{"data": [[1, 2, 3]]}'


@pytest.mark.engine
@pytest.mark.registry
@pytest.mark.usefixtures("leaves_nothing")
@pytest.mark.parametrize("engine_name", ["oci", "docker"])
def test_names_of_models_and_files_are_data_in_the_image(
    client, registry, base_python, tmp_path, engine_name
):
    base_python("3.11")
    project = gppi_project(tmp_path / "project", THREE_FEATURES, name=A_NAME, version=A_VERSION)
    files = {"a\nRUN evil", "$(id)", '--x "q" \\', "#c \u2028 é", "Dockerfile", ".dockerignore"}
    for name in files:
        (project / name).write_text("FROM evil\n*")
    request, ways = packaging("docker-cli", imageName=f"hostile-{engine_name}:1"), [connection(registry)]
    published = package_model(request, artifact=project, connections=ways, engine=engine_name).image
    login = {"username": registry.username, "password": registry.password}
    image = client.images.pull(published.reference.name, tag=published.digest, auth_config=login)
    try:
        config = image.attrs["Config"]
        settings = dict(line.split("=", 1) for line in config["Env"])
        assert (settings["ODAHU_MODEL_NAME"], settings["ODAHU_MODEL_VERSION"]) == (A_NAME, A_VERSION)
        assert config["Labels"]["org.opencontainers.image.title"] == A_NAME
        assert not config["OnBuild"]
        assert registry.password not in json.dumps([image.attrs, image.history()])
        listed = client.containers.run(
            image.id,
            ["-c", "import os, json; print(json.dumps(os.listdir('/opt/odahu/artifact')))"],
            entrypoint="/opt/model/bin/python3",
            remove=True,
        )
        assert files <= set(json.loads(listed))
    finally:
        client.images.remove(image.id, noprune=True, force=True)


@pytest.mark.engine
@pytest.mark.registry
@pytest.mark.usefixtures("leaves_nothing")
def test_packagings_at_once_install_once(registry, base_python, tmp_path, monkeypatch):
    base_python("3.11")
    monkeypatch.setenv("ODAHU_PACK_CACHE_DIR", str(tmp_path / "cache"))
    project = gppi_project(tmp_path / "project", THREE_FEATURES, pip=["six==1.16.0"])
    installed, digests = [], []

    def run():
        result = package_model(
            packaging("docker-cli"),
            artifact=project,
            connections=[connection(registry)],
            on_event=lambda event: installed.append(event) if "Installed 1" in str(event) else None,
        )
        digests.append(result.image.digest)

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(digests) == 3
    assert len(installed) == 1


@pytest.mark.parametrize("become", [os.mkfifo, os.mkdir, lambda path: path.symlink_to("/etc/hostname")])
def test_a_file_that_became_something_else_is_not_waited_for(project, become):
    member_file = project / "odahuflow_model" / "entrypoint.py"
    member_file.unlink()
    become(member_file)
    with pytest.raises(OSError, match=r"not a file|symbolic links"):
        ModelArtifact("gppi", project, (), "", "").open("odahuflow_model/entrypoint.py")
