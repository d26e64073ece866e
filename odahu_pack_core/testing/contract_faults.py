"""FaultContract: what fails is told in the right kind of error, and nothing half-made stays."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, get_args

import pytest

from odahu_pack_core.errors import ArtifactError, EngineError, OdahuPackError, RegistryError
from odahu_pack_core.events import Event
from odahu_pack_core.plan.base import BaseFacts
from odahu_pack_core.plan.files import TextFile
from odahu_pack_core.plan.instruction import AddLayer, Run
from odahu_pack_core.plan.layer_tar import TarSource
from odahu_pack_core.plan.reference import ImageReference
from odahu_pack_core.plugins.protocols import Engine, ImageOutput, OutputType, RegistryAccess
from odahu_pack_core.values import dataclass

from .build_requests import build_request, files_tar
from .contract_ground import ContractGround, Events, read_back
from .contract_plan import FILES, Asked
from .known_registry import FixedAccess, KnownRegistry

_NOBODY: Final = "127.0.0.1:1"
"""A registry that is not there."""

_EXIT_CODE: Final = 3
_PATIENCE_SECONDS: Final = 5.0


class FaultContract(ContractGround):
    """What goes wrong."""

    @pytest.fixture
    def nothing_left(self, tmp_path: Path, left: Callable[[], set[str]]) -> Iterator[Path]:
        """Give a path for an image, and make sure that neither it nor anything else is there afterwards."""
        before = left()
        yield tmp_path / "image"
        assert not list(tmp_path.iterdir())
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while left() != before and time.monotonic() < deadline:
            time.sleep(0.1)  # a daemon that is no longer listened to needs a moment to tidy up
        assert left() == before

    def test_an_output_that_it_lacks(self, subject: Engine, asked: Asked, nothing_left: Path) -> None:
        lacking = [output for output in get_args(OutputType) if output not in self.record.outputs]
        for output in lacking:
            with pytest.raises(EngineError) as caught:
                subject.execute(asked(ImageOutput(output, nothing_left)), Events())
            assert caught.value.code == "unsupported-output"
            assert output in caught.value.message

    def test_a_layer_that_nobody_made(
        self, subject: Engine, asked: Asked, readable: OutputType, nothing_left: Path
    ) -> None:
        request = asked(ImageOutput(readable, nothing_left), layers={})
        with pytest.raises(EngineError, match="'runtime'"):
            subject.execute(request, Events())

    @pytest.mark.parametrize(
        "fault", [ArtifactError("the file is gone", code="gone"), OSError(5, "Input/output error")]
    )
    def test_a_layer_that_cannot_be_read_to_its_end(
        self,
        subject: Engine,
        asked: Asked,
        readable: OutputType,
        nothing_left: Path,
        fault: Exception,
    ) -> None:
        layers: dict[str, TarSource] = {name: files_tar(files) for name, files in FILES.items()}
        layers["model"] = _BreaksOff(layers["model"], fault)
        request = asked(ImageOutput(readable, nothing_left), layers=layers)
        with pytest.raises(OdahuPackError) as caught:
            subject.execute(request, Events())
        if isinstance(fault, ArtifactError):
            assert caught.value is fault
        else:
            assert "Input/output error" in caught.value.message

    def test_an_interrupt_stops_it_at_any_time(
        self, subject: Engine, asked: Asked, readable: OutputType, nothing_left: Path
    ) -> None:
        for place in (1, 2, 5):
            request = asked(ImageOutput(readable, nothing_left))
            with pytest.raises(KeyboardInterrupt):
                subject.execute(request, _Interrupt(place))

    def test_a_place_that_is_taken_stays_as_it_is(
        self, subject: Engine, asked: Asked, readable: OutputType, tmp_path: Path
    ) -> None:
        taken = tmp_path / "image"
        (taken / "mine").mkdir(parents=True)
        with pytest.raises(EngineError) as caught:
            subject.execute(asked(ImageOutput(readable, taken)), Events())
        assert caught.value.code == "dest-taken"
        assert [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")] == [
            "image",
            "image/mine",
        ]

    def test_a_push_that_is_refused(
        self, subject: Engine, registry: KnownRegistry, asked: Asked, nothing_left: Path
    ) -> None:
        if not registry.username:
            pytest.skip("the registry refuses nobody")
        wrong = FixedAccess(registry.host, registry.username, f"not-{registry.password}")
        error, events = self._push(subject, registry, asked, wrong)
        assert (error.code, error.exit_code) == ("registry-refused", RegistryError.exit_code)
        assert wrong.password not in f"{error} {events.all}"
        assert not nothing_left.exists()

    def test_a_push_without_a_password(
        self, subject: Engine, registry: KnownRegistry, asked: Asked, nothing_left: Path
    ) -> None:
        if not registry.username:
            pytest.skip("the registry lets everybody in")
        error, _ = self._push(subject, registry, asked, None)
        assert error.code == "registry-refused"
        assert "anonymous" in error.message
        assert not nothing_left.exists()

    def test_a_registry_that_is_not_there(self, subject: Engine, asked: Asked, nothing_left: Path) -> None:
        nobody = KnownRegistry(_NOBODY)
        error, _ = self._push(subject, nobody, asked, nobody.access())
        assert _NOBODY in error.message
        assert not nothing_left.exists()

    def test_a_program_that_it_cannot_run(
        self, subject: Engine, asked: Asked, readable: OutputType, nothing_left: Path
    ) -> None:
        if self.record.runs:
            pytest.skip(f"{self.record.name} runs programs")
        output = ImageOutput(readable, nothing_left)
        request = build_request([asked.facts], (Run(("/bin/true",)),), output, pull=asked.pull)
        with pytest.raises(EngineError, match="RUN") as caught:
            subject.execute(request, Events())
        assert caught.value.code == "engine-cannot"

    def test_a_program_that_fails(
        self,
        subject: Engine,
        registry: KnownRegistry,
        shell: BaseFacts,
        readable: OutputType,
        nothing_left: Path,
    ) -> None:
        script = f"echo the last words; exit {_EXIT_CODE}"
        request = build_request(
            [shell],
            (Run(("/bin/sh", "-c", script)),),
            ImageOutput(readable, nothing_left),
            pull=registry.access(),
        )
        with pytest.raises(EngineError) as caught:
            subject.execute(request, Events())
        assert caught.value.code == "build-failed"
        assert "  the last words" in caught.value.message.splitlines()
        assert str(_EXIT_CODE) in caught.value.message

    def test_images_that_are_made_at_once_do_not_meet(
        self, subject: Engine, asked: Asked, readable: OutputType, tmp_path: Path
    ) -> None:
        def make(number: int) -> bytes:
            files = {"model": [TextFile("/number", str(number).encode())]}
            output = ImageOutput(readable, tmp_path / str(number))
            request = build_request([asked.facts], (AddLayer("model"),), output, files=files, pull=asked.pull)
            return read_back(subject.execute(request, Events()), output).tree["/number"].content

        with ThreadPoolExecutor(3) as pool:
            assert list(pool.map(make, range(3))) == [b"0", b"1", b"2"]

    def _push(
        self,
        subject: Engine,
        registry: KnownRegistry,
        asked: Asked,
        push: RegistryAccess | None,
    ) -> tuple[RegistryError, Events]:
        """Push to where it cannot succeed; return the error, and the events on the way."""
        self.needs("registry")
        name = ImageReference(f"contract/{uuid.uuid4().hex}", registry.host, "1")
        events = Events()
        request = asked(ImageOutput("registry"), image=str(name), push=push)
        with pytest.raises(RegistryError) as caught:
            subject.execute(request, events)
        assert name.repository in caught.value.message
        assert name.registry in caught.value.message
        return caught.value, events


@dataclass(frozen=True)
class _BreaksOff:
    """A tar stream that fails before its end."""

    whole: TarSource
    fault: Exception

    @property
    def size(self) -> int:
        return self.whole.size

    def chunks(self) -> Iterator[bytes]:
        yield next(iter(self.whole.chunks()))[:512]
        raise self.fault


class _Interrupt:
    """Interrupts the run at an event."""

    def __init__(self, place: int) -> None:
        self._left = place

    def __call__(self, _: Event) -> None:
        self._left -= 1
        if self._left <= 0:
            raise KeyboardInterrupt
