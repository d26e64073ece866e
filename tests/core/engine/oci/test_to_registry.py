"""Images on their way into a registry: how little is sent, and in which order."""

import json
import os
import re
import threading
from dataclasses import replace

import pytest

from odahu_pack_core.engine.oci.bases.sources import BaseSources
from odahu_pack_core.engine.oci.engine import OciEngine
from odahu_pack_core.events import Notice, Progress
from odahu_pack_core.plan.files import TextFile
from tests.core.engine.oci.parts import checked
from tests.core.engine.oci.registries import PYTHON, TO_REGISTRY, manifest_of, put_base, unique
from tests.core.engine.parts import Access, build_request
from tests.core.registry.distribution.fault_registry import digest_of


def sent_notices(events):
    return [event.message for event in events if isinstance(event, Notice)]


class TestWhatIsSent:
    def test_the_base_is_mounted_and_never_read(self, server, push, events):
        base = put_base(server)

        published = push(base, f"{server.host}/models/wine:1")

        manifest = checked("manifest", manifest_of(server, "models/wine"))
        config = json.loads(server.blobs["models/wine", manifest["config"]["digest"]])
        assert checked("config", config)["config"]["User"] == "65532:0"
        assert published.digest == digest_of(server.manifests["models/wine", "1"][1])
        assert published.location == f"the registry {server.host}"
        assert server.count("POST", "mount=.*from=bases%2Fpython") == 1
        assert server.count("GET", "/bases/python/blobs/" + manifest["layers"][0]["digest"]) == 0
        assert "2 of 3 blobs" not in sent_notices(events)[-1]
        assert re.search(r"^sent .* kB of .* kB to .*: 1 of 3 blobs were there$", sent_notices(events)[-1])

    def test_the_manifest_says_what_the_image_stands_on(self, server, push):
        base = put_base(server)

        push(base, f"{server.host}/models/wine:1")

        annotations = manifest_of(server, "models/wine")["annotations"]
        assert annotations == {
            "org.opencontainers.image.base.name": f"{server.host}/bases/python:3.11",
            "org.opencontainers.image.base.digest": digest_of(server.manifests["bases/python", "3.11"][1]),
        }

    def test_a_second_push_sends_nothing_and_asks_once(self, server, push, events):
        base, name = put_base(server), f"{server.host}/models/wine:1"
        first = push(base, name)
        server.asked.clear()
        access = Access(server.host)

        second = push(base, name, push=access)

        assert second.digest == first.digest
        asked = [(method, path) for method, path, _ in server.asked if "bases" not in path and path != "/v2/"]
        assert asked == [("GET", "/v2/models/wine/manifests/1")]
        assert sent_notices(events)[-1] == f"{name} is there already, nothing was sent"
        assert access.prepared == [], "nothing has to be prepared for that"

    def test_a_changed_model_sends_its_layer_config_and_manifest(self, server, push):
        base, name = put_base(server), f"{server.host}/models/wine:1"
        push(base, name)
        server.asked.clear()

        push(base, name, files=unique("new"))

        assert server.count("PUT", "/blobs/uploads/") + server.count("POST", r"uploads/\?digest") == 2
        assert server.count("PUT", "/manifests/1") == 1
        assert server.count("POST", "mount=") == 0, "what the tag's manifest names is known to be there"

    def test_another_tag_of_the_same_image_is_its_manifest_and_nothing_else(self, server, push, events):
        base = put_base(server)
        first = push(base, f"{server.host}/models/wine:1")
        server.asked.clear()

        second = push(base, f"{server.host}/models/wine:2")

        assert second.digest == first.digest
        asked = [(method, path) for method, path, _ in server.asked if "bases" not in path and path != "/v2/"]
        assert asked == [
            ("GET", "/v2/models/wine/manifests/2"),
            ("GET", f"/v2/models/wine/manifests/{first.digest}"),
            ("PUT", "/v2/models/wine/manifests/2"),
        ]
        assert sent_notices(events)[-1].endswith("3 of 3 blobs were there")

    def test_an_image_that_was_deleted_meanwhile_is_sent_again(self, server, push):
        base = put_base(server)
        push(base, f"{server.host}/models/wine:1")
        for kept in (server.blobs, server.manifests):
            for key in [key for key in kept if key[0] == "models/wine"]:
                del kept[key]

        push(base, f"{server.host}/models/wine:2")

        assert manifest_of(server, "models/wine", "2")

    def test_another_repository_takes_layers_from_the_first(self, server, push, events):
        base, files = put_base(server), (*unique("new"), TextFile("/opt/odahu/large", os.urandom(100_000)))
        push(base, f"{server.host}/models/wine:1", files=files)
        server.asked.clear()

        push(base, f"{server.host}/models/beer:1", files=files)

        assert server.count("POST", "mount=.*from=models%2Fwine") == 1
        assert sent_notices(events)[-1].endswith("2 of 3 blobs were there"), "all but the config"

    def test_a_place_that_is_wrong_costs_a_request_and_nothing_else(self, server, push):
        base, files = put_base(server), (TextFile("/opt/odahu/large", os.urandom(100_000)),)
        push(base, f"{server.host}/models/wine:1", files=files)
        for repository, digest in list(server.blobs):
            if repository == "models/wine":
                del server.blobs[repository, digest]

        push(base, f"{server.host}/models/beer:1", files=files)

        assert manifest_of(server, "models/beer")
        assert server.count("POST", "mount=.*from=models%2Fwine") == 1

    def test_a_registry_that_refuses_mounts_is_sent_the_blobs(self, server, push):
        base = put_base(server)
        server.fail("POST", "mount=", lambda handler: handler.error(403, "DENIED", "no"), times=9)

        push(base, f"{server.host}/models/wine:1")

        manifest = manifest_of(server, "models/wine")
        assert ("models/wine", manifest["layers"][0]["digest"]) in server.blobs

    def test_a_base_of_another_registry_is_streamed_through(self, server, other_server, push, tmp_path):
        base = put_base(other_server)

        push(base, f"{server.host}/models/wine:1")

        layer = manifest_of(server, "models/wine")["layers"][0]["digest"]
        assert server.blobs["models/wine", layer] == other_server.blobs["bases/python", layer]
        assert other_server.count("GET", layer) == 1
        kept = [path.stat().st_size for path in (tmp_path / "cache").rglob("*") if path.is_file()]
        assert layer.partition(":")[2] not in str(list((tmp_path / "cache").rglob("*.blob")))
        assert kept

    def test_a_base_of_another_registry_that_is_there_is_not_read_again(self, server, other_server, push):
        base = put_base(other_server)
        push(base, f"{server.host}/models/wine:1")
        other_server.asked.clear()

        push(base, f"{server.host}/models/wine:2")

        assert other_server.count("GET", "/blobs/") == 0

    def test_a_model_in_the_repository_of_its_base_is_fine(self, server, push):
        base = put_base(server, "wine", "base")

        push(base, f"{server.host}/wine:1")

        assert len(manifest_of(server, "wine")["layers"]) == 2

    def test_what_is_prepared_is_prepared_before_anything_is_sent(self, server, push):
        base, name = put_base(server), f"{server.host}/models/wine:1"
        seen = []

        class Preparing(Access):
            def prepare_push(self, image):
                super().prepare_push(image)
                seen.append([path for method, path, _ in server.asked if method in {"POST", "PUT"}])

        access = Preparing(server.host)
        push(base, name, push=access)

        assert access.prepared == [name]
        assert seen == [[]]

    def test_progress_is_told_on_the_calling_thread(self, server, push, events):
        threads = set()

        def emit(event):
            events.append(event)
            threads.add(threading.current_thread())

        push(put_base(server), f"{server.host}/models/wine:1", emit)

        assert threads == {threading.current_thread()}
        assert {event.step for event in events if isinstance(event, Progress)} == {"build", "push"}

    def test_a_name_without_tag_is_the_latest(self, server, push):
        push(put_base(server), f"{server.host}/models/wine")

        assert ("models/wine", "latest") in server.manifests


