"""A configuration that is read from ``model.py`` is the one that a real tritonserver makes of it."""

import pytest

from tests.e2e.parts import docker_client
from tests.plugins.triton.completing_models import FORMS
from tests.plugins.triton.server_ground import ServerGround
from tests.plugins.triton.test_python_model import as_dict, complete

pytestmark = [pytest.mark.engine, pytest.mark.triton]


@pytest.fixture(scope="module")
def ground(engine, triton_base, tmp_path_factory):
    client = docker_client(engine)
    with ServerGround(client, triton_base, tmp_path_factory.mktemp("repository")) as ground:
        yield ground
    client.close()


def _told(config):
    """The pieces of the server's configuration that a model may complete."""

    def tensors(kind):
        members = ("name", "data_type", "dims")
        return [
            {member: tensor[member] for member in members}
            | ({"optional": True} if tensor.get("optional") else {})
            for tensor in config[kind]
        ]

    return {
        "input": tensors("input"),
        "output": tensors("output"),
        "max_batch_size": config["max_batch_size"],
        "dynamic_batching": "dynamic_batching" in config,
        "decoupled": config.get("model_transaction_policy", {}).get("decoupled", False),
    }


def _with_sizes(told):
    return {
        kind: [{**tensor, "dims": [int(size) for size in tensor["dims"]]} for tensor in told[kind]]
        for kind in ("input", "output")
    }


@pytest.mark.parametrize("form", FORMS)
def test_what_is_read_is_what_the_server_makes_of_it(ground, tmp_path, form):
    source, _ = FORMS[form]
    version = tmp_path / "wine" / "1"
    version.mkdir(parents=True)
    (version / "model.py").write_text(source)
    (version.parent / "config.pbtxt").write_text('backend: "python"\n')
    told = _told(ground.completed(tmp_path, "wine"))
    assert as_dict(complete(source)) == told | _with_sizes(told)
