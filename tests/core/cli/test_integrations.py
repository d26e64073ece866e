"""``pi get``: packagers as PackagingIntegration entities."""

import json

import pytest
import yaml

pytestmark = pytest.mark.usefixtures("paper")


def test_json_is_a_list(odahuflowctl):
    (integration,) = json.loads(odahuflowctl("pi", "get", "--id", "paper", "-o", "json").out)
    assert list(integration)[:2] == ["kind", "id"]
    assert integration["kind"] == "PackagingIntegration"
    assert [target["name"] for target in integration["spec"]["schema"]["targets"]] == [
        "docker-push",
        "docker-pull",
    ]
    names = [found["name"] for found in integration["spec"]["schema"]["arguments"]["properties"]]
    assert names == ["imageName", "greeting"]


def test_yaml_is_what_the_product_itself_loads(odahuflowctl, tmp_path):
    written = tmp_path / "integrations.yaml"
    written.write_text(odahuflowctl("pi", "get").out, encoding="utf-8")
    kinds = {document["kind"] for document in yaml.safe_load_all(written.read_text(encoding="utf-8"))}
    assert kinds == {"PackagingIntegration"}
    finished = odahuflowctl("local", "pack", "validate", "-f", written)
    assert (finished.code, finished.err) == (0, "")
    assert "PackagingIntegration paper: valid" in finished.out


def test_table(odahuflowctl):
    heading, row = odahuflowctl("pi", "get", "--id", "paper", "-o", "table").out.splitlines()
    assert heading.split() == ["ID", "TARGETS", "ARGUMENTS"]
    assert row == "paper  docker-push, docker-pull  imageName, greeting"


def test_an_unknown_packager_is_a_plugin_error_with_a_near_match(odahuflowctl):
    finished = odahuflowctl("pi", "get", "--id", "papr")
    assert (finished.code, finished.out) == (11, "")
    assert finished.err.startswith("Error: unknown packager 'papr'; did you mean 'paper'?")
