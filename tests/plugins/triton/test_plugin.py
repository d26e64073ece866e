"""What the distribution offers to the catalog, to the pipeline and to its README."""

import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from odahu_pack_core import ArtifactError, Connection, PluginCatalog, load_entities, plan_model
from odahu_pack_triton.arguments import TritonArguments

GPPI = {
    "odahuflow.project.yaml": (
        "binaries: {type: python, dependencies: conda, conda_path: conda.yaml}\n"
        "model: {name: wine, version: 1.10, workDir: m, entrypoint: entrypoint}\n"
    ),
    "conda.yaml": "dependencies: [python=3.6]\n",
    "m/entrypoint.py": "def init():\n    return 'matrix'\n",
}


@pytest.fixture
def request_of(example):
    """The example's packaging and connection, as keyword arguments of `plan_model`."""
    (packaging,) = load_entities(example / "packaging.yaml")
    connections = tuple(e for e in load_entities(example / "connection.yaml") if isinstance(e, Connection))
    return {"packaging": packaging, "connections": connections}


def test_the_catalog_finds_packager_and_reader():
    own = [entry for entry in entry_points(group="odahu_pack") if entry.name == "docker-triton"]
    catalog = PluginCatalog.load(own)
    assert not catalog.broken
    record = catalog.packager("docker-triton")
    assert [(rule.name, rule.connection_types, rule.required) for rule in record.targets] == [
        ("docker-push", ("docker", "ecr"), True),
        ("docker-pull", ("docker", "ecr"), False),
    ]
    assert list(catalog.artifact_readers) == ["triton"]


def test_the_arguments_have_a_schema_with_defaults_and_words():
    schema = TritonArguments.model_json_schema()
    assert schema["additionalProperties"] is False
    assert {name: p["default"] for name, p in schema["properties"].items()} == {
        "imageName": "{{ Name }}-{{ Version }}:{{ RandomUUID }}",
        "triton_base_image_tag": "20.11-py3",
        "maxBatchSize": 1024,
    }
    assert all(p["description"] for p in schema["properties"].values())


def test_the_readme_lists_every_argument_as_it_is():
    readme = (Path(__file__).parents[3] / "plugins" / "triton" / "README.md").read_text()
    for name, keywords in TritonArguments.model_json_schema()["properties"].items():
        row = f"| `{name}` | {keywords['type']} | `{keywords['default']}` | {keywords['description']} |"
        assert row in readme


def test_the_example_is_planned_through_the_public_api(example, request_of):
    plan = plan_model(**request_of, artifact=example / "model")
    assert plan.packager == "docker-triton"
    assert str(plan.base.reference) == "nvcr.io/nvidia/tritonserver:20.11-py3"


def test_the_example_is_planned_from_the_archive_that_its_readme_makes(example, request_of, tmp_path):
    archive = tmp_path / "model-123456789.tar"
    subprocess.run(["tar", "-cf", archive, "-C", example / "model", "."], check=True)
    from_archive, from_folder = (
        plan_model(**request_of, artifact=artifact, random_uuid="0")
        for artifact in (archive, example / "model")
    )
    assert from_archive == from_folder


def test_a_gppi_artifact_is_recognised_and_planned(write_artifact, request_of):
    plan = plan_model(**request_of, artifact=write_artifact(GPPI))
    assert any(file.path == "/models/wine/1/model.py" for file in plan.layers[-1].files)


def test_an_artifact_of_nobody_is_refused(write_artifact, request_of):
    with pytest.raises(ArtifactError, match="not a model artifact of kind triton or gppi"):
        plan_model(**request_of, artifact=write_artifact({"weights.bin": ""}))


def test_importing_the_plugin_imports_nothing_slow():
    code = (
        "import sys, odahu_pack_triton.plugin; "
        "print([m for m in ('google.protobuf', 'grpc', 'tritonclient', 'numpy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
