"""Jobs and plans for the tests of packagers, and the kit without pytest."""

import itertools
import subprocess
import sys
from dataclasses import replace

import pytest
from pydantic import ValidationError

from odahu_pack_core import AddLayer, Env, ModelArtifact
from odahu_pack_core.testing import UUID, job, plan_of, write_files
from tests.core.pipeline import greeter


@pytest.fixture
def record():
    (offered,) = greeter.odahu_pack_packagers()
    return offered


@pytest.fixture
def note(tmp_path):
    root = write_files(tmp_path / "model", {"note.txt": "a note", "deep/data.bin": b"\0", "empty/": ""})
    return ModelArtifact("note", root, (), name="note", version="1.0")


def test_files_are_written_with_their_folders(note):
    assert (note.root / "note.txt").read_text() == "a note"
    assert (note.root / "deep" / "data.bin").read_bytes() == b"\0"
    assert (note.root / "empty").is_dir()


def test_a_job_has_validated_arguments_and_a_push_target(record, note):
    made = job(record, note, {"port": 8080}, registry="gcr.io/project", platforms=("linux/arm64",))

    assert (made.packager, made.arguments.port, made.arguments.greeting) == ("greeter", 8080, "hello")
    assert made.uri_of("docker-push") == "gcr.io/project"
    assert (made.platforms, made.random_uuid) == (("linux/arm64",), UUID)
    assert str(made.image_reference("{{ Name }}:{{ RandomUUID }}")) == f"gcr.io/project/note:{UUID}"


def test_a_wrong_argument_is_refused(record, note):
    with pytest.raises(ValidationError):
        job(record, note, {"port": "8080"})


def test_a_plan_is_the_packagers(record, note):
    plan = plan_of(record, note, {"greeting": "good day"})

    assert str(plan.image) == "registry.example/models/note:1.0"
    assert {AddLayer("note"), Env("GREETING", "good day")} < set(plan.instructions)


def test_a_packager_that_changes_its_mind_fails(record, note):
    numbers = itertools.count()

    class Fickle(greeter.Greeter):
        def plan(self, job):
            plan = super().plan(job)
            return replace(plan, image=replace(plan.image, tag=str(next(numbers))))

    with pytest.raises(AssertionError, match="another plan the second time"):
        plan_of(replace(record, create=Fickle), note)


def test_a_plan_under_another_name_fails(record, note):
    with pytest.raises(AssertionError, match="the plan is of 'greeter', the packager 'other'"):
        plan_of(replace(record, name="other"), note)


def test_without_pytest_the_kit_says_what_to_install():
    script = "import sys; sys.modules['pytest'] = None; import odahu_pack_core.testing"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "pip install 'odahu-pack-core[testing]'" in done.stderr.splitlines()[-1]
