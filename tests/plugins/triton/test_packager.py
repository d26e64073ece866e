"""The plan of an image: base, model repository, labels, command, and what hostile input may not do."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from odahu_pack_core import (
    AddLayer,
    ArtifactError,
    Entrypoint,
    Env,
    Expose,
    ImageReference,
    Label,
    ModelArtifact,
    PackagingResult,
    PublishedImage,
    SpecError,
    User,
    load_entities,
)
from odahu_pack_triton.artifact import TritonManifest
from odahu_pack_triton.packager import TritonPackager
from tests.plugins.triton.conftest import PYTHON_MODEL, model_files, plan_folder

EXPECTED = Path(__file__).with_name("expected")
ENSEMBLE = Path(__file__).parents[3] / "examples" / "triton-ensemble"
RANDOM_NAME = "triton-model:prefix-{{ RandomUUID }}"


@pytest.mark.parametrize("tag", ["20.11-py3", "23.06-py3", "24.10-py3"])
def test_the_dockerfile_of_the_example_is_the_one_we_reviewed(plan_example, tag, request):
    made = plan_example(triton_base_image_tag=tag, imageName=RANDOM_NAME).dockerfile()
    expected = EXPECTED / f"{tag}.Dockerfile"
    if request.config.getoption("--rewrite-expected"):
        expected.write_text(made)
    assert made == expected.read_text()


def test_the_dockerfile_of_the_example_with_an_ensemble_is_the_one_we_reviewed(request):
    (packaging,) = load_entities(ENSEMBLE / "packaging.yaml")
    plan = plan_folder(ENSEMBLE / packaging.spec.artifact_name, **packaging.spec.arguments)
    expected = EXPECTED / "ensemble.Dockerfile"
    if request.config.getoption("--rewrite-expected"):
        expected.write_text(plan.dockerfile())
    assert plan.dockerfile() == expected.read_text()
    assert not plan.notices


@pytest.mark.parametrize("dockerfile", sorted(EXPECTED.glob("*.Dockerfile")), ids=lambda path: path.stem)
def test_hadolint_finds_nothing(dockerfile):
    hadolint = shutil.which("hadolint", path=f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin")
    if hadolint is None:
        pytest.skip("hadolint is not installed")
    done = subprocess.run(
        [hadolint, "-f", "json", "-"], input=dockerfile.read_bytes(), capture_output=True, check=False
    )
    assert json.loads(done.stdout) == []
    assert done.returncode == 0


def test_the_documented_request_is_planned_on_the_documented_release(plan_example, example):
    (packaging,) = load_entities(example / "packaging.yaml")
    made = plan_example(**packaging.spec.arguments)
    uuid = "ec1bf1cd-216d-4f0a-a62f-bf084c79c58c"
    assert str(made.image) == f"gcr.io/project/odahuflow/triton-model:prefix-{uuid}"
    assert str(made.base.reference) == "nvcr.io/nvidia/tritonserver:20.11-py3"
    assert made.base.keeps_entrypoint
    assert not any(isinstance(instruction, Entrypoint) for instruction in made.instructions)
    assert made.instructions[-1].arguments == (
        "tritonserver",
        "--model-repository=/models",
        "--strict-model-config=false",
        "--backend-config=python,python-runtime=/opt/model/bin/python3",
    )


def test_the_image_name_is_that_of_the_model_by_default(plan):
    made = plan({"odahuflow.model.yaml": "name: Wine_Quality\nversion: 12\n", **PYTHON_MODEL})
    assert made.image.name == "gcr.io/project/odahuflow/wine-quality-12"


def test_the_model_repository_holds_the_model_and_what_lies_beside_it(plan):
    made = plan(
        {
            "odahuflow.model.yaml": "name: wine\nversion: 7\n",
            **PYTHON_MODEL,
            "data.json": "{}",
            "vocabulary/words.txt": "",
            "empty/": None,
        }
    )
    assert list(model_files(made)) == [
        "/models",
        "/models/wine",
        "/models/wine/7",
        "/models/wine/7/data.json",
        "/models/wine/7/empty",
        "/models/wine/7/model.py",
        "/models/wine/7/vocabulary",
        "/models/wine/7/vocabulary/words.txt",
        "/models/wine/config.pbtxt",
    ]
    assert {file.mode for file in model_files(made).values()} == {0o644, 0o755}


def test_the_image_is_labelled_and_set_up(plan):
    made = plan({"odahuflow.model.yaml": "name: wine\nversion: 7\n", **PYTHON_MODEL})
    labels = {i.name: i.value for i in made.instructions if isinstance(i, Label)}
    assert labels == {
        "org.opencontainers.image.title": "wine",
        "org.opencontainers.image.version": "7",
        "org.odahu.pack.packager": "docker-triton",
        "org.odahu.pack.model.name": "wine",
        "org.odahu.pack.model.version": "7",
        "org.odahu.pack.triton.models": '{"wine":[7]}',
        "org.odahu.pack.port": "8000",
        "org.odahu.pack.ready": "/v2/health/ready",
    }
    assert [i.port for i in made.instructions if isinstance(i, Expose)] == [8000, 8001, 8002]
    assert User("65532:0") in made.instructions
    assert Env("HOME", "/tmp") in made.instructions
    assert AddLayer("model") in made.instructions


def test_a_new_release_needs_no_options(plan):
    made = plan({**PYTHON_MODEL}, triton_base_image_tag="24.10-py3")
    assert made.instructions[-1].arguments == ("tritonserver", "--model-repository=/models")


def test_an_artifact_of_another_kind_is_refused_in_words(tmp_path, job):
    other = ModelArtifact("directory", tmp_path, (), "wine", "1.0")
    with pytest.raises(ArtifactError, match="this is a directory artifact"):
        TritonPackager().plan(job(other))


def test_building_publishes_the_plan_and_names_the_image(job, read):
    artifact = read({**PYTHON_MODEL})
    published = PublishedImage(ImageReference.parse("gcr.io/project/x:1"), "sha256:" + "0" * 64)

    class Recorder:
        def publish(self, resolved):
            self.resolved = resolved
            return published

        def emit(self, message):
            raise AssertionError(message)

    recorder, resolved = Recorder(), object()
    result = TritonPackager().build_and_push(job(artifact), resolved, recorder)
    assert recorder.resolved is resolved
    assert result == PackagingResult(published)
    assert result.results[0] == ("image", "gcr.io/project/x:1")


@pytest.mark.parametrize("name", ["wine\nUSER 0", "../../etc", "a/b", "wine\x00", "wine\u2028RUN x"])
def test_a_hostile_name_never_reaches_a_plan(name):
    with pytest.raises(ValidationError):
        TritonManifest.model_validate({"name": name})


@pytest.mark.parametrize("name", ["a\nRUN rm.json", "$(id).txt", '"quoted".bin', "-flag", "back\\slash"])
def test_a_hostile_file_name_stays_a_file_name(plan, name):
    made = plan({**PYTHON_MODEL, name: ""})
    assert f"/models/model/1/{name}" in model_files(made)
    assert made.dockerfile() == plan({}).dockerfile()


@pytest.mark.parametrize("image_name", ["x:{{ Nam }}", "{% raw %}", "UPPER case", "a@sha256:0"])
def test_a_bad_image_name_is_the_users_fault(plan, image_name):
    with pytest.raises(SpecError):
        plan({**PYTHON_MODEL}, imageName=image_name)


@pytest.mark.property
@given(name=st.text(max_size=20), version=st.text(max_size=8) | st.integers().map(str))
def test_every_name_and_version_that_passes_is_one_plain_segment(name, version):
    try:
        manifest = TritonManifest.model_validate({"name": name, "version": version})
    except ValidationError:
        return
    for segment in (manifest.name, manifest.version):
        assert Path("/models", segment).parts == ("/", "models", segment)
        assert segment.isascii()
        assert segment.isprintable()
        assert segment not in {".", ".."}
    assert str(int(manifest.version)) == manifest.version
