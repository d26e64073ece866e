"""BuildahEngine: executes resolved plans with the ``buildah`` command, without a daemon."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from odahu_pack_core.command import Runner, SubprocessRunner
from odahu_pack_core.engine.asked import checked_name
from odahu_pack_core.engine.build_context import BuildContext
from odahu_pack_core.engine.context import write_files
from odahu_pack_core.engine.destination import check_free
from odahu_pack_core.engine.oci.source_image import BaseSource
from odahu_pack_core.engine.single import SingleBuild
from odahu_pack_core.engine.source_date import source_date
from odahu_pack_core.errors import EngineError
from odahu_pack_core.events import EventSink
from odahu_pack_core.folders import scratch_folder
from odahu_pack_core.plan.base import BaseFacts, BaseImage
from odahu_pack_core.plugins.protocols import BuildRequest, RegistryAccess
from odahu_pack_core.result import PublishedImage

from .base import hold_base
from .bench import Bench
from .build import BuildInputs, build_image
from .login import Login
from .outputs import OUTPUTS
from .publish import BuiltImage, check_login, is_folder
from .tool import Buildah


class BuildahEngine:
    """The ``buildah`` command; its storage and isolation are as the user has set them for it.

    Args:
        environ: The environment variables of the run.
        bases: Finds base images.
        run: Runs the command.
    """

    def __init__(self, environ: Mapping[str, str], bases: BaseSource, run: Runner | None = None) -> None:
        self._environ = environ
        self._bases = bases
        self._run = run or SubprocessRunner()

    def inspect_base(
        self, base: BaseImage, platform: str, pull: RegistryAccess | None, emit: EventSink
    ) -> BaseFacts:
        """Find a base image and say what is in it, without running or unpacking it.

        Raises:
            RegistryError: It cannot be had for this platform.
        """
        return self._bases.find(base, platform, pull, emit).facts

    def execute(self, request: BuildRequest, emit: EventSink) -> PublishedImage:
        """Build the image and bring it to its output; nothing half-made stays, whatever ends it.

        Raises:
            EngineError: buildah is absent, the build failed, or the output is none of this engine's.
            RegistryError: A registry refused or failed.
            ArtifactError: A file of the model artifact is gone or changed.
        """
        image = checked_name(request, "buildah", OUTPUTS)
        if (dest := request.output.dest) is not None:
            check_free(dest, folder=is_folder(request.output))
        build = SingleBuild.of(request)
        with self._bench() as bench:
            login = Login.of(image.registry, request.push, bench.buildah.folder / "push.json")
            if request.output.type == "registry":
                check_login(bench, login, image)
            build.make_layers(emit)
            inputs = self._inputs(bench, build, request, emit)
            name = build_image(bench, inputs, emit)
            return _published(BuiltImage(bench, name, image, emit), request, login)

    @contextmanager
    def _bench(self) -> Iterator[Bench]:
        parent = Path(tempfile.gettempdir())
        with ExitStack() as stack:
            try:
                folder = stack.enter_context(scratch_folder(parent))
                buildah = Buildah.working_in(folder, self._environ, self._run)
            except OSError as error:
                raise EngineError(f"cannot write {parent}: {error.strerror}", code="cannot-write") from None
            yield stack.enter_context(Bench.laid(buildah))

    def _inputs(
        self, bench: Bench, build: SingleBuild, request: BuildRequest, emit: EventSink
    ) -> BuildInputs:
        """Bring together what the image is built from."""
        image = build.image
        context, folder = BuildContext.of(build), bench.buildah.folder / "context"
        folder.mkdir()
        digests = write_files(context, folder, folder, emit)
        wanted = replace(request.plan.plan.base, reference=image.base.reference)
        source = self._bases.find(wanted, image.platform, request.pull, emit)
        base = hold_base(bench, source, image.platform, request.pull, emit)
        time = source_date(self._environ)
        return BuildInputs(image.instructions, base, folder, digests, image.platform, time)


def _published(built: BuiltImage, request: BuildRequest, login: Login) -> PublishedImage:
    output = request.output
    if output.type == "oci" and output.dest is not None:
        return built.write_layout(output.dest)
    if output.type == "docker-archive" and output.dest is not None:
        return built.write_archive(output.dest)
    return built.push(request.push, login)
