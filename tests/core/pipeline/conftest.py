"""Requests to a third party's packager, with the connections and the artifact they need."""

from importlib.metadata import EntryPoint

import pytest

from odahu_pack_core.errors import OdahuPackError
from odahu_pack_core.pipeline.arguments import bind_arguments
from odahu_pack_core.pipeline.integration import find_offer
from odahu_pack_core.pipeline.targets import bind_targets
from odahu_pack_core.plugins.catalog import PluginCatalog
from odahu_pack_core.spec.document import parse_documents
from odahu_pack_core.spec.integration import PackagingIntegration
from odahu_pack_core.spec.packaging import ModelPackaging
from odahu_pack_core.spec.validation import validate_document

CORE = EntryPoint("core", "odahu_pack_core.builtin", "odahu_pack")
GREETER = EntryPoint("greeter", "tests.core.pipeline.greeter", "odahu_pack")


def read(text, model, file):
    (document,) = parse_documents(text, file)
    return validate_document(document, model).written_in(document.origin)


def packaging(spec="", *, integration="greeter"):
    text = f"kind: ModelPackaging\nid: p\nspec:\n  integrationName: {integration}\n{spec}"
    return read(text, ModelPackaging, "p.yaml")


def integration(schema="", *, name="greeter", spec="packager: greeter"):
    text = f"kind: PackagingIntegration\nid: {name}\nspec:\n  {spec}\n  schema:\n{schema}"
    return read(text, PackagingIntegration, "i.yaml")


@pytest.fixture(scope="session")
def catalog():
    return PluginCatalog.load([CORE, GREETER])


@pytest.fixture
def refusal():
    """Return the error with which something is refused."""

    def ask(action, *arguments, **more):
        with pytest.raises(OdahuPackError) as caught:
            action(*arguments, **more)
        return caught.value

    return ask


@pytest.fixture
def arguments(catalog):
    """Bind the arguments of a packaging, through an integration if there is one."""

    def bind(spec="", *integrations):
        request = packaging(spec)
        return bind_arguments(request, find_offer(request, integrations, catalog))

    return bind


@pytest.fixture
def targets(catalog):
    """Bind the targets of a packaging, through an integration if there is one."""

    def bind(spec, connections, *integrations, **more):
        request = packaging(spec)
        return bind_targets(request, find_offer(request, integrations, catalog), connections, catalog, **more)

    return bind
