"""The pages of the rules: current, complete, and with examples that are what they say."""

import re
from pathlib import Path

import pytest

from odahu_pack_core import UsageError
from odahu_pack_core.cli.reference import plugin_reference
from odahu_pack_triton.config import read_config
from odahu_pack_triton.config.structure import structure_faults
from odahu_pack_triton.config.tokens import tokens_of
from odahu_pack_triton.config.walk import walk
from odahu_pack_triton.lint import RULES
from odahu_pack_triton.lint.pages import page, pages, write

FOLDER = Path(__file__).parents[3] / "docs" / "triton" / "rules"
EXAMPLE = re.compile(r"^```proto\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def test_the_pages_are_not_stale():
    there = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.iterdir()}
    assert there == pages(), "run: python -m odahu_pack_triton.lint.pages docs/triton/rules"


def test_a_rule_that_is_no_more_loses_its_page(tmp_path):
    (tmp_path / "TR999.md").write_text("old")
    write(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"README.md", *(f"{code}.md" for code in RULES)}


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.code)
def test_a_page_begins_with_one_sentence_and_says_more(rule):
    head, severity, *rest = page(rule).split("\n\n")
    assert head == f"# {rule.code}: {rule.name}"
    assert severity.partition(" ")[2] == rule.summary
    assert rule.summary.endswith(".")
    assert "\n" not in rule.summary
    assert rest


def is_readable(text):
    """Tell whether a text is a configuration, or a part of one."""
    tokens = [token for token in tokens_of(text.replace("…", "")) if token.kind != "comment"]
    return not any(structure_faults(tokens)) and any(not walk(tokens, part).faults for part in PARTS)


def parts(schema):
    """Return a message and all that it is made of."""
    inner = {field.message_type for field in schema.fields} - {None}
    return {schema}.union(*map(parts, inner))


PARTS = parts(read_config("").message.DESCRIPTOR)


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.code)
def test_the_examples_of_a_page_can_be_read(rule):
    examples = EXAMPLE.findall(page(rule))
    assert [example for example in examples if not is_readable(example)] == [] or rule.reads_text


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.code)
def test_the_links_of_a_page_lead_somewhere(rule):
    for target in re.findall(r"\]\((?!https?://)([^)#]+)", page(rule)):
        assert target in pages()
    for label in re.findall(r"\]\[([^\]]+)\]", page(rule)):
        assert f"\n[{label}]: https://" in page(rule)


def test_names_and_codes_are_told_apart():
    assert len({rule.name for rule in RULES.values()}) == len(RULES)
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", rule.name) for rule in RULES.values())


def test_the_page_of_the_commands_is_not_stale():
    there = (FOLDER.parent / "commands.md").read_text(encoding="utf-8")
    assert there == plugin_reference("triton"), (
        "run: python -m odahu_pack_core.cli.reference triton > docs/triton/commands.md"
    )


def test_a_command_that_no_plugin_adds_has_no_page():
    with pytest.raises(UsageError, match="there is no command 'trident'"):
        plugin_reference("trident")
