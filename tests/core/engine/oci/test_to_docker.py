"""What Docker engines are sent, told by one on loopback that keeps what is loaded into it."""

import io
import json
import re
import tarfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from odahu_pack_core.blob.descriptor import digest_of_bytes
from odahu_pack_core.errors import EngineError
from odahu_pack_core.events import Notice
from odahu_pack_core.plan.instruction import Label
from odahu_pack_core.plugins.protocols import ImageOutput
from tests.core.engine.oci.parts import base_image, oci_engine
from tests.core.engine.parts import build_request


class Daemon(ThreadingHTTPServer):
    """A Docker engine, as far as loading goes."""

    daemon_threads = True

    def __init__(self, base):
        super().__init__(("127.0.0.1", 0), Answers)
        image_id, layers = base.facts.image_id, {"Layers": base.config["rootfs"]["diff_ids"]}
        self.images = {image_id: {"Id": image_id, "RootFS": layers}}
        self.containerd = False
        self.refused = 0  # how many loads fail
        self.loads = []  # the files of each

    def load(self, content):
        with tarfile.open(fileobj=io.BytesIO(content)) as tar:
            files = {member.name: tar.extractfile(member).read() for member in tar}
        self.loads.append(files)
        if self.refused:
            self.refused -= 1
            return {"errorDetail": {"message": "open /tmp/layer.tar: no such file or directory"}}
        [image] = json.loads(files["manifest.json"])
        config = files[image["Config"]]
        image_id = digest_of_bytes(config)
        if self.containerd:
            [root] = json.loads(files["index.json"])["manifests"]
            image_id = root["digest"]
        layers = {"Layers": json.loads(config)["rootfs"]["diff_ids"]}
        self.images[image["RepoTags"][0]] = {"Id": image_id, "RootFS": layers}
        return {"stream": f"Loaded image: {image['RepoTags'][0]}\n"}


class Answers(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else each answer waits until its head is acknowledged

    def log_message(self, *_):
        """Say nothing."""

    def do_GET(self):
        path = re.sub(r"^/v[0-9.]+", "", self.path)
        if path == "/version":
            return self.answer({"ApiVersion": "1.41"})
        if path == "/info":
            kind = "io.containerd.snapshotter.v1" if self.server.containerd else "xfs"
            return self.answer({"DriverStatus": [["driver-type", kind]]})
        name = path.removeprefix("/images/").removesuffix("/json")
        found = self.server.images.get(name)
        return self.answer(found) if found else self.answer({"message": f"No such image: {name}"}, 404)

    def do_POST(self):
        content = b""
        while size := int(self.rfile.readline(), 16):
            content += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        self.answer(self.server.load(content))

    def answer(self, document, status=200):
        content = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


@pytest.fixture
def base():
    return base_image()


@pytest.fixture
def daemon(base, environ):
    with Daemon(base) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        environ["DOCKER_HOST"] = f"tcp://127.0.0.1:{server.server_port}"
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def load(environ, base, events):
    def do(**more):
        engine = oci_engine(environ, base)
        request = build_request("models/wine:1", ImageOutput("docker"), facts=base.facts, **more)
        return engine.execute(request, events.append)

    return do


def last_notice(events):
    return [event.message for event in events if isinstance(event, Notice)][-1]


def test_an_engine_with_the_base_gets_our_layer_and_the_config(daemon, load, events):
    published = load()

    [files] = daemon.loads
    [image] = json.loads(files["manifest.json"])
    assert published.digest == digest_of_bytes(files[image["Config"]])
    assert len(image["Layers"]) == 2
    assert set(files) == {"manifest.json", image["Config"], image["Layers"][1]}
    assert last_notice(events).endswith("1 of 2 layers were there")


def test_an_engine_without_the_base_gets_all(daemon, load, events):
    daemon.images.clear()

    load()

    [files] = daemon.loads
    assert len(files) == 4
    assert last_notice(events).endswith("0 of 2 layers were there")


def test_an_engine_that_has_an_earlier_image_gets_the_rest(daemon, load, events):
    load()
    daemon.images = {name: image for name, image in daemon.images.items() if name == "models/wine:1"}

    load(more=(Label("version", "2"),))

    assert len(daemon.loads[1]) == 2, "manifest.json and the config"
    assert last_notice(events).endswith("2 of 2 layers were there")


def test_a_base_that_vanishes_meanwhile_is_sent_after_all(daemon, load):
    daemon.refused = 1

    load()

    assert [len(files) for files in daemon.loads] == [3, 4]


def test_an_engine_that_takes_nothing_is_told_in_its_words(daemon, load):
    daemon.refused = 2

    with pytest.raises(EngineError, match="no such file or directory"):
        load()


def test_an_engine_that_keeps_blobs_gets_a_whole_layout(daemon, load):
    daemon.containerd = True

    published = load()

    [files] = daemon.loads
    assert "oci-layout" in files
    assert published.digest == json.loads(files["index.json"])["manifests"][0]["digest"]
    assert load().digest == published.digest
    assert len(daemon.loads) == 1


def test_a_name_that_another_run_takes_is_noticed(daemon, load, monkeypatch):
    kept = daemon.load

    def load_and_lose(content):
        answer = kept(content)
        daemon.images["models/wine:1"]["Id"] = "sha256:another"
        return answer

    monkeypatch.setattr(daemon, "load", load_and_lose)

    with pytest.raises(EngineError, match="another run gave the name models/wine:1") as caught:
        load()

    assert caught.value.code == "name-taken"


def test_an_engine_that_is_not_there_is_told(environ, load, tmp_path):
    environ["DOCKER_HOST"] = f"unix://{tmp_path}/nobody.sock"

    with pytest.raises(EngineError, match=r"nobody\.sock") as caught:
        load()

    assert caught.value.code == "engine-absent"
