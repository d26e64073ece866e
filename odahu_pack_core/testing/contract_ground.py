"""ContractGround: what the tests of the engine contract stand on: an engine, a registry, a base, an image."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar, Final

import pytest

from odahu_pack_core.events import Event
from odahu_pack_core.plan.base import BaseFacts, BaseImage
from odahu_pack_core.plan.reference import ImageReference
from odahu_pack_core.plugins.protocols import Engine, ImageOutput, OutputType
from odahu_pack_core.plugins.records import EngineRecord
from odahu_pack_core.result import PublishedImage

from .build_requests import base_image
from .contract_plan import Asked
from .image import ImageContent, read_archive, read_layout
from .known_registry import KnownRegistry

_READABLE: Final[tuple[OutputType, ...]] = ("oci", "docker-archive")


class Events:
    """Receives events, and remembers who sent them."""

    def __init__(self) -> None:
        self.all: list[Event] = []
        self.threads: set[int] = set()

    def __call__(self, event: Event) -> None:
        """Take an event."""
        self.all.append(event)
        self.threads.add(threading.get_ident())


class ContractGround:
    """What a subclass gives, and what comes of it.

    A subclass sets ``record`` and gives the fixtures ``subject`` and ``registry``, both of class scope.
    """

    record: ClassVar[EngineRecord]
    """The engine's record."""

    platform: ClassVar[str] = "linux/amd64"
    """The platform that images are made for; only tests of `Run` run something of it."""

    @pytest.fixture(scope="class")
    @classmethod
    def subject(cls) -> Engine:
        """Give the engine."""
        raise NotImplementedError("let the subclass give a fixture `subject` of class scope")

    @pytest.fixture(scope="class")
    @classmethod
    def registry(cls) -> KnownRegistry:
        """Give a registry that the engine reaches."""
        raise NotImplementedError("let the subclass give a fixture `registry` of class scope")

    @pytest.fixture(scope="class")
    @classmethod
    def shell_base(cls) -> str:
        """Give the name of an image with ``/bin/sh`` in the registry, where the record says ``runs``."""
        raise NotImplementedError("let the subclass give a fixture `shell_base` of class scope")

    @pytest.fixture(scope="class")
    @classmethod
    def shell(cls, subject: Engine, registry: KnownRegistry, request: pytest.FixtureRequest) -> BaseFacts:
        """Give what the engine finds in the image with a shell."""
        if not cls.record.runs:
            pytest.skip(f"{cls.record.name} runs nothing")
        base = BaseImage(ImageReference.parse(request.getfixturevalue("shell_base")))
        return subject.inspect_base(base, cls.platform, registry.access(), Events())

    @pytest.fixture
    def left(self) -> Callable[[], set[str]]:
        """Give what tells what the engine holds at the moment: containers, and images that are no cache."""
        return set

    @pytest.fixture(scope="class")
    @classmethod
    def base(cls, registry: KnownRegistry) -> ImageReference:
        """Give the name of the base image, which is in the registry."""
        config, layers = base_image(cls.platform)
        registry.push("contract/base", "1", config, layers)
        return ImageReference("contract/base", registry.host, "1")

    @pytest.fixture(scope="class")
    @classmethod
    def facts(cls, subject: Engine, registry: KnownRegistry, base: ImageReference) -> BaseFacts:
        """Give what the engine finds in the base image."""
        return subject.inspect_base(BaseImage(base), cls.platform, registry.access(), Events())

    @pytest.fixture(scope="class")
    @classmethod
    def readable(cls) -> OutputType:
        """Give an output that images can be read back from."""
        for output in _READABLE:
            if output in cls.record.outputs:
                return output
        pytest.skip(f"{cls.record.name} writes neither of {', '.join(_READABLE)}")

    @pytest.fixture(scope="class")
    @classmethod
    def asked(cls, registry: KnownRegistry, facts: BaseFacts) -> Asked:
        """Give what makes requests for the image that most tests look into."""
        return Asked(facts, registry.access())

    @pytest.fixture(scope="class")
    @classmethod
    def image(
        cls, subject: Engine, asked: Asked, readable: OutputType, tmp_path_factory: pytest.TempPathFactory
    ) -> ImageContent:
        """Give the image that most tests look into."""
        output = ImageOutput(readable, tmp_path_factory.mktemp("contract") / "image")
        return read_back(subject.execute(asked(output), Events()), output)

    def needs(self, output: OutputType) -> None:
        """Skip a test where the engine has no such output."""
        if output not in self.record.outputs:
            pytest.skip(f"{self.record.name} brings no image to {output}")


def read_back(published: PublishedImage, output: ImageOutput) -> ImageContent:
    """Return an image that an engine brought to a file or folder, having checked the digest it tells.

    Args:
        published: What the engine returned.
        output: Where it brought the image.
    """
    assert output.dest is not None
    if output.type == "docker-archive":
        image = read_archive(Path(output.dest))
        assert published.digest == image.config_digest, "the digest of an archive is the image's id"
    else:
        (image,) = read_layout(Path(output.dest))
        assert published.digest == image.manifest_digest, "the digest of a layout is the manifest's"
    return image
