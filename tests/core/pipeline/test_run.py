"""The way from a request to an image, through a third party's packager, reader and engine."""

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from importlib.metadata import EntryPoint
from pathlib import Path
from uuid import UUID

import pytest

import odahu_pack_core
from odahu_pack_core.errors import (
    ArtifactError,
    EngineError,
    OdahuPackError,
    PlanError,
    PluginError,
    SpecError,
    UsageError,
)
from odahu_pack_core.events import Decision, Notice, RunFinished, StepFinished, StepStarted
from odahu_pack_core.pipeline.jobs import Request
from odahu_pack_core.pipeline.planning import plan_request
from odahu_pack_core.pipeline.run import package_request, resolve_request
from odahu_pack_core.pipeline.surroundings import Surroundings
from odahu_pack_core.plan.instruction import Env
from odahu_pack_core.plugins.catalog import PluginCatalog
from odahu_pack_core.plugins.protocols import ImageOutput
from odahu_pack_core.spec.connection import Connection
from tests.core.pipeline.conftest import CORE, integration, packaging
from tests.core.plugins.installed import install

PUSHED = "  targets: [{name: docker-push, connectionName: ours}]\n"
BOTH = "  targets: [{name: docker-push, connectionName: ours}, {name: docker-pull, connectionName: theirs}]\n"
DIGEST = "sha256:" + "0" * 64
CONNECTIONS = tuple(
    Connection.model_validate({"id": name, "spec": {"type": "docker", "uri": uri}})
    for name, uri in (("ours", "gcr.io/project"), ("theirs", "quay.io/bases"), ("bare", "localhost:5000"))
)


@pytest.fixture
def note(tmp_path):
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "note.txt").write_text("a note")
    return folder


@pytest.fixture
def around(tmp_path, catalog):
    """Surroundings of a run, and the events it sent so far."""
    events = []
    paper = tmp_path / "paper"
    paper.mkdir()
    environ = {"PAPER": str(paper), "HOME": str(tmp_path)}
    return Surroundings(catalog, environ, on_event=events.append), events


@pytest.fixture
def request_for(note):
    def make(spec=PUSHED, *, artifact=None, **more):
        return Request(packaging(spec), artifact or note, CONNECTIONS, **more)

    return make


def built(around):
    return json.loads(Path(around[0].environ["PAPER"], "image.json").read_text())


def told(events, kind):
    return [event for event in events if isinstance(event, kind)]


def test_a_model_is_planned_resolved_built_and_pushed(request_for, around):
    result = package_request(request_for(), around[0])
    assert result.results == (("image", "gcr.io/project/note:1.0"), ("digest", DIGEST), ("greeting", "hello"))
    paper = built(around)
    assert (paper["image"], paper["output"], paper["push"]) == (
        "gcr.io/project/note:1.0",
        "registry",
        "gcr.io",
    )
    assert paper["dockerfile"].startswith("FROM python:3.6\n")
    assert list(paper["layers"]) == ["note"]


def test_every_step_begins_and_ends_and_the_result_is_the_last_event(request_for, around):
    package_request(request_for(), around[0])
    events = around[1]
    steps = [event.step for event in told(events, StepStarted)]
    assert steps == ["load", "artifact", "plan", "resolve", "build"]
    assert [event.step for event in told(events, StepFinished)] == steps
    assert {decision.subject for decision in told(events, Decision)} >= {"greeting", "engine", "base image"}
    assert Notice("hello, world") in events
    assert events[-1] == RunFinished(
        (("image", "gcr.io/project/note:1.0"), ("digest", DIGEST), ("greeting", "hello"))
    )


def test_what_a_plan_gives_notice_of_is_told_while_it_is_planned(request_for, around):
    plan_request(request_for(f"{PUSHED}  arguments: {{shout: true}}\n"), around[0])
    assert told(around[1], Notice) == [Notice("not everybody likes shouting", "warning")]


def test_a_plan_needs_neither_engine_nor_artifact_afterwards(request_for, around, note):
    plan = plan_request(request_for(random_uuid="u"), around[0])
    (note / "note.txt").unlink()
    assert str(plan.image) == "gcr.io/project/note:1.0"
    assert Env("GREETING", "hello") in plan.instructions
    assert plan.dockerfile().endswith('CMD ["greet", "5000"]\n')
    assert not Path(around[0].environ["PAPER"], "image.json").exists()


def test_a_resolved_plan_names_its_base_and_engine(request_for, around):
    resolved = resolve_request(request_for(), around[0])
    assert resolved.images[0].base.origin == "found at docker.io"
    assert "paper" in [decision.choice for decision in told(around[1], Decision)]


