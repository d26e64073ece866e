"""docker-triton from a request to an image in which a real tritonserver answers over HTTP and gRPC."""

import dataclasses
import time

import numpy as np
import pytest

from odahu_pack_core import package_model
from odahu_pack_core.names import MIRRORS_VARIABLE
from odahu_pack_triton import releases
from tests.e2e.parts import connection, packaging, pull_by_digest
from tests.plugins.triton.serving import HARDENED, PROTOCOLS, READY, TAG, asking, run, wait_until_ready

pytestmark = [pytest.mark.engine, pytest.mark.registry, pytest.mark.triton]

ROWS = np.array([[1, 2, 3], [0, 0, 0], [4, 4, -1]], dtype=np.float32)
EXAMPLE = ("wine-quality", "FEATURES", "QUALITY")
QUALITY = [[7.5], [1.5], [0.5]]
COMPLETING = """
import numpy as np
import triton_python_backend_utils as pb_utils

class TritonPythonModel:
    @staticmethod
    def auto_complete_config(config):
        config.add_input({"name": "X", "data_type": "TYPE_FP32", "dims": [-1]})
        config.add_output({"name": "Y", "data_type": "TYPE_FP32", "dims": [-1]})
        config.set_max_batch_size(0)
        return config

    def execute(self, requests):
        values = [pb_utils.get_input_tensor_by_name(request, "X").as_numpy() for request in requests]
        return [pb_utils.InferenceResponse([pb_utils.Tensor("Y", value * np.float32(2))]) for value in values]
"""


def _answers(started, tensors, values):
    """Return what the model answers over HTTP and over gRPC."""
    wait_until_ready(started)
    model, name, output = tensors
    answers = []
    for protocol in PROTOCOLS:
        with asking(started, protocol, model) as ask:
            answers.append(ask(name, values, output).tolist())
    return tuple(answers)


@pytest.mark.parametrize(
    ("engine_name", "options"),
    [("oci", {}), ("oci", HARDENED), ("docker", HARDENED)],
    ids=["as it is", "read-only, another uid", "by the engine docker"],
)
def test_the_example_answers_with_the_right_numbers(package, client, example, engine_name, options):
    image = package(example / "model", engine_name)
    with run(client, image, **options) as started:
        assert _answers(started, EXAMPLE, ROWS) == (QUALITY, QUALITY)


@pytest.mark.slow
def test_its_base_stays_in_the_registry_that_holds_it(
    client, triton_base, example, start_registry, monkeypatch
):
    registry = start_registry()
    monkeypatch.setenv(MIRRORS_VARIABLE, f"nvcr.io={registry.host}")
    mirrored = f"{registry.host}/nvidia/tritonserver"
    client.images.get(triton_base).tag(mirrored, TAG)
    assert "error" not in client.images.push(mirrored, TAG)
    client.images.remove(f"{mirrored}:{TAG}", noprune=True)
    layers = client.images.get(triton_base).attrs["RootFS"]["Layers"]
    before = len(registry.requests())

    request = packaging("docker-triton", triton_base_image_tag=TAG)
    ways = [connection(registry)]
    published = package_model(request, artifact=example / "model", connections=ways, engine="oci").image

    asked = registry.requests()[before:]
    assert sum("mount=" in path and status == 201 for _, path, status in asked) == len(layers)
    # Configs alone are read: that of the base, and after the push none.
    assert sum(method == "GET" and "/blobs/" in path for method, path, _ in asked) == 1
    image = pull_by_digest(client, registry, published)
    try:
        with run(client, image, **HARDENED) as started:
            assert _answers(started, EXAMPLE, ROWS) == (QUALITY, QUALITY)
    finally:
        client.images.remove(image, force=True)


def test_an_archive_that_points_to_the_environment_is_enough(package, client, example, monkeypatch):
    """The server here is newer than the releases that know archives only; it still takes them."""
    release = dataclasses.replace(releases.RELEASES["24.10"], environment="archive")
    monkeypatch.setitem(releases.RELEASES, "24.10", release)
    image = package(example / "model")
    with run(client, image, **HARDENED) as started:
        assert _answers(started, EXAMPLE, ROWS) == (QUALITY, QUALITY)
        found = started.exec_run(
            ["sh", "-c", "du -sk /tmp; cat /tmp/python_env_*/*/bin/activate"]
        ).output.decode()
    assert int(found.split()[0]) < 100
    assert ". /opt/model/bin/activate" in found


def test_a_model_without_configuration_and_environment_completes_itself(package, client, write_artifact):
    image = package(write_artifact({"model.py": COMPLETING}))
    values = np.array([1, 2, 3.5], dtype=np.float32)
    with run(client, image) as started:
        assert _answers(started, ("model", "X", "Y"), values) == ([2, 4, 7], [2, 4, 7])


def test_the_image_keeps_the_entrypoint_and_ends_on_sigterm(package, client, example, triton_base):
    image = package(example / "model", imageName="kept:{{ Version }}")
    config = client.images.get(image).attrs["Config"]
    assert config["Entrypoint"] == client.images.get(triton_base).attrs["Config"]["Entrypoint"]
    assert config["User"] == "65532:0"
    assert {"8000/tcp", "8001/tcp", "8002/tcp"} <= set(config["ExposedPorts"])
    assert config["Labels"]["org.odahu.pack.ready"] == READY
    with run(client, image) as started:
        wait_until_ready(started)
        begun = time.monotonic()
        started.stop(timeout=20)
        assert time.monotonic() - begun < 10
        started.reload()
        assert started.attrs["State"]["ExitCode"] == 0
