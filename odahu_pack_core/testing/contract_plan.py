"""The plan of the image that most tests of the engine contract look into, and what asks for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from odahu_pack_core.plan.base import BaseFacts
from odahu_pack_core.plan.files import Folder, Link, PlannedFile, TextFile
from odahu_pack_core.plan.instruction import (
    AddLayer,
    Copy,
    Entrypoint,
    Env,
    Expose,
    Instruction,
    Label,
    User,
    Workdir,
)
from odahu_pack_core.plan.layer_tar import TarSource
from odahu_pack_core.plugins.protocols import BuildRequest, ImageOutput, RegistryAccess
from odahu_pack_core.values import dataclass

from .build_requests import build_request

AWKWARD: Final = "a \"b\" 'c' $d \\ ${e} `f` é"
"""A value with everything that shells and Dockerfiles take for their own."""

FILES: Final[Mapping[str, Sequence[PlannedFile]]] = {
    "runtime": (
        TextFile("/opt/contract/plain", b"plain"),
        TextFile("/opt/contract/program", b"#!/bin/sh\n", 0o755),
        TextFile("/opt/contract/secret", b"secret", 0o600),
        TextFile("/opt/contract/empty", b""),
        TextFile("/opt/contract/both", b"the lower layer's"),
        TextFile("/etc/replaced", b"the image's"),
        Folder("/opt/contract/hollow"),
        Folder("/volume", 0o777),
        Link("/opt/contract/link", "plain"),
        Link("/opt/contract/outward", "/usr/bin/nothing"),
    ),
    "model": (
        TextFile("/opt/contract/both", b"the upper layer's", 0o640),
        TextFile("/opt/model/with space/naïve — 模型.bin", b"name"),
        TextFile("/opt/model/-dash $HOME 'quote' \"double\" back\\slash", b"name"),
        TextFile(f"/opt/model/{'long/' * 60}{'n' * 200}", b"long"),
        TextFile("/opt/model/.hidden", b"hidden"),
        TextFile("/opt/model/large", bytes(range(256)) * 4096),
    ),
}
"""The files of the image that most tests look into, by layer."""

INSTRUCTIONS: Final[tuple[Instruction, ...]] = (
    AddLayer("runtime"),
    Copy("conda/it's $x.yml", "/opt/contract/copied.yml"),
    Env("CHANGED", "image"),
    Env("AWKWARD", AWKWARD),
    Env("EMPTY", ""),
    Label("changed", "image"),
    Label("org.odahu.pack.awkward", AWKWARD),
    Workdir("/work/here"),
    Expose(5000),
    Expose(8001),
    AddLayer("model"),
    User("65532:0"),
    Entrypoint(("/opt/contract/program", AWKWARD)),
)
"""What makes that image."""

CONTEXT: Final = {"conda/it's $x.yml": b"copied"}
"""The file of the build context that an instruction copies."""


@dataclass(frozen=True)
class Asked:
    """Makes requests for that image.

    Args:
        facts: What was found in the base image.
        pull: The way into its registry.
    """

    facts: BaseFacts
    pull: RegistryAccess

    def __call__(
        self,
        output: ImageOutput,
        *,
        image: str = "contract/model:1",
        layers: Mapping[str, TarSource] | None = None,
        push: RegistryAccess | None = None,
    ) -> BuildRequest:
        """Return a request; the arguments are those of `build_request`."""
        return build_request(
            [self.facts],
            INSTRUCTIONS,
            output,
            image=image,
            files=FILES,
            context=CONTEXT,
            layers=layers,
            push=push,
            pull=self.pull,
        )