def test_the_uuid_is_made_where_none_is_given(request_for, around):
    spec = PUSHED + "  arguments: {imageName: 'x:{{ RandomUUID }}'}\n"
    UUID(plan_request(request_for(spec), around[0]).image.tag)
    assert plan_request(request_for(spec, random_uuid="mine"), around[0]).image.tag == "mine"


def test_an_image_called_latest_is_a_warning(request_for, around):
    plan_request(request_for(PUSHED + "  arguments: {imageName: x}\n"), around[0])
    assert Notice("gcr.io/project/x:latest is called latest and will be overwritten", "warning") in around[1]


@pytest.mark.parametrize(
    ("spec", "notices"),
    [
        ("", 0),
        ("  resources: null\n  nodeSelector: null\n  image: null\n", 0),
        ("  resources: {limits: {cpu: 1}}\n", 1),
        ("  nodeSelector: {pool: x}\n", 1),
        ("  resources: {limits: {cpu: 1}}\n  nodeSelector: {pool: x}\n", 1),
        ("  image: odahu/runner\n", 1),
    ],
)
def test_what_is_for_a_cluster_is_kept_and_said_once(request_for, around, spec, notices):
    plan_request(request_for(PUSHED + spec), around[0])
    assert len(told(around[1], Notice)) == notices


def test_what_an_integration_says_for_a_cluster_is_said_once(request_for, around):
    written = integration("    {}\n", spec="packager: greeter\n  defaultImage: x\n  privileged: true")
    plan_request(request_for(integrations=[written]), around[0])
    (notice,) = told(around[1], Notice)
    assert "defaultImage and privileged" in notice.message


def test_without_a_push_target_and_an_output_the_image_would_be_nowhere(request_for, around, refusal):
    assert "target 'docker-push' is required" in refusal(package_request, request_for(""), around[0]).message
    assert not told(around[1], RunFinished)


def test_a_packager_without_a_required_target_needs_an_output(request_for, around, refusal, monkeypatch):
    record = around[0].catalog.packager("greeter")
    monkeypatch.setitem(vars(record), "targets", ())
    error = refusal(package_request, request_for(""), around[0])
    assert isinstance(error, UsageError)
    assert "the image would exist nowhere" in error.message
    assert "--output" in error.hint


def test_an_image_for_the_engine_itself_needs_no_push_target(request_for, around):
    result = package_request(request_for("", output=ImageOutput("docker")), around[0])
    assert result.results[0] == ("image", "note:1.0")
    assert (built(around)["output"], built(around)["push"]) == ("docker", None)


def test_a_build_context_needs_no_able_engine(request_for, around, tmp_path):
    package_request(request_for("", output=ImageOutput("context", tmp_path / "context")), around[0])
    assert (tmp_path / "context" / "Dockerfile").read_text().startswith("FROM ")
    assert (tmp_path / "context" / "layers" / "note.tar").exists()


def test_an_output_that_the_engine_lacks(request_for, around, refusal, tmp_path):
    request = request_for(output=ImageOutput("oci", tmp_path / "x"))
    error = refusal(package_request, request, replace(around[0], engine="paper"))
    assert isinstance(error, EngineError)
    assert "engine 'paper' cannot bring an image to output type 'oci', only to docker" in error.message


def test_a_private_base_is_reached_through_docker_pull(request_for, around):
    package_request(request_for(BOTH + "  arguments: {baseImage: 'quay.io/bases/python:3.6'}\n"), around[0])
    assert (built(around)["pull"], built(around)["push"]) == ("quay.io", "gcr.io")


def test_docker_pull_of_another_registry_names_both(request_for, around, refusal):
    error = refusal(
        package_request, request_for(BOTH + "  arguments: {baseImage: 'ghcr.io/x/y:1'}\n"), around[0]
    )
    assert isinstance(error, SpecError)
    assert "docker-pull leads to quay.io, but the base image ghcr.io/x/y:1 is in ghcr.io" in error.message


@pytest.mark.parametrize("name", ["papr", "docker"])
def test_an_engine_that_is_not_there_or_cannot(request_for, around, refusal, name):
    surroundings = Surroundings(around[0].catalog, {"HOME": "/nowhere", "PAPER": "/nowhere"}, engine=name)
    error = refusal(package_request, request_for(), surroundings)
    assert isinstance(error, PluginError if name == "papr" else EngineError)


def test_an_artifact_of_another_kind(request_for, around, refusal, tmp_path):
    (tmp_path / "empty").mkdir()
    error = refusal(plan_request, request_for(artifact=tmp_path / "empty"), around[0])
    assert isinstance(error, ArtifactError)
    assert "not a model artifact of kind note" in error.message


def test_faults_of_the_request_come_before_the_artifact_is_opened(request_for, around, refusal, tmp_path):
    error = refusal(
        plan_request, request_for("  arguments: {port: x}\n", artifact=tmp_path / "missing"), around[0]
    )
    assert isinstance(error, SpecError)


