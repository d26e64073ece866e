"""Every hook has an example that runs, and that the catalog takes as a plugin's."""

import doctest
import inspect
import types
from importlib.metadata import EntryPoint

import click
import pytest

from odahu_pack_core.events import Notice
from odahu_pack_core.plan.artifact import ArtifactEntry
from odahu_pack_core.plan.instruction import Label
from odahu_pack_core.plugins import hookspecs
from odahu_pack_core.plugins.catalog import PluginCatalog
from tests.core.plugins.test_catalog import PLAN

HOOKS = {name: hook for name, hook in vars(hookspecs).items() if name.startswith("odahu_pack_")}


def test_there_is_a_hook_of_each_kind():
    assert sorted(name.removeprefix("odahu_pack_") for name in HOOKS) == [
        "amend_plan",
        "artifact_readers",
        "connection_types",
        "engines",
        "observe",
        "packagers",
        "register_commands",
    ]


@pytest.mark.parametrize("name", HOOKS)
def test_a_hook_documents_its_arguments_and_what_it_returns(name):
    text = inspect.getdoc(HOOKS[name])
    signature = inspect.signature(HOOKS[name])
    for argument in signature.parameters:
        assert f"\n    {argument}: " in text
    assert ("\nReturns:" in text) == (signature.return_annotation != "None")


@pytest.mark.parametrize("name", HOOKS)
def test_a_specification_is_never_called(name):
    with pytest.raises(AssertionError):
        HOOKS[name](*[None] * len(inspect.signature(HOOKS[name]).parameters))


def example_of(name, monkeypatch):
    """Run a hook's example and return the catalog with its namespace as the only plugin."""
    test = doctest.DocTestParser().get_doctest(HOOKS[name].__doc__, {}, name, None, None)
    assert test.examples, f"{name} has no example"
    plugin = types.ModuleType("example")
    test.globs = vars(plugin)
    result = doctest.DocTestRunner().run(test, clear_globs=False)
    assert result.failed == 0
    monkeypatch.setitem(__import__("sys").modules, "example", plugin)
    catalog = PluginCatalog.load([EntryPoint("example", "example", "odahu_pack")])
    assert catalog.broken == ()
    return catalog, plugin


@pytest.mark.parametrize(
    ("hook", "offered"),
    [
        ("odahu_pack_packagers", "packagers"),
        ("odahu_pack_engines", "engines"),
        ("odahu_pack_artifact_readers", "artifact_readers"),
        ("odahu_pack_connection_types", "connection_types"),
    ],
)
def test_the_example_of_a_hook_that_offers_records(monkeypatch, hook, offered):
    catalog, _ = example_of(hook, monkeypatch)
    ((name, provided),) = getattr(catalog, offered).items()
    assert provided.record.name == name
    assert provided.record.summary.endswith(".")


def test_the_example_of_a_packager_and_of_an_engine_can_be_made(monkeypatch):
    packagers, _ = example_of("odahu_pack_packagers", monkeypatch)
    record = packagers.packager("hello")
    assert record.create().plan(None) is None
    assert record.arguments().greeting == "hello"
    engines, _ = example_of("odahu_pack_engines", monkeypatch)
    assert engines.engine("mine").create({}).execute(None, None) is None


def test_the_example_of_an_artifact_reader(monkeypatch, tmp_path):
    catalog, _ = example_of("odahu_pack_artifact_readers", monkeypatch)
    read = catalog.artifact_readers["pmml"].record.read
    assert read(tmp_path, (ArtifactEntry("model.pmml"),)).kind == "pmml"
    assert read(tmp_path, ()) is None


def test_the_example_of_amending(monkeypatch):
    catalog, _ = example_of("odahu_pack_amend_plan", monkeypatch)
    assert catalog.amend(PLAN, None).instructions[-1] == Label("com.acme.team", "risk")


def test_the_example_of_observing(monkeypatch):
    catalog, plugin = example_of("odahu_pack_observe", monkeypatch)
    catalog.observe(Notice("hello"))
    assert plugin.seen == [{"type": "notice", "message": "hello", "severity": "note"}]


def test_the_example_of_a_command(monkeypatch):
    catalog, _ = example_of("odahu_pack_register_commands", monkeypatch)
    root = click.Group()
    catalog.register_commands(root)
    assert list(root.commands) == ["hello"]
