"""Whole runs against a registry that fails: the image is complete, or its tag stays what it was."""

import random

import pytest

from odahu_pack_core.errors import RegistryError
from tests.faults.conftest import PASSWORD
from tests.faults.ground import check_cache, dose
from tests.faults.proxy import FAULTS, Schedule

pytestmark = [pytest.mark.registry, pytest.mark.usefixtures("in_a_hurry", "no_threads")]

LASTING = ("answer_500", "answer_502", "answer_503", "answer_429", "reset_before", "page")


@pytest.fixture
def attempt(ground, proxy, cache):
    """Package, and return the error if the run fails; look at what is there in any case."""

    def package(image, schedule, **more):
        before, proxy.schedule = ground.tag(image), schedule
        try:
            told = dict(ground.run(proxy.host, image, cache, password=PASSWORD, **more).results)["digest"]
        except RegistryError as error:
            assert ground.tag(image) == before
            return error
        finally:
            proxy.schedule = Schedule()
            check_cache(cache)
        assert ground.tag(image) == told
        return None

    return package


@pytest.mark.slow
@pytest.mark.parametrize("seed", dose(6, 200))
def test_complete_or_as_before(ground, attempt, seed):
    image = f"dose-{seed}:1"
    if seed % 2:
        attempt(image, Schedule(), model=ground.plain_model)
    rate = random.Random(seed).choice([0.05, 0.15, 0.3, 0.5])
    attempt(image, Schedule(seed, rate))
    assert attempt(image, Schedule()) is None


@pytest.mark.parametrize("kind", sorted({*FAULTS} - {"page", "twice"}))
def test_one_accident_of_each_kind_is_survived(ground, attempt, kind):
    """Each request that writes meets one accident, and the run succeeds all the same."""
    image = f"accident-{kind.replace('_', '-')}:1"
    for method in ("POST", "PUT"):
        schedule = Schedule(rate=1, most=1, kinds=(kind,), only=f"{method} /v2/models")
        assert attempt(image, schedule, model=_other_model(ground, method)) is None
        assert schedule.happened == {kind: 1}


def _other_model(ground, method):
    return ground.model if method == "POST" else ground.plain_model


@pytest.mark.parametrize("kind", LASTING)
def test_a_registry_that_never_recovers_is_told_in_the_end(ground, attempt, kind):
    image = f"broken-{kind.replace('_', '-')}:1"
    error = attempt(image, Schedule(rate=1, kinds=(kind,), only="PUT /v2/models"), model=ground.plain_model)
    assert isinstance(error, RegistryError)
    assert PASSWORD not in str(error)


def test_a_tag_that_was_moved_stays_what_it_was_until_all_is_there(ground, attempt):
    assert attempt("moved:1", Schedule(), model=ground.plain_model) is None
    broken = Schedule(rate=1, kinds=("answer_503",), only="PUT /v2/models/moved/manifests")
    assert attempt("moved:1", broken) is not None
    assert attempt("moved:1", Schedule()) is None
