"""The catalog of what is installed: broken, duplicate and misspelt plugins, and hooks that are called."""

import json
import logging
import os
import subprocess
import sys
from importlib.metadata import EntryPoint

import click
import pytest

from odahu_pack_core.errors import PlanError, PluginError
from odahu_pack_core.events import Notice
from odahu_pack_core.plan.base import BaseImage
from odahu_pack_core.plan.build_plan import Block, BuildPlan
from odahu_pack_core.plan.instruction import From
from odahu_pack_core.plan.reference import ImageReference
from odahu_pack_core.plugins.catalog import PluginCatalog
from tests.core.plugins.installed import HEAD, PACKAGER, install

PLAN = BuildPlan(
    "test",
    ImageReference.parse("x:1"),
    BaseImage(ImageReference.parse("scratch")),
    (Block("base", (From("scratch"),)),),
    (),
)
ASK = """
import json
from odahu_pack_core import PluginCatalog
catalog = PluginCatalog.load()
broken = [(plugin.name, plugin.distribution) for plugin in catalog.broken]
print(json.dumps([[*catalog.packagers, *catalog.engines], broken]))
"""


def labelling(text, *, options="", returned=True):
    value = f"plan.with_block(Block('by_{text}', (Label('by.{text}', '1'),)))" if returned else "None"
    return f"@hookimpl{options}\ndef odahu_pack_amend_plan(plan, job):\n    return {value}\n"


def test_what_is_installed_is_found_without_being_told(tmp_path):
    install(tmp_path, "acme-packager", HEAD + PACKAGER.format(name="acme"))
    install(tmp_path, "acme-broken", "import nothing_of_that_name\n")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    run = subprocess.run(
        [sys.executable, "-c", ASK], capture_output=True, text=True, env=environment, timeout=60, check=True
    )
    offered, broken = json.loads(run.stdout)
    assert {"acme", "docker"} <= set(offered)
    assert ["acme-broken", "acme-broken 1.0"] in broken


def test_a_record_knows_its_distribution(distribution, load):
    distribution("acme", PACKAGER.format(name="hello"), version="2.1")
    catalog = load()
    assert catalog.packagers["hello"].distribution == "acme 2.1"
    assert catalog.packager("hello").summary == "A packager."
    assert catalog.broken == ()


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("import nothing_of_that_name", "ModuleNotFoundError: No module named 'nothing_of_that_name'"),
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("def (", "SyntaxError: "),
        (
            "def odahu_pack_packagers():\n    return []",
            "TypeError: implements no hook; is each of its hooks marked",
        ),
        ("@hookimpl\ndef odahu_pack_packagers():\n    1 / 0", "ZeroDivisionError: division by zero"),
        ("@hookimpl\ndef odahu_pack_packagers():\n    raise SystemExit(3)", "SystemExit: 3"),
        ("@hookimpl\ndef odahu_pack_packagers():\n    pass", "TypeError: 'NoneType' object is not iterable"),
        (
            "@hookimpl\ndef odahu_pack_packagers():\n    return ['x']",
            "TypeError: offers str where PackagerRecord belongs",
        ),
        (
            "@hookimpl\ndef odahu_pack_packagers():\n    return [ConnectionTypeRecord('x', 'y')]",
            "TypeError: offers ConnectionTypeRecord where PackagerRecord belongs",
        ),
        (
            "@hookimpl\ndef odahu_pack_packagers():\n    return [PackagerRecord('', 'y', BaseModel, object)]",
            "TypeError: '' is not a name",
        ),
        (
            "@hookimpl\ndef odahu_pack_packagers():\n    return [PackagerRecord('x', 'y', dict, object)]",
            "TypeError: the arguments of 'x' are no pydantic model",
        ),
        ("@hookimpl\ndef odahu_pack_packagers(plan):\n    return []", "PluginValidationError: "),
        ("@hookimpl(wrapper=True)\ndef odahu_pack_packagers():\n    yield", "TypeError: wraps a hook"),
    ],
)
def test_a_broken_plugin_is_listed_with_its_reason_and_stops_nobody(distribution, load, code, reason):
    distribution("bad-one", code + "\n")
    distribution("good-one", PACKAGER.format(name="good"))
    catalog = load()
    assert list(catalog.packagers) == ["good"]
    ((name, owner, said),) = [(b.name, b.distribution, b.reason) for b in catalog.broken]
    assert (name, owner) == ("bad-one", "bad-one 1.0")
    assert said.startswith(reason)


def test_a_plugin_that_is_broken_in_one_hook_has_none(distribution, load):
    code = PACKAGER.format(name="half") + "\n@hookimpl\ndef odahu_pack_observe(event, more):\n    pass\n"
    distribution("half", code)
    catalog = load()
    assert not catalog.packagers
    assert len(catalog.broken) == 1


def test_an_entry_point_that_leads_nowhere_is_broken():
    catalog = PluginCatalog.load([EntryPoint("ghost", "no_such_module:thing", "odahu_pack")])
    assert [(b.name, b.distribution) for b in catalog.broken] == [("ghost", "no_such_module")]


