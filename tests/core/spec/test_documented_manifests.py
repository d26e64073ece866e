"""The manifests of the documentation, word for word, as YAML and as JSON."""

import json
from pathlib import Path

import pytest
import yaml

from odahu_pack_core.spec.loading import load_entities
from odahu_pack_core.spec.packaging import ModelPackaging

FOLDER = Path(__file__).parent / "documented"
FILES = sorted(FOLDER.glob("*.yaml"))


def test_there_are_manifests_of_each_packager():
    assert {load_entities(file)[0].spec.integration_name for file in FILES} == {
        "docker-rest",
        "docker-cli",
        "docker-triton",
    }


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_documented_manifest_loads_as_yaml_and_as_json(file, tmp_path):
    (from_yaml,) = load_entities(file)
    as_json = tmp_path / "packaging.json"
    as_json.write_text(json.dumps(yaml.safe_load(file.read_text(encoding="utf-8")), indent="\t"))
    (from_json,) = load_entities(as_json)
    assert isinstance(from_yaml, ModelPackaging)
    assert from_json.model_dump() == from_yaml.model_dump()


def test_every_documented_field_is_kept():
    (packaging,) = load_entities(FOLDER / "every-field.yaml")
    spec = packaging.spec
    assert packaging.id == "id-12345"
    assert spec.artifact_name == "wine-model-123456789.zip"
    assert (spec.resources.limits.cpu, spec.resources.requests.memory) == ("1", "1Gi")
    assert (spec.arguments, spec.targets) == ({}, ())
    assert (spec.output_connection, spec.node_selector) == ("custom-connection", {"label": "value"})
    assert [(r.name, r.value) for r in packaging.status.results] == [("some_param", "some_value")]


def test_a_documented_manifest_keeps_targets_and_arguments():
    (packaging,) = load_entities(FOLDER / "rest-arguments.yaml")
    (target,) = packaging.spec.targets
    assert (target.name, target.connection_name) == ("docker-push", "test-docker-registry")
    assert packaging.spec.arguments == {"imageName": "wine-test:prefix-{{ RandomUUID }}", "workers": 4}


def test_without_a_kind_it_is_a_packaging():
    (packaging,) = load_entities(FOLDER / "triton-arguments.yaml")
    assert packaging.kind == "ModelPackaging"


def test_a_folder_holds_them_all_but_not_two_of_one_id(tmp_path):
    for file in FILES:
        if file.stem.endswith("-minimal"):
            (tmp_path / file.name).write_bytes(file.read_bytes())
    assert [entity.id for entity in load_entities(tmp_path)] == [
        "docker-cli-packager-example",
        "docker-rest-packager-example",
    ]
