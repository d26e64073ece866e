"""Commands that plugins add."""

import sys

HELLO = """\
import click
from odahu_pack_core import hookimpl

@hookimpl
def odahu_pack_register_commands(cli):
    cli.add_command(click.Command("hello", callback=lambda: click.echo("hello"), help="Says hello."))
"""
SERVER = """\
import click
from odahu_pack_core import hookimpl

@hookimpl
def odahu_pack_register_commands(cli):
    pack = click.Group("pack", help="Packagings of the server.")
    pack.add_command(click.Command("get", callback=lambda: click.echo("got")))
    cli.add_command(pack)
    cli.commands["pi"].add_command(click.Command("create", callback=lambda: click.echo("created")))
"""
THIEF = """\
import click
from odahu_pack_core import hookimpl

@hookimpl
def odahu_pack_register_commands(cli):
    cli.add_command(click.Command("local", callback=lambda: click.echo("stolen")))
"""
SILENT = """\
import odahu_pack_core

@odahu_pack_core.hookimpl
def odahu_pack_observe(event):
    pass
"""
CLASS = """\
import click
from odahu_pack_core import hookimpl

class Plugin:
    @hookimpl
    def odahu_pack_register_commands(self, cli):
        cli.add_command(click.Command("from-a-class", callback=lambda: click.echo("here")))

plugin = Plugin()
"""


def test_a_plugin_adds_a_command(odahuflowctl, install):
    install("hello-plugin", HELLO)
    assert odahuflowctl("hello").out == "hello\n"
    assert "\n  hello " in odahuflowctl("--help").out


def test_a_plugin_that_is_an_object_of_its_module_adds_one_too(odahuflowctl, install):
    install("class-plugin", CLASS, target="class_plugin:plugin")
    assert odahuflowctl("from-a-class").out == "here\n"


def test_a_plugin_takes_the_place_of_what_stands_in_for_it(odahuflowctl, install):
    install("server-plugin", SERVER)
    assert odahuflowctl("pack", "get").out == "got\n"
    assert odahuflowctl("pi", "create").out == "created\n"
    assert "\n  pack " in odahuflowctl("--help").out.partition("Commands of plugins not installed")[0]


def test_what_a_plugin_leaves_out_still_says_what_to_install(odahuflowctl, install):
    install("server-plugin", SERVER)
    assert odahuflowctl("login").code == 11
    assert odahuflowctl("pi", "delete").code == 11


def test_a_plugin_cannot_take_one_of_our_names(odahuflowctl, install):
    install("thief-plugin", THIEF)
    finished = odahuflowctl("--help")
    assert finished.code == 0
    assert (
        "warning: thief-plugin 1.0 is broken: PluginError: there is already a command 'local'" in finished.err
    )
    assert "stolen" not in odahuflowctl("local", "--help").out


def test_a_broken_plugin_with_commands_stops_nobody(odahuflowctl, install):
    install("broken-plugin", "import a_module_that_is_not_there\n# odahu_pack_register_commands\n")
    install("hello-plugin", HELLO)
    finished = odahuflowctl("hello")
    assert (finished.code, finished.out) == (0, "hello\n")
    assert "broken-plugin 1.0 is broken: ModuleNotFoundError" in finished.err


def test_a_plugin_without_commands_is_not_imported(odahuflowctl, install):
    install("silent-plugin", SILENT)
    assert odahuflowctl("--help").code == 0
    assert "silent_plugin" not in sys.modules


def test_a_plugin_whose_module_is_gone_does_not_disturb_the_help(odahuflowctl, install):
    install("gone-plugin", "", target="gone_plugin.inner.plugin")
    finished = odahuflowctl("--help")
    assert (finished.code, finished.err) == (0, "")