def test_a_broken_plugin_is_quoted_when_a_name_is_missing(distribution, load):
    distribution("bad-one", "import nothing_of_that_name\n")
    distribution("good-one", PACKAGER.format(name="docker-rest"))
    with pytest.raises(PluginError) as caught:
        load().packager("docker-rset")
    assert caught.value.message == "unknown packager 'docker-rset'; did you mean 'docker-rest'?"
    assert caught.value.hint.startswith("bad-one 1.0 is broken: ModuleNotFoundError: ")


@pytest.mark.parametrize("what", ["engine", "connection_type"])
def test_a_name_that_nobody_offers(load, what):
    with pytest.raises(PluginError, match=f"unknown {what.replace('_', ' ')} 'x'$"):
        getattr(load(), what)("x")


def test_one_name_in_two_distributions_names_both(distribution, load):
    distribution("one", PACKAGER.format(name="same"), version="1.1")
    distribution("two", PACKAGER.format(name="same"), version="2.2")
    with pytest.raises(PluginError) as caught:
        load()
    assert caught.value.message == "one 1.1 and two 2.2 both offer packagers named 'same'"
    assert caught.value.code == "duplicate-plugin"


def test_a_misspelt_hook_fails_loudly(distribution, load):
    distribution("acme", "@hookimpl\ndef odahu_pack_packager():\n    return []\n")
    with pytest.raises(PluginError) as caught:
        load()
    assert caught.value.message == (
        "acme 1.0 implements the hook 'odahu_pack_packager', which does not exist; "
        "did you mean 'odahu_pack_packagers'?"
    )


def test_a_broken_plugin_with_a_misspelt_hook_is_just_broken(distribution, load):
    misspelt = "@hookimpl\ndef odahu_pack_packager():\n    pass\n"
    distribution("acme", f"{misspelt}@hookimpl\ndef odahu_pack_observe(nothing):\n    pass\n")
    assert [b.name for b in load().broken] == ["acme"]


def labels(plan):
    return [instruction.name for instruction in plan.instructions[1:]]


def test_plans_are_amended_in_the_order_of_the_distributions_names(distribution, load):
    for name in ("cc", "aa", "bb"):
        distribution(name, labelling(name))
    distribution("b0", labelling("b0", returned=False))
    assert labels(load().amend(PLAN, None)) == ["by.aa", "by.bb", "by.cc"]


def test_a_plugin_may_ask_to_be_first_or_last(distribution, load):
    distribution("aa", labelling("aa", options="(trylast=True)"))
    distribution("bb", labelling("bb"))
    distribution("cc", labelling("cc", options="(tryfirst=True)"))
    assert labels(load().amend(PLAN, None)) == ["by.cc", "by.bb", "by.aa"]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("1 / 0", "acme 1.0 failed to amend the plan: ZeroDivisionError: division by zero"),
        ("return 'plan'", "acme 1.0 amended the plan to str, no BuildPlan"),
        ("return False", "acme 1.0 amended the plan to bool, no BuildPlan"),
    ],
)
def test_a_plugin_that_amends_wrongly_is_named(distribution, load, body, told):
    distribution("acme", f"@hookimpl\ndef odahu_pack_amend_plan(plan, job):\n    {body}\n")
    with pytest.raises(PluginError) as caught:
        load().amend(PLAN, None)
    assert (caught.value.message, caught.value.code) == (told, "plugin-failed")


def test_a_policy_refuses_a_plan_in_its_own_words(distribution, load):
    distribution(
        "acme", "@hookimpl\ndef odahu_pack_amend_plan(job):\n    raise PlanError('not from Docker Hub')\n"
    )
    with pytest.raises(PlanError, match="not from Docker Hub"):
        load().amend(PLAN, None)


def test_an_observer_never_fails_a_run(distribution, load, caplog):
    distribution("aa", "@hookimpl\ndef odahu_pack_observe(event):\n    raise SystemExit(1)\n")
    distribution("bb", "seen = []\n@hookimpl\ndef odahu_pack_observe(event):\n    seen.append(event)\n")
    catalog = load()
    with caplog.at_level(logging.DEBUG, logger="odahu_pack_core"):
        catalog.observe(Notice("hello"))
    assert sys.modules["bb"].seen == [Notice("hello")]
    assert "aa 1.0 failed to observe notice" in caplog.text


def test_plugins_add_commands_and_a_failing_one_is_listed(distribution, load):
    hook = "import click\n@hookimpl\ndef odahu_pack_register_commands(cli):\n"
    distribution("aa", f"{hook}    1 / 0\n")
    distribution("bb", f"{hook}    cli.add_command(click.Command('hello'))\n")
    catalog, root = load(), click.Group()
    catalog.register_commands(root)
    assert list(root.commands) == ["hello"]
    assert [(b.name, b.distribution) for b in catalog.broken] == [("aa", "aa 1.0")]


def test_two_catalogs_share_nothing(distribution, load):
    distribution("acme", PACKAGER.format(name="hello"))
    first, second = load(), load()
    first.register_commands(click.Group())
    assert first.packagers is not second.packagers
    assert first.packager("hello") is not second.packager("hello")
