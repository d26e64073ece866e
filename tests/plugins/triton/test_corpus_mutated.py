"""Good repositories changed in one place: what the server does not serve, the linter calls an error."""

import re
from dataclasses import dataclass
from functools import partial

import pytest

from odahu_pack_triton.config import CONFIG, read_config
from odahu_pack_triton.lint import Severity
from tests.e2e.parts import docker_client
from tests.plugins.triton.corpus import RELEASE, cases, findings
from tests.plugins.triton.mutations import chances, mutate, parameters_for, request_for
from tests.plugins.triton.server_ground import ServerGrounds, Verdict

pytestmark = [pytest.mark.engine, pytest.mark.triton]

BASES = [case for case in cases("good") if case.can_be_shown and case.told.get("release", RELEASE) == RELEASE]
SEED, FEW, MANY = "triton", 24, 300
SERVERS = 8
PATIENCE = 40
EXPLAINED = {
    r"has kind KIND_GPU but no GPUs are available": "there is no GPU here",
    r"sending FP16 data via JSON is not supported": "requests as JSON have no such values",
    r"input '\w+' already exists in request": "the request made for the case brings an optional input twice",
    r"expected 0 inputs but got": "nothing tells a request without inputs",
    r"Request timeout expired": "so short a timeout is allowed",
    r"multiple label files for": "an output is written twice, of which the linter warns",
    r"triton_string_to_numpy\n": "NumPy has no such type, of which the linter warns",
    r"/model\.py\(\d+\): \w+\n": "the model's own code relies on what was changed",
    r"model '\w+' is not ready|is not found": "the model's own code asks another model",
}
"""Why the server may fail where the linter is silent, by what the server says."""


@dataclass(frozen=True)
class Mutant:
    """One changed repository, with what the linter and the server make of it."""

    told: str
    errors: list
    verdict: Verdict

    @property
    def refusal(self):
        """Why the server does not serve it; empty where it does."""
        return self.verdict.refusal or "\n".join(answer.reason for answer in self.verdict.answers)

    def __str__(self):
        errors = ", ".join(error.code for error in self.errors) or "no error"
        return f"{self.told}: {errors}, but the server: {self.refusal or 'serves it'}"

    @property
    def is_agreed_upon(self):
        if self.errors:
            return bool(self.refusal)
        return not self.refusal or any(re.search(pattern, self.refusal) for pattern in EXPLAINED)


@pytest.fixture
def grounds(engine, triton_base, tmp_path):
    client = docker_client(engine)
    with ServerGrounds(client, triton_base, tmp_path / "repositories", SERVERS) as running:
        yield running
    client.close()


@pytest.mark.parametrize("count", [FEW, pytest.param(MANY, marks=pytest.mark.slow)])
def test_the_linter_and_the_server_agree_on_what_was_changed(count, grounds, tmp_path):
    mutants = grounds.each(partial(_judged, tmp_path), enumerate(chances(SEED, count)))
    disagreements = [str(mutant) for mutant in mutants if not mutant.is_agreed_upon]
    if disagreements:
        pytest.fail("\n\n".join(disagreements), pytrace=False)
    assert any(mutant.errors for mutant in mutants)
    assert any(not mutant.refusal for mutant in mutants)


def _judged(folder, ground, numbered):
    number, chance = numbered
    case = chance.choice(BASES)
    root = case.lay_out(folder / str(number))
    told = f"{number}, {case}: {mutate(root, chance)}"
    errors = [each for each in findings(root, case.release) if each.severity is Severity.ERROR]
    request = _request(case, read_config((root / case.model / CONFIG).read_text()).message)
    before = case.told.get("before", ())
    return Mutant(told, errors, ground.judge(root, case.model, request, before=before, patience=PATIENCE))


def _request(case, message):
    """Return what a changed model is asked: what its case asks, but with the inputs that it has now."""
    if any("stream" in request for request in case.requests):
        return [{"stream": {each.name: 1 for each in message.input}}]
    if not message.input:
        return [request | parameters_for(message) for request in case.requests]
    made = request_for(message)
    return [made] if made else []
