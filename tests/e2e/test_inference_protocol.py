"""A docker-rest image asked by Triton's own client, as a Triton server would be."""

import numpy as np
import pytest
from tritonclient.http import InferenceServerClient, InferInput, InferRequestedOutput

from odahu_pack_core import package_model
from tests.e2e.parts import connection, packaging, pull_by_digest, served

pytestmark = [pytest.mark.engine, pytest.mark.registry]

LOCKED_DOWN = {"read_only": True, "user": "12345:0", "cap_drop": ["ALL"], "tmpfs": {"/tmp": ""}}


def test_tritons_client_works_on_the_image(client, registry, base_python, project):
    base_python("3.11")
    result = package_model(packaging("docker-rest"), artifact=project, connections=[connection(registry)])
    image = pull_by_digest(client, registry, result.image)
    with (
        served(client, image, **LOCKED_DOWN) as address,
        InferenceServerClient(address.removeprefix("http://")) as triton,
    ):
        assert triton.is_server_ready()
        assert triton.is_model_ready("wine", "0.1")
        (described,) = triton.get_model_metadata("wine")["inputs"]
        given = InferInput(described["name"], [2, 3], described["datatype"])
        given.set_data_from_numpy(np.array([[1, 2, 3], [4, 5, 6]], dtype=np.float64))
        for binary in (True, False):
            wanted = InferRequestedOutput("predictions", binary_data=binary)
            answer = triton.infer("wine", [given], outputs=[wanted], request_compression_algorithm="gzip")
            assert answer.as_numpy("predictions").tolist() == [[0.6875], [2.0]]
