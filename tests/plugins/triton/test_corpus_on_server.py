"""The corpus on real tritonservers: they refuse what the linter calls an error, and serve what is good."""

from functools import partial

import pytest

from tests.e2e.parts import docker_client
from tests.plugins.triton.corpus import cases
from tests.plugins.triton.server_ground import CRASHES, HANGS, ServerGrounds

pytestmark = [pytest.mark.engine, pytest.mark.triton]

SHOWN = [case for kind in ("faulty", "good") for case in cases(kind) if case.can_be_shown]
ENDS = {"hangs": HANGS, "crashes": CRASHES}
SERVERS = 8
SOON, LATE = 6, 60
"""Seconds to wait for what never ends, and for what does."""


@pytest.fixture(scope="module")
def grounds(engine, triton_base, tmp_path_factory):
    client = docker_client(engine)
    with ServerGrounds(client, triton_base, tmp_path_factory.mktemp("repositories"), SERVERS) as running:
        yield running
    client.close()


@pytest.fixture(scope="module")
def verdicts(grounds, tmp_path_factory):
    judged = partial(_judge, tmp_path_factory.mktemp("cases"))
    return dict(zip(map(str, SHOWN), grounds.each(judged, SHOWN), strict=True))


def _judge(root, ground, case):
    laid_out = case.lay_out(root / case.folder.name)
    before, patience = case.told.get("before", ()), SOON if "hangs" in case.server else LATE
    return ground.judge(laid_out, case.model, case.requests, before=before, patience=patience)


@pytest.mark.parametrize("case", SHOWN, ids=str)
def test_the_server_is_of_the_same_mind(case, verdicts):
    verdict = verdicts[str(case)]
    told = case.server
    if "rejects" in told or told.keys() & ENDS.keys():
        expected = [told.get("rejects"), *(ENDS[key] for key in ENDS.keys() & told.keys())]
        assert any(part in verdict.refusal for part in expected if part), verdict.refusal
    else:
        assert verdict.refusal == ""
        assert len(verdict.answers) == len(case.requests) == len(told["answers"])
        for answer, expected in zip(verdict.answers, told["answers"], strict=True):
            _compare(answer, expected)


def _compare(answer, expected):
    if "error" in expected:
        assert expected["error"] in answer.reason
    else:
        assert (answer.reason, answer.outputs) == ("", expected)


@pytest.mark.parametrize("case", SHOWN, ids=str)
def test_an_error_is_what_the_server_does_not_serve(case):
    """No case is called an error although the server answers rightly, nor good although it does not."""
    serves = "answers" in case.server and "right" not in case.server
    assert serves != bool(case.errors or "right" in case.server)
