"""Artifacts, jobs and plans of docker-triton, made from a few lines."""

from functools import partial
from pathlib import Path

import pytest

from odahu_pack_core import FilesLayer, package_model, testing
from odahu_pack_core.artifact.tree import list_entries
from odahu_pack_core.testing import write_files
from odahu_pack_triton.artifact import read_triton
from odahu_pack_triton.plugin import odahu_pack_packagers
from tests.e2e.parts import connection, docker_client, packaging, pull_by_digest

PYTHON_MODEL = {
    "model.py": """\
import triton_python_backend_utils as pb_utils


class TritonPythonModel:
    def execute(self, requests):
        given = [pb_utils.get_input_tensor_by_name(request, "X").as_numpy() for request in requests]
        return [pb_utils.InferenceResponse([pb_utils.Tensor("Y", values)]) for values in given]
""",
    "config.pbtxt": """\
backend: "python"
input { name: "X" data_type: TYPE_FP32 dims: [ 1 ] }
output { name: "Y" data_type: TYPE_FP32 dims: [ 1 ] }
""",
}
"""A model that answers with what it is given."""


@pytest.fixture
def artifact_root(tmp_path):
    return tmp_path / "artifact"


@pytest.fixture
def write_artifact(artifact_root):
    """Write files into the artifact's root; a path that ends with ``/`` is an empty folder."""

    return partial(write_files, artifact_root)


@pytest.fixture
def read(write_artifact):
    """Read files as the Triton artifact that they are."""

    def read_files(files):
        root = write_artifact(files)
        return read_triton(root, list_entries(root))

    return read_files


def _job_of(artifact, **arguments):
    (record,) = odahu_pack_packagers()
    return testing.job(record, artifact, arguments, registry="gcr.io/project/odahuflow")


def _plan_of(artifact, **arguments):
    (record,) = odahu_pack_packagers()
    return testing.plan_of(record, artifact, arguments, registry="gcr.io/project/odahuflow")


@pytest.fixture
def job():
    """Make a job for an artifact: ``job(artifact, triton_base_image_tag="24.10-py3")``."""
    return _job_of


@pytest.fixture
def plan(read):
    """Plan the image of files: ``plan({"model.onnx": ""}, triton_base_image_tag="24.10-py3")``."""

    def plan_files(files, **arguments):
        return _plan_of(read(files), **arguments)

    return plan_files


@pytest.fixture
def example():
    """The folder of the example with a Python model."""
    return Path(__file__).parents[3] / "examples" / "triton-python"


@pytest.fixture
def plan_example(example):
    """Plan the image of the example, as if it were in another folder."""

    def plan_it(**arguments):
        return plan_folder(example / "model", **arguments)

    return plan_it


@pytest.fixture
def client(engine):
    client = docker_client(engine)
    yield client
    client.close()


@pytest.fixture
def package(triton_base, registry, client):
    """Package an artifact for the release that the base image is, and pull the image anew."""
    tag = triton_base.rpartition(":")[2]
    made = []

    def package_it(artifact, engine="auto", **arguments):
        request = packaging("docker-triton", triton_base_image_tag=tag, **arguments)
        result = package_model(request, artifact=artifact, connections=[connection(registry)], engine=engine)
        made.append(pull_by_digest(client, registry, result.image))
        return made[-1]

    yield package_it
    for image in made:
        client.images.remove(image, force=True)


def plan_folder(root, **arguments):
    """Plan the image of a folder with a Triton artifact."""
    return _plan_of(read_triton(root, list_entries(root)), **arguments)


def model_files(plan):
    """The files of the models' layers, by path."""
    return {file.path: file for layer in plan.layers if isinstance(layer, FilesLayer) for file in layer.files}
