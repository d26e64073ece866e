"""Ensembles made at random: the linter finds an error in exactly those that a real tritonserver refuses."""

import random
from functools import partial

import pytest

from odahu_pack_core.testing import write_files
from odahu_pack_triton.lint import Severity
from tests.e2e.parts import docker_client
from tests.plugins.triton.marked_config import MODEL, findings_of
from tests.plugins.triton.random_ensembles import configs_of_leaves, random_ensemble
from tests.plugins.triton.server_ground import ServerGrounds

pytestmark = [pytest.mark.engine, pytest.mark.triton, pytest.mark.slow]

COUNT = 30
SERVERS = 4


@pytest.fixture(scope="module")
def grounds(engine, triton_base, tmp_path_factory):
    client = docker_client(engine)
    with ServerGrounds(client, triton_base, tmp_path_factory.mktemp("repositories"), SERVERS) as running:
        yield running
    client.close()


def _refused(root, ground, seed):
    """Return why a random ensemble is refused: by the linter, and by the server."""
    configs = {**configs_of_leaves(), "wine": random_ensemble(random.Random(seed))}
    files = {f"{name}/config.pbtxt": text for name, text in configs.items()}
    codes = {f"{name}/1/model.py": MODEL for name in configs}
    folder = root / str(seed)
    write_files(folder, {**files, **codes})
    errors = [each for each in findings_of(folder, of="wine") if each.severity is Severity.ERROR]
    return [str(each) for each in errors], ground.judge(folder, "wine").refusal


def test_an_ensemble_is_refused_by_both_or_by_none(grounds, tmp_path):
    seeds = range(COUNT)
    verdicts = dict(zip(seeds, grounds.each(partial(_refused, tmp_path), seeds), strict=True))
    apart = {seed: both for seed, both in verdicts.items() if bool(both[0]) != bool(both[1])}
    assert apart == {}
    # Neither all of them nor none are refused, or nothing is shown.
    assert 0 < sum(not errors for errors, _ in verdicts.values()) < COUNT
