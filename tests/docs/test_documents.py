"""The documents say what the product does: tables, manifests, links, code, and what commands print."""

import pytest

from odahu_pack_core import PluginCatalog, load_entities
from odahu_pack_core.plugins import hookspecs
from tests.docs.reading import README, REPOSITORY, blocks, links
from tests.docs.tables import DOCUMENTS, written_anew

LINKED = (
    *DOCUMENTS,
    REPOSITORY / "CONTRIBUTING.md",
    REPOSITORY / "docs" / "triton" / "README.md",
    REPOSITORY / "examples" / "wine" / "README.md",
)


def named(path):
    return str(path.relative_to(REPOSITORY))


@pytest.mark.parametrize("document", DOCUMENTS, ids=named)
def test_tables_are_as_the_product_has_it(document):
    text = document.read_text()
    assert "<!-- table: " in text
    assert written_anew(text, PluginCatalog.load()) == text, "run: python -m tests.docs.tables"


@pytest.mark.parametrize("document", LINKED, ids=named)
def test_links_lead_somewhere(document):
    broken = [target for target in links(document) if not (document.parent / target).exists()]
    assert broken == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=named)
def test_manifests_are_loaded(document, tmp_path):
    for block in blocks(document, "yaml"):
        file = tmp_path / f"line-{block.line}.yaml"
        file.write_text(block.text)
        assert load_entities(file)


def test_the_plugin_document_shows_every_hook_at_work():
    text = (REPOSITORY / "docs" / "plugins.md").read_text() + README.read_text()
    hooks = [name for name in vars(hookspecs) if name.startswith("odahu_pack_")]
    missing = {name for name in hooks if f"@hookimpl\ndef {name}(" not in text}
    assert not missing


def test_the_tour_is_in_the_readme():
    assert blocks(README, "console")
    assert blocks(README, "bash")
    assert blocks(README, "python")
