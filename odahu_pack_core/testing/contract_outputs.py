"""OutputContract: base images found, images brought where they go, and what an engine tells meanwhile."""

from __future__ import annotations

import threading
import uuid
from pathlib import Path

import pytest

from odahu_pack_core.blob.descriptor import digest_of_bytes
from odahu_pack_core.errors import EngineError, RegistryError
from odahu_pack_core.plan.base import BaseFacts, BaseImage
from odahu_pack_core.plan.files import TextFile
from odahu_pack_core.plan.instruction import AddLayer, Cmd, Env, Run, User, Workdir
from odahu_pack_core.plan.reference import ImageReference
from odahu_pack_core.plugins.protocols import Engine, ImageOutput, OutputType

from .build_requests import base_image, build_request
from .contract_ground import ContractGround, Events, read_back
from .contract_plan import AWKWARD, Asked
from .image import read_layout
from .known_registry import KnownRegistry


class OutputContract(ContractGround):
    """The way of an image."""

    def test_a_base_is_pinned_and_described(
        self, facts: BaseFacts, base: ImageReference, registry: KnownRegistry
    ) -> None:
        config, _ = base_image(self.platform)
        assert str(facts.reference) == f"{base}@{registry.digest(base.repository, base.tag)}"
        assert facts.image_id == digest_of_bytes(config)
        assert (facts.platform, facts.python, facts.interpreter) == (self.platform, None, None)
        assert facts.env["KEPT"] == facts.labels["kept"] == "base"
        assert registry.host in facts.origin

    def test_a_base_that_nobody_has_is_told(self, subject: Engine, registry: KnownRegistry) -> None:
        missing = ImageReference(f"contract/{uuid.uuid4().hex}", registry.host, "1")
        with pytest.raises(RegistryError) as caught:
            subject.inspect_base(BaseImage(missing), self.platform, registry.access(), Events())
        assert missing.name in caught.value.message

    def test_a_push_gives_the_registrys_digest(
        self, subject: Engine, registry: KnownRegistry, asked: Asked
    ) -> None:
        self.needs("registry")
        name = ImageReference(f"contract/{uuid.uuid4().hex}", registry.host, "1")
        access, events = registry.access(), Events()
        request = asked(ImageOutput("registry"), image=str(name), push=access)
        published = subject.execute(request, events)
        assert published.reference == name
        assert published.digest == registry.digest(name.repository, "1")
        assert access.prepared == [name]
        assert registry.image(name.repository, "1").tree["/opt/contract/plain"].content == b"plain"
        assert not registry.password or registry.password not in repr(events.all)

    @pytest.mark.parametrize("output", ["oci", "docker-archive"])
    def test_what_is_written_tells_its_digest_and_place(
        self, subject: Engine, asked: Asked, output: OutputType, tmp_path: Path
    ) -> None:
        self.needs(output)
        wanted = ImageOutput(output, tmp_path / "an image:1")
        published = subject.execute(asked(wanted), Events())
        assert published.location == str(wanted.dest)
        assert read_back(published, wanted).env["AWKWARD"] == AWKWARD
        assert [path.name for path in tmp_path.iterdir()] == ["an image:1"]

    def test_events_come_on_the_callers_thread(
        self, subject: Engine, asked: Asked, readable: OutputType, tmp_path: Path
    ) -> None:
        events = Events()
        subject.execute(asked(ImageOutput(readable, tmp_path / "image")), events)
        assert events.threads == {threading.get_ident()}

    def test_an_image_for_several_platforms_is_made_or_refused(
        self, subject: Engine, registry: KnownRegistry, readable: OutputType, tmp_path: Path
    ) -> None:
        platforms = (self.platform, "linux/s390x")
        for platform in platforms:
            registry.push("contract/many", platform.replace("/", "-"), *base_image(platform))
        tags = {platform: platform.replace("/", "-") for platform in platforms}
        index = registry.push_index("contract/many", "1", tags)
        reference = ImageReference("contract/many", registry.host, digest=index)
        facts = [_unseen(reference, platform) for platform in platforms]
        output = ImageOutput(readable, tmp_path / "image")
        request = build_request(facts, (Env("A", "b"),), output, pull=registry.access())
        if self.record.several_platforms:
            subject.execute(request, Events())
            images = read_layout(tmp_path / "image")
            assert [f"{each.config['os']}/{each.config['architecture']}" for each in images] == [*platforms]
            assert [each.env["A"] for each in images] == ["b", "b"]
        else:
            with pytest.raises(EngineError, match="linux/s390x") as caught:
                subject.execute(request, Events())
            assert caught.value.code == "several-platforms"
            assert not list(tmp_path.iterdir())

    def test_programs_run_in_their_place(
        self, subject: Engine, registry: KnownRegistry, shell: BaseFacts, readable: OutputType, tmp_path: Path
    ) -> None:
        script = 'cat /opt/seen > /work/made; echo "|$AWKWARD|$PWD" >> /work/made'
        wanted = ImageOutput(readable, tmp_path / "image")
        instructions = (
            AddLayer("seen"),
            Env("AWKWARD", AWKWARD),
            Workdir("/work"),
            User("0:0"),
            Run(("/bin/sh", "-c", script)),
            AddLayer("model"),
            User("65532:0"),
            Cmd(("/bin/sh",)),
        )
        files = {"seen": [TextFile("/opt/seen", b"seen")], "model": [TextFile("/opt/model", b"model")]}
        request = build_request([shell], instructions, wanted, files=files, pull=registry.access())
        image = read_back(subject.execute(request, Events()), wanted)
        assert image.tree["/work/made"].content.decode() == f"seen|{AWKWARD}|/work\n"
        assert image.tree["/opt/model"].content == b"model"
        assert (image.settings["User"], image.settings["Cmd"]) == ("65532:0", ["/bin/sh"])


def _unseen(reference: ImageReference, platform: str) -> BaseFacts:
    return BaseFacts(reference, "", platform, None, None)
