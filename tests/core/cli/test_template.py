"""``template``: manifests to start from."""

import pytest
import yaml

from odahu_pack_core import Connection, ModelPackaging, PluginCatalog, load_entities
from odahu_pack_core.cli.commands.template import TEMPLATES
from odahu_pack_core.pipeline.arguments import bind_arguments
from odahu_pack_core.pipeline.integration import find_offer

PACKAGINGS = ["docker-rest", "docker-cli", "docker-triton"]
CONNECTIONS = ["docker-connection", "ecr-connection"]


def test_all_templates_are_named(odahuflowctl):
    lines = odahuflowctl("template", "all").out.splitlines()
    assert [line.split()[0] for line in lines[1:]] == [*PACKAGINGS, *CONNECTIONS] == list(TEMPLATES)


@pytest.mark.parametrize("name", PACKAGINGS)
def test_a_packaging_is_loaded_and_its_arguments_are_the_defaults(odahuflowctl, tmp_path, name):
    file = tmp_path / "pack.yaml"
    file.write_text(odahuflowctl("template", "generate", "--name", name).out, encoding="utf-8")
    (packaging,) = load_entities(file)
    assert isinstance(packaging, ModelPackaging)
    offer = find_offer(packaging, (), PluginCatalog.load())
    written = bind_arguments(packaging, offer)
    assert packaging.spec.arguments
    assert written == offer.record.arguments()


@pytest.mark.parametrize("name", CONNECTIONS)
def test_a_connection_has_no_problems(odahuflowctl, tmp_path, name):
    file = tmp_path / "connection.yaml"
    file.write_text(odahuflowctl("template", "generate", "--name", name).out, encoding="utf-8")
    (connection,) = load_entities(file)
    assert isinstance(connection, Connection)
    assert PluginCatalog.load().connection_type(connection.spec.type).problems(connection) == []


def test_packaging_and_connection_fit_together(odahuflowctl):
    connection = yaml.safe_load(odahuflowctl("template", "generate", "--name", "docker-connection").out)
    for name in PACKAGINGS:
        packaging = yaml.safe_load(odahuflowctl("template", "generate", "--name", name).out)
        assert packaging["spec"]["targets"] == [{"name": "docker-push", "connectionName": connection["id"]}]


def test_an_unknown_template_is_a_usage_error(odahuflowctl):
    finished = odahuflowctl("template", "generate", "--name", "docker-rset")
    assert finished.code == 2
    assert "docker-rest" in finished.err
