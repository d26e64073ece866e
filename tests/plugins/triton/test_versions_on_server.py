"""Version folders and policies made at random: the linter knows what a real tritonserver loads of them."""

import random
from functools import partial

import pytest

from odahu_pack_core.testing import write_files
from odahu_pack_triton.lint import Severity
from odahu_pack_triton.lint.rules.loaded import loaded_versions
from tests.e2e.parts import docker_client
from tests.plugins.triton.linted_files import model, subject_of
from tests.plugins.triton.marked_config import findings_of
from tests.plugins.triton.server_ground import ServerGrounds

pytestmark = [pytest.mark.engine, pytest.mark.triton, pytest.mark.slow]

COUNT = 40
SERVERS = 3
PATIENCE = {True: 8, False: 60}
"""Seconds to wait for a model, by whether it is to be refused: without its file it would be for ever."""
NAMES = ("0", "1", "2", "3", "10", "01", "007", "v4", "2_old", "1.5", "4a", "-1", "+5", "data", " 6")
POLICIES = (
    "",
    "version_policy { }",
    "version_policy { all { } }",
    "version_policy { latest { } }",
    "version_policy { latest { num_versions: 1 } }",
    "version_policy { latest { num_versions: 2 } }",
    "version_policy { specific { } }",
    "version_policy { specific { versions: [ 1, 3 ] } }",
    "version_policy { specific { versions: [ 2, 9 ] } }",
    "version_policy { specific { versions: 7 } }",
)
CONFIG = """\
backend: "python"
input { name: "X" data_type: TYPE_INT32 dims: [ 1 ] }
output { name: "Y" data_type: TYPE_INT64 dims: [ 1 ] }
"""
TELLS_ITS_VERSION = """\
import numpy as np
import triton_python_backend_utils as pb_utils


class TritonPythonModel:
    def initialize(self, args):
        self.version = pb_utils.Tensor("Y", np.array([int(args["model_version"])]))

    def execute(self, requests):
        return [pb_utils.InferenceResponse([self.version]) for _ in requests]
"""
REQUEST = {"inputs": [{"name": "X", "datatype": "INT32", "shape": [1], "data": [0]}]}


@pytest.fixture(scope="module")
def grounds(engine, triton_base, tmp_path_factory):
    client = docker_client(engine)
    with ServerGrounds(client, triton_base, tmp_path_factory.mktemp("repositories"), SERVERS) as running:
        yield running
    client.close()


def _random_model(chance):
    """Return a model whose folders all hold the code, be they versions or not."""
    names = chance.sample(NAMES, chance.randint(1, 4))
    policy = chance.choice(POLICIES)
    return model(f"{CONFIG}{policy}\n", {f"{name}/model.py": TELLS_ITS_VERSION for name in names})


def _judged(root, ground, seed):
    """Return the version that answers, or that the model is refused: by the linter, and by the server."""
    made = _random_model(random.Random(seed))
    loaded = loaded_versions(subject_of(root / f"alone-{seed}", made))
    folder = root / f"repository-{seed}"
    write_files(folder / "wine", {**made.files, "config.pbtxt": made.config})
    errors = [each for each in findings_of(folder, of="wine") if each.severity is Severity.ERROR]
    verdict = ground.judge(folder, "wine", [REQUEST], patience=PATIENCE[bool(errors)])
    answers = [answer.outputs.get("Y") for answer in verdict.answers]
    return ("refused" if errors else [[max(loaded)]]), ("refused" if verdict.refusal else answers)


def test_the_version_that_is_to_answer_answers_or_the_model_is_refused_by_both(grounds, tmp_path):
    seeds = range(COUNT)
    verdicts = dict(zip(seeds, grounds.each(partial(_judged, tmp_path), seeds), strict=True))
    assert {seed: both for seed, both in verdicts.items() if both[0] != both[1]} == {}
    assert COUNT / 10 < sum(ours == "refused" for ours, _ in verdicts.values()) < COUNT
