"""Which engine executes a plan: the first that can and is there."""

from dataclasses import replace
from importlib.metadata import EntryPoint

import pytest

from odahu_pack_core.errors import EngineError
from odahu_pack_core.pipeline.engines import AUTO, choose_engine
from odahu_pack_core.plan.base import BaseImage
from odahu_pack_core.plan.build_plan import Block, BuildPlan
from odahu_pack_core.plan.environment import Dependencies, EnvironmentLayer
from odahu_pack_core.plan.instruction import AddLayer, From, Run
from odahu_pack_core.plan.reference import ImageReference
from odahu_pack_core.plugins.catalog import PluginCatalog

STILL = BuildPlan(
    "test",
    ImageReference.parse("model:1"),
    BaseImage(ImageReference.parse("python:3.11")),
    (Block("base", (From("python:3.11"),)),),
    (),
)
RUNS = STILL.with_block(Block("made", (Run(("true",)),)))


@pytest.fixture(scope="module")
def engines():
    return PluginCatalog.load([EntryPoint("ranks", "tests.core.pipeline.engines_by_rank", "odahu_pack")])


@pytest.fixture
def choose(engines):
    """Choose with some engines there; returns the engine's name, the reason, and who was asked."""

    def chosen(plan, *there, name=AUTO, output="registry"):
        environ = {"THERE": there, "ASKED": []}
        record, decision = choose_engine(name, engines, output, plan, environ)
        assert (decision.subject, decision.choice) == ("engine", record.name)
        return record.name, decision.reason, environ["ASKED"]

    return chosen


def test_what_needs_nothing_on_the_machine_is_preferred_and_nobody_else_is_asked(choose):
    assert choose(STILL) == ("still", "the first installed engine that can build this plan", [])


@pytest.mark.parametrize("output", ["docker", "docker-archive", "context"])
def test_a_place_for_one_image_is_refused_for_several_platforms(choose, output):
    with pytest.raises(EngineError, match=f"type={output} .* linux/amd64, linux/arm64") as caught:
        choose(replace(STILL, platforms=("linux/amd64", "linux/arm64")), output=output)
    assert caught.value.code == "several-platforms"


def test_a_plan_that_runs_something_goes_to_the_first_that_is_there(choose):
    name, _, asked = choose(RUNS, "first", "second")
    assert (name, asked) == ("first", ["first"])


def test_one_that_is_not_there_is_passed_over_and_the_reason_says_so(choose):
    name, reason, asked = choose(RUNS, "second")
    assert (name, asked) == ("second", ["first", "second"])
    assert reason.endswith("can build this plan; first is not there")


def test_when_none_is_there_all_that_is_missing_is_told(choose):
    with pytest.raises(EngineError) as caught:
        choose(RUNS)
    assert (caught.value.code, caught.value.exit_code) == ("engine-absent", 15)
    assert "first is not there; second is not there" in caught.value.message
    assert caught.value.hint == "start or install one of first, second"


@pytest.mark.parametrize("name", [AUTO, "still"])
def test_conda_packages_need_no_engine_where_they_can_be_linked(choose, monkeypatch, name):
    layer = EnvironmentLayer("model", "/opt/model", "venv", Dependencies(conda=("r-base",)))
    blocks = (*STILL.blocks, Block("model", (AddLayer("model"),)))
    plan = replace(STILL, blocks=blocks, layers=(layer,))
    monkeypatch.setattr("odahu_pack_core.environment.modes.can_link", lambda: False)

    with pytest.raises(EngineError) as caught:
        choose(plan, name=name)

    assert "r-base" in caught.value.hint
    assert caught.value.hint.endswith("pip install 'odahu-pack-core[conda]'")
    monkeypatch.setattr("odahu_pack_core.environment.modes.can_link", lambda: True)
    assert choose(plan, name=name)[0] == "still"


def test_an_engine_that_is_asked_for_is_taken_as_it_is(choose):
    assert choose(RUNS, "second", name="first") == ("first", "asked for", [])


def test_where_there_is_no_choice_nobody_is_asked(choose):
    assert choose(replace(STILL, platforms=("linux/amd64", "linux/arm64")))[::2] == ("still", [])


@pytest.mark.parametrize(
    ("name", "lack"),
    [
        ("still", "engine 'still' cannot execute RUN"),
        (AUTO, "first cannot bring an image to output type"),
    ],
)
def test_what_nobody_can_is_told_before_anybody_is_asked(choose, name, lack):
    with pytest.raises(EngineError) as caught:
        choose(RUNS, "first", name=name, output="oci")
    assert caught.value.code == "engine-cannot"
    assert lack in caught.value.message
