"""docs/commands.md is what the commands say of themselves."""

from pathlib import Path

import pytest

from odahu_pack_core.cli.reference import reference

PAGE = Path(__file__).parents[3] / "docs" / "commands.md"


def test_the_page_is_not_stale():
    assert PAGE.read_text(encoding="utf-8") == reference(), (
        "run: python -m odahu_pack_core.cli.reference > docs/commands.md"
    )


def test_examples_keep_their_indentation():
    example = "```\nspec:\n  arguments:\n    dockerfileBaseImage: packaging-model-cache:1.0.0\n```"
    assert example in reference()


@pytest.mark.usefixtures("paper")
def test_the_page_does_not_depend_on_what_is_installed(install):
    install(
        "hello-plugin",
        "import click, odahu_pack_core\n@odahu_pack_core.hookimpl\ndef odahu_pack_register_commands(cli):\n"
        "    cli.add_command(click.Command('hello'))\n",
    )
    assert PAGE.read_text(encoding="utf-8") == reference()
