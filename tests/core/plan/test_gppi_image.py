"""What images of GPPI models share: files, labels and settings, whatever a model is called."""

import json

import pytest

from odahu_pack_core.artifact.gppi import gppi_reader
from odahu_pack_core.artifact.reading import open_artifact
from odahu_pack_core.errors import PlanError
from odahu_pack_core.plan.artifact import ModelArtifact
from odahu_pack_core.plan.base import BaseImage
from odahu_pack_core.plan.build_plan import BuildPlan
from odahu_pack_core.plan.dockerfile import parse_dockerfile
from odahu_pack_core.plan.gppi_image import GppiArguments, code_files, gppi_image
from odahu_pack_core.plan.instruction import AddLayer, Env, From, Label, User
from odahu_pack_core.plan.job import PackagingJob
from odahu_pack_core.plan.reference import ImageReference
from odahu_pack_core.plugins.records import PackagerRecord
from odahu_pack_core.spec.packaging import ModelPackaging
from tests.core.artifact.archives import MANIFEST, MODEL, Entry, tar

RECORD = PackagerRecord("docker-test", "Tests.", GppiArguments, object)
REQUEST = ModelPackaging.model_validate({"id": "x", "spec": {"integrationName": "docker-test"}})
NASTY = "x\\ \"y\" 'z' $a ${b} `c` #d | sh"


def job_of(artifact):
    return PackagingJob(REQUEST, RECORD.name, GppiArguments(), {}, artifact, "u")


@pytest.fixture
def artifact(tmp_path):
    """Open a model whose manifest is the documented one after some replacements."""

    def make(**replaced):
        text = MANIFEST
        for old, new in replaced.items():
            text = text.replace(f"{old}: ", f"{old}: {new} #", 1)
        path = tmp_path / "model.tar"
        more = (Entry("entrypoint.py"),)
        path.write_bytes(tar((Entry("odahuflow.project.yaml", text.encode()), *MODEL[1:], *more)))
        with open_artifact(path, [gppi_reader()]) as opened:
            return gppi_image(job_of(opened), "docker-test", None)

    return make


@pytest.mark.parametrize("name", ["wine", NASTY, "酒", "x" * 255])
def test_a_name_is_data_in_labels_settings_and_files(artifact, name):
    image = artifact(name=json.dumps(name, ensure_ascii=False))
    assert Label("org.opencontainers.image.title", name) in image.model_block().instructions
    assert Env("ODAHU_MODEL_NAME", name) in image.model_block().instructions
    (model_json,) = [file for file in image.model.files if file.path == "/opt/odahu/model.json"]
    assert json.loads(model_json.content) == {
        "name": name,
        "version": "1.10",
        "workDir": "mlflow",
        "entrypoint": "entrypoint",
    }
    blocks = (*image.first_blocks(), image.model_block())
    plan = BuildPlan("t", ImageReference.parse("x"), image.base, blocks, (image.environment, image.model))
    assert parse_dockerfile(plan.dockerfile()) == plan.instructions


def test_the_model_comes_after_the_base_and_its_environment(artifact):
    image = artifact()
    first = [block.instructions for block in image.first_blocks()]
    assert first == [(From("python:3.6"),), (AddLayer("environment"),)]
    assert AddLayer("model") in image.model_block().instructions
    assert User("65532:0") in image.settings
    assert image.base == BaseImage(
        ImageReference.parse("python:3.6"), "3.6", python_pin=image.base.python_pin
    )
    assert "base image" in {decision.subject for decision in image.decisions}


@pytest.mark.parametrize(
    ("work_dir", "location"), [("mlflow", "/mlflow"), (".", ""), ("./mlflow/", "/mlflow")]
)
def test_the_models_folder_is_a_plain_path(artifact, work_dir, location):
    image = artifact(workDir=work_dir)
    assert Env("MODEL_LOCATION", f"/opt/odahu/artifact{location}") in image.model_block().instructions


def test_a_program_and_a_link_of_the_artifact_stay_so(artifact):
    files = {file.path: file for file in artifact().model.files}
    assert files["/opt/odahu/artifact/mlflow/run.sh"].mode == 0o755
    assert files["/opt/odahu/artifact/mlflow/latest"].target == "run.sh"


def test_another_kind_of_artifact(tmp_path):
    with pytest.raises(PlanError, match="docker-test packages GPPI models, not triton ones"):
        gppi_image(job_of(ModelArtifact("triton", tmp_path, (), "n", "1")), "docker-test", None)


def test_the_code_of_a_package_as_files_of_an_image():
    files = list(code_files("odahu_pack_core.gppi_runtime", "", "/opt/x"))
    assert "/opt/x/__init__.py" in [file.path for file in files]
    assert [file.path for file in files] == sorted(file.path for file in files)
    assert not any("__pycache__" in file.path for file in files)
    inner = list(code_files("odahu_pack_core", "gppi_runtime", "/opt/x"))
    assert inner == files