FAULTY = """
from odahu_pack_core import *
from tests.core.pipeline.greeter import Arguments, Greeter

class Faulty(Greeter):
    {body}

@hookimpl
def odahu_pack_packagers():
    return [PackagerRecord("greeter", "Faulty.", Arguments, {create}, (), {kinds})]
"""


@pytest.fixture
def faulty(tmp_path, monkeypatch, around, note):
    """Package with a packager that goes wrong in one place, and return the error."""

    def ask(body="pass", *, create="Faulty", kinds="('note',)", action=package_request):
        (tmp_path / "faulty.py").write_text(FAULTY.format(body=body, create=create, kinds=kinds))
        monkeypatch.syspath_prepend(str(tmp_path))
        monkeypatch.delitem(sys.modules, "faulty", raising=False)
        points = [CORE, EntryPoint("faulty", "faulty", "odahu_pack"), EntryPoint("x", READER, "odahu_pack")]
        surroundings = Surroundings(PluginCatalog.load(points), around[0].environ, on_event=around[1].append)
        with pytest.raises(OdahuPackError) as caught:
            action(Request(packaging(), note, output=ImageOutput("docker")), surroundings)
        monkeypatch.delitem(sys.modules, "faulty")
        return caught.value

    return ask


READER = "tests.core.pipeline.reader_and_engine"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (
            {"body": "def plan(self, job): return 1 / 0"},
            "failed to plan: ZeroDivisionError: division by zero",
        ),
        (
            {"body": "def plan(self, job): return 'plan'"},
            "failed to plan: TypeError: planned str, no BuildPlan",
        ),
        ({"body": "def __init__(self): raise OSError('no')"}, "cannot be made: OSError: no"),
        ({"create": "None"}, "cannot be made: TypeError: "),
        (
            {"body": "def build_and_push(self, job, plan, build): return 'done'"},
            "returned str, no PackagingResult",
        ),
        ({"kinds": "('poem',)"}, "takes artifacts of kind poem, but no plugin that is installed reads them"),
    ],
)
def test_a_packager_that_goes_wrong_is_named(faulty, wrong, said):
    error = faulty(**wrong)
    assert isinstance(error, PluginError)
    assert "greeter" in error.message
    assert said in error.message


def test_a_packager_that_refuses_speaks_for_itself(faulty):
    error = faulty("def plan(self, job): raise PlanError('not on Sundays')")
    assert (type(error), error.message) == (PlanError, "not on Sundays")


def test_a_listener_that_raises_stops_the_run(request_for, around):
    class EnoughError(Exception):
        pass

    def listen(event):
        if isinstance(event, StepStarted) and event.step == "build":
            raise EnoughError

    surroundings = Surroundings(around[0].catalog, around[0].environ, on_event=listen)
    with pytest.raises(EnoughError):
        package_request(request_for(), surroundings)
    assert not Path(around[0].environ["PAPER"], "image.json").exists()


def test_several_models_are_planned_at_once(request_for, catalog, tmp_path):
    def plan(number):
        events = []
        folder = tmp_path / f"model{number}"
        folder.mkdir()
        (folder / "note.txt").write_text(f"note {number}")
        spec = (
            PUSHED
            + f"  arguments: {{imageName: 'wine{number}:{{{{ Version|upper }}}}', greeting: 'g{number}'}}\n"
        )
        made = plan_request(
            request_for(spec, artifact=folder), Surroundings(catalog, {}, on_event=events.append)
        )
        return made, events

    with ThreadPoolExecutor(8) as pool:
        plans = list(pool.map(plan, range(24)))
    for number, (made, events) in enumerate(plans):
        assert str(made.image) == f"gcr.io/project/wine{number}:1.0"
        assert Env("GREETING", f"g{number}") in made.instructions
        assert [decision.choice for decision in told(events, Decision)] == [f"g{number}"]


def test_the_public_functions_take_what_is_installed(note, tmp_path, monkeypatch):
    install(tmp_path, "greeter", "from tests.core.pipeline.greeter import *\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    model = {"artifact": note, "connections": CONNECTIONS}
    plan = odahu_pack_core.plan_model(packaging(PUSHED), **model, random_uuid="u")
    assert isinstance(plan, odahu_pack_core.BuildPlan)
    two = ("linux/arm64", "linux/amd64")
    plan = odahu_pack_core.plan_model(packaging(PUSHED), **model, platforms=(*two, "linux/arm64"))
    assert plan.platforms == two
    with pytest.raises(PlanError, match=r"arm64.* not platforms such as linux/amd64"):
        odahu_pack_core.package_model(packaging(PUSHED), **model, platforms=["arm64"])
    with pytest.raises(EngineError):
        odahu_pack_core.package_model(packaging(PUSHED), **model, engine="docker")
