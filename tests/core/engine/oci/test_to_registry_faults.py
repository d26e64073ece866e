"""Images on their way into a registry that fails, and runs that are ended on the way."""

import os
import re
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest

from odahu_pack_core.blob.descriptor import OCI_MANIFEST
from odahu_pack_core.errors import ArtifactError, RegistryError
from odahu_pack_core.events import Progress
from tests.core.engine.oci.parts import checked
from tests.core.engine.oci.registries import manifest_of, put_base, unique
from tests.core.engine.parts import Access
from tests.core.registry.distribution.fault_registry import Fault


class TestFaults:
    def test_blobs_that_the_registry_lost_are_sent_again(self, server, push):
        base, name = put_base(server), f"{server.host}/models/wine:1"
        push(base, name)
        layers = manifest_of(server, "models/wine")["layers"]
        for layer in layers:
            del server.blobs["models/wine", layer["digest"]]

        push(base, name, files=unique("new"))

        assert all(("models/wine", layer["digest"]) in server.blobs for layer in layers[:1])
        assert manifest_of(server, "models/wine")["layers"][1] != layers[1]

    @pytest.mark.parametrize("blinks", [1, 2, 3])
    def test_a_registry_that_does_not_see_a_blob_for_a_moment_is_asked_again(self, server, push, blinks):
        """As file-based ones do while somebody else sends the same blob."""
        base, name = put_base(server), f"{server.host}/models/wine:1"

        def blink(handler):
            handler.error(400, "MANIFEST_BLOB_UNKNOWN", "blob unknown to registry")

        server.faults.insert(0, Fault("PUT", "/manifests/1", blink, blinks))
        if blinks > 2:
            with pytest.raises(RegistryError, match="MANIFEST_BLOB_UNKNOWN"):
                push(base, name)
        else:
            push(base, name)
        assert (("models/wine", "1") in server.manifests) == (blinks < 3)
        assert server.count("PUT", "/blobs/uploads/") == 2

    @pytest.mark.parametrize("method", ["POST", "PUT"])
    def test_a_registry_that_fails_leaves_the_tag_as_it_was(self, server, push, method):
        base, name = put_base(server), f"{server.host}/models/wine:1"
        push(base, name)
        before = server.manifests["models/wine", "1"]
        server.fail(
            method, "/blobs/uploads/", lambda handler: handler.error(500, "UNKNOWN", "no"), times=1000
        )

        with pytest.raises(RegistryError, match=re.escape(server.host)):
            push(base, name, files=unique("new"))

        assert server.manifests["models/wine", "1"] == before

    def test_a_layer_that_changes_leaves_the_tag_as_it_was(self, server, push):
        class Changing:
            size = 4096

            def chunks(self):
                yield b"\0" * 512
                raise ArtifactError("model.bin changed while it was packaged", code="changed")

        with pytest.raises(ArtifactError, match="changed"):
            push(put_base(server), f"{server.host}/models/wine:1", layers={"model": Changing()})

        assert ("models/wine", "1") not in server.manifests

    def test_a_refused_login_is_told_before_anything_is_sent(self, server, other_server, push):
        server.challenge = 'Basic realm="registry"'
        access = Access(server.host, "packer", "wr0ng")

        with pytest.raises(RegistryError, match="user 'packer' from connection my-registry") as caught:
            push(put_base(other_server), f"{server.host}/models/wine:1", push=access)

        assert caught.value.message.startswith(f"{server.host}/models/wine:1 cannot be pushed: ")
        assert caught.value.hint.startswith("check the password")
        assert "wr0ng" not in str(caught.value)
        assert server.count("POST") == server.count("PUT") == 0
        assert access.prepared == []

    def test_an_interrupt_leaves_the_tag_as_it_was(self, server, push):
        base, name = put_base(server), f"{server.host}/models/wine:1"

        def interrupt(event):
            if isinstance(event, Progress) and event.step == "push":
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            push(base, name, interrupt)

        assert ("models/wine", "1") not in server.manifests
        assert [thread for thread in threading.enumerate() if thread.name == "odahu-pack-oci"] == []

    def test_whatever_a_tag_names_now_it_can_be_taken(self, server, push):
        base = put_base(server)
        for number, content in enumerate((b"[]", b"{", b'{"layers": 1, "config": []}', b"[" * 100_000)):
            server.manifests["models/wine", str(number)] = (OCI_MANIFEST, content)

            push(base, f"{server.host}/models/wine:{number}")

            assert checked("manifest", manifest_of(server, "models/wine", str(number)))


PROGRAM = textwrap.dedent(
    """
    import sys
    from pathlib import Path
    from odahu_pack_core.engine.oci.bases.sources import BaseSources
    from odahu_pack_core.engine.oci.engine import OciEngine
    from odahu_pack_core.plan.base import BaseImage, BasePython
    from odahu_pack_core.plan.reference import ImageReference
    from odahu_pack_core.registry.distribution.opening import registry_opener
    from odahu_pack_core.plugins.protocols import ImageOutput
    from tests.core.engine.parts import build_request

    base, name, cache = sys.argv[1:]
    environ = {"ODAHU_PACK_CACHE_DIR": cache, "HOME": cache}
    opener = registry_opener(environ)
    engine = OciEngine(environ, opener, BaseSources(environ, opener))
    base = BaseImage(ImageReference.parse(base), known=BasePython("3.11", "/usr/bin/python3"))
    facts = engine.inspect_base(base, "linux/amd64", None, print)
    engine.execute(build_request(name, ImageOutput("registry"), facts=facts), print)
    """
)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("method", "path"), [("POST", "mount="), ("POST", "uploads/$"), ("PUT", "manifests/1")]
)
def test_killed_and_started_again_it_completes(server, tmp_path, method, path):
    """Killed at a request, the tag is absent; the next run completes, whatever the first one left."""
    base = put_base(server)
    arguments = [sys.executable, "-c", PROGRAM, str(base), f"{server.host}/models/wine:1", str(tmp_path)]
    root = Path(__file__).parents[4]
    running = []

    def kill(handler):
        os.kill(running[0].pid, signal.SIGKILL)
        running[0].wait()
        handler.slam()

    server.faults.insert(0, Fault(method, path, kill))
    with subprocess.Popen(arguments, cwd=root, stdout=subprocess.DEVNULL) as process:
        running.append(process)
    assert process.returncode == -signal.SIGKILL
    assert ("models/wine", "1") not in server.manifests

    subprocess.run(arguments, cwd=root, check=True, stdout=subprocess.DEVNULL)

    manifest = checked("manifest", manifest_of(server, "models/wine"))
    assert all(("models/wine", layer["digest"]) in server.blobs for layer in manifest["layers"])
    assert list((tmp_path / "drafts").iterdir()) == []
