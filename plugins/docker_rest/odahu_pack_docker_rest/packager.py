"""The plan of a docker-rest image: an HTTP front and worker processes around a GPPI model."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files

from odahu_pack_core import (
    LABEL_PREFIX,
    MODEL_PYTHON,
    RUNTIME_ROOT,
    AddLayer,
    Block,
    Build,
    BuildPlan,
    Dependencies,
    Entrypoint,
    EnvironmentLayer,
    Expose,
    FilesLayer,
    Label,
    PackagingJob,
    PackagingResult,
    ResolvedPlan,
    TextFile,
    code_files,
    gppi_image,
)

from .arguments import RestArguments
from .ui import page_files

NAME = "docker-rest"
_FRONT = f"{RUNTIME_ROOT}/front"
_WORKER = f"{RUNTIME_ROOT}/worker"
# Where there is no wheel of the fast parts, the front goes without them.
_WHEELS = 'python_version < "3.15" and platform_machine in "x86_64 aarch64"'
_FRONT_REQUIREMENTS = Dependencies(
    pip=(
        "h11>=0.13",
        "prometheus-client>=0.17",
        f"httptools>=0.2; {_WHEELS}",
        f"uvloop>=0.14; {_WHEELS}",
        f"orjson>=3.6; {_WHEELS}",
    )
)


class RestPackager:
    """Packages a GPPI model as a REST service."""

    def plan(self, job: PackagingJob) -> BuildPlan:
        """Decide the image; pure and offline."""
        arguments = job.arguments
        assert isinstance(arguments, RestArguments)  # noqa: S101  # the record names this model
        image = gppi_image(job, NAME, arguments.dockerfile_base_image)
        front = EnvironmentLayer("front", _FRONT, "site", _FRONT_REQUIREMENTS)
        pages = FilesLayer.of("pages", page_files(f"{_FRONT}/pages"))
        server = FilesLayer.of("server", _server_files())
        return BuildPlan(
            packager=NAME,
            image=job.image_reference(arguments.image_name),
            base=image.base,
            blocks=(
                *image.first_blocks(),
                Block("server", (AddLayer("front"), AddLayer("pages"), AddLayer("server"))),
                Block("settings", (*image.settings, *_port(arguments.port))),
                Block("start", (Entrypoint((MODEL_PYTHON, "-I", "-S", _FRONT, *_options(arguments))),)),
                image.model_block(),
            ),
            layers=(image.environment, front, pages, server, image.model),
            template=files(__package__).joinpath("templates/Dockerfile.j2").read_text(encoding="utf-8"),
            platforms=job.platforms,
            decisions=image.decisions,
        )

    def build_and_push(self, job: PackagingJob, plan: ResolvedPlan, build: Build) -> PackagingResult:  # noqa: ARG002  # as the protocol has it
        """Publish the image."""
        return PackagingResult(build.publish(plan))


def _server_files() -> Iterator[TextFile]:
    package = "odahu_pack_docker_rest"
    yield from code_files(package, "server/front", _FRONT)
    yield from code_files(package, "server/wire", _FRONT)
    yield from code_files(package, "server/worker", _WORKER)
    yield from code_files(package, "server/wire", _WORKER)
    yield from code_files("odahu_pack_core", "gppi_runtime", f"{_WORKER}/gppi_runtime")


def _port(port: int) -> tuple[Expose, Label]:
    return Expose(port), Label(f"{LABEL_PREFIX}.port", str(port))


def _options(arguments: RestArguments) -> Iterator[str]:
    """Yield the packaging's arguments, after which those of ``docker run IMAGE …`` come and win."""
    options = {
        "--host": arguments.host,
        "--port": str(arguments.port),
        "--timeout": str(arguments.timeout),
        "--workers": str(arguments.workers),
        "--threads": str(arguments.threads),
        "--max-batch-size": str(arguments.max_batch_size),
        "--max-body-bytes": str(arguments.max_body_bytes),
        "--drain-timeout": str(arguments.drain_timeout),
    }
    for option in options.items():
        yield from option