class TestSeveralPlatforms:
    @pytest.fixture
    def request_of(self, server):
        def make(name):
            one = build_request(name, TO_REGISTRY)
            [image] = one.plan.images
            bases = [put_base(server, tag=arch, platform=f"linux/{arch}") for arch in ("amd64", "arm64")]
            platforms = ("linux/amd64", "linux/arm64")
            images = tuple(
                replace(image, base=replace(image.base, platform=platform, reference=base))
                for platform, base in zip(platforms, bases, strict=True)
            )
            layers = dict.fromkeys(platforms, one.layers["linux/amd64"])
            return replace(one, plan=replace(one.plan, images=images), layers=layers)

        return make

    @pytest.fixture
    def oci(self, environ, opener):
        # The platform's own facts would be looked for in the layers: these bases have none, and need none.
        class Known(BaseSources):
            def find(self, base, *rest):
                return super().find(replace(base, known=PYTHON), *rest)

        return OciEngine(environ, opener, Known(environ, opener))

    def test_images_go_before_the_index(self, server, oci, request_of, events):
        published = oci.execute(request_of(f"{server.host}/models/wine:1"), events.append)

        puts = [path for method, path, _ in server.asked if method == "PUT" and "/manifests/" in path]
        index = checked("index", manifest_of(server, "models/wine"))
        assert [path.rpartition("/")[2] for path in puts[:2]] == [
            entry["digest"] for entry in index["manifests"]
        ]
        assert puts[2] == "/v2/models/wine/manifests/1"
        assert published.digest == digest_of(server.manifests["models/wine", "1"][1])

    def test_a_second_push_sends_nothing(self, server, oci, request_of, events):
        request = request_of(f"{server.host}/models/wine:1")
        oci.execute(request, events.append)
        server.asked.clear()

        oci.execute(request, events.append)

        assert {method for method, path, _ in server.asked} <= {"GET", "HEAD"}
        assert sent_notices(events)[-1].endswith("is there already, nothing was sent")
