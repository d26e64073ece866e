"""The plan of a docker-cli image: a command that predicts on files with a GPPI model."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files

from odahu_pack_core import (
    MODEL_PYTHON,
    RUNTIME_ROOT,
    AddLayer,
    Block,
    Build,
    BuildPlan,
    Entrypoint,
    FilesLayer,
    Folder,
    PackagingJob,
    PackagingResult,
    PlannedFile,
    ResolvedPlan,
    code_files,
    gppi_image,
)

from .arguments import CliArguments

NAME = "docker-cli"
_COMMAND = f"{RUNTIME_ROOT}/cli"
_VOLUME = Folder("/volume", 0o777)


class CliPackager:
    """Packages a GPPI model as a batch command."""

    def plan(self, job: PackagingJob) -> BuildPlan:
        """Decide the image; pure and offline."""
        arguments = job.arguments
        assert isinstance(arguments, CliArguments)  # noqa: S101  # the record names this model
        image = gppi_image(job, NAME, arguments.dockerfile_base_image)
        return BuildPlan(
            packager=NAME,
            image=job.image_reference(arguments.image_name),
            base=image.base,
            blocks=(
                *image.first_blocks(),
                Block("command", (AddLayer("command"),)),
                Block("settings", image.settings),
                Block("start", (Entrypoint((MODEL_PYTHON, "-I", _COMMAND)),)),
                image.model_block(),
            ),
            layers=(image.environment, FilesLayer.of("command", _command_files()), image.model),
            template=files(__package__).joinpath("templates/Dockerfile.j2").read_text(encoding="utf-8"),
            platforms=job.platforms,
            decisions=image.decisions,
        )

    def build_and_push(self, job: PackagingJob, plan: ResolvedPlan, build: Build) -> PackagingResult:  # noqa: ARG002  # as the protocol has it
        """Publish the image."""
        return PackagingResult(build.publish(plan))


def _command_files() -> Iterator[PlannedFile]:
    yield _VOLUME
    yield from code_files("odahu_pack_docker_cli", "cli", _COMMAND)
    yield from code_files("odahu_pack_core", "gppi_runtime", f"{_COMMAND}/gppi_runtime")
