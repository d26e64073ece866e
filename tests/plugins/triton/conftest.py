"""Artifacts, jobs and plans of docker-triton, made from a few lines."""

from pathlib import Path

import pytest

from odahu_pack_core import Connection, ModelPackaging, PackagingJob
from odahu_pack_core.artifact.tree import list_entries
from odahu_pack_triton.arguments import TritonArguments
from odahu_pack_triton.artifact import read_triton
from odahu_pack_triton.packager import TritonPackager
from odahu_pack_triton.plugin import odahu_pack_packagers

UUID = "ec1bf1cd-216d-4f0a-a62f-bf084c79c58c"


@pytest.fixture
def artifact_root(tmp_path):
    return tmp_path / "artifact"


@pytest.fixture
def write_artifact(artifact_root):
    """Write files into the artifact's root; a path that ends with ``/`` is an empty folder."""

    def write(files):
        artifact_root.mkdir(exist_ok=True)
        for name, content in files.items():
            path = artifact_root / name
            if name.endswith("/"):
                path.mkdir(parents=True)
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return artifact_root

    return write


@pytest.fixture
def read(write_artifact):
    """Read files as the Triton artifact that they are."""

    def read_files(files):
        root = write_artifact(files)
        return read_triton(root, list_entries(root))

    return read_files


def _job_of(artifact, **arguments):
    packaging = ModelPackaging.model_validate(
        {"id": "example", "spec": {"integrationName": "docker-triton", "arguments": arguments}}
    )
    connection = Connection.model_validate(
        {"id": "registry", "spec": {"type": "docker", "uri": "gcr.io/project/odahuflow"}}
    )
    (record,) = odahu_pack_packagers()
    return PackagingJob(
        packaging=packaging,
        packager=record.name,
        arguments=TritonArguments.model_validate(arguments),
        targets={"docker-push": connection},
        artifact=artifact,
        random_uuid=UUID,
    )


@pytest.fixture
def job():
    """Make a job for an artifact: ``job(artifact, triton_base_image_tag="24.10-py3")``."""
    return _job_of


@pytest.fixture
def plan(read):
    """Plan the image of files: ``plan({"model.onnx": ""}, triton_base_image_tag="24.10-py3")``."""

    def plan_files(files, **arguments):
        return TritonPackager().plan(_job_of(read(files), **arguments))

    return plan_files


@pytest.fixture
def example():
    """The folder of the example with a Python model."""
    return Path(__file__).parents[3] / "examples" / "triton-python"


@pytest.fixture
def plan_example(example):
    """Plan the image of the example, as if it were in another folder."""

    def plan_it(**arguments):
        root = example / "model"
        return TritonPackager().plan(_job_of(read_triton(root, list_entries(root)), **arguments))

    return plan_it
