"""The reference of all commands, written from the commands themselves.

Run ``python -m odahu_pack_core.cli.reference > docs/commands.md`` after a change. The commands of a plugin
have a page of their own: ``python -m odahu_pack_core.cli.reference triton``.
"""

from __future__ import annotations

import inspect
import sys
import textwrap
from collections.abc import Iterator

import click

from odahu_pack_core import errors
from odahu_pack_core.errors import OdahuPackError

from .console import BROKEN_PIPE, to_stdout
from .lazy import LazyGroup
from .parameters import FormatParameter
from .root import NAMES, command_tree

_HEAD = f"""# Commands

This page is written by `python -m odahu_pack_core.cli.reference`; a test fails when it is stale.

The command is installed as `{NAMES[0]}` and as `{NAMES[1]}`. Results go to standard output, everything else
to standard error. `--debug`, `--verbose` and `--quiet` may stand before or after the command's name.

## Exit codes

| code | error | meaning |
|---|---|---|
| 0 | | all went well |
"""
_PLUGIN_HEAD = """# Commands: {name}

This page is written by `python -m odahu_pack_core.cli.reference {name}`; a test fails when it is stale.

"""


def reference() -> str:
    """Return the reference of our own commands as Markdown."""
    root = command_tree(extend=None)
    codes = "\n".join(_exit_codes())
    return f"{_HEAD}{codes}\n\n{_sections((NAMES[0],), root)}\n"


def plugin_reference(name: str) -> str:
    """Return the reference of a command that a plugin adds as Markdown.

    Args:
        name: The command; its plugin must be installed.

    Raises:
        UsageError: There is no such command.
    """
    root = command_tree()
    command = root.get_command(click.Context(root), name)
    if command is None:
        raise errors.UsageError(f"there is no command {name!r}")
    return f"{_PLUGIN_HEAD.format(name=name)}{_sections((NAMES[0], name), command)}\n"


def _sections(words: tuple[str, ...], command: click.Command) -> str:
    commands = _commands(words, command)
    return "\n\n".join(section for called, each in commands for section in _section(called, each))


def _exit_codes() -> Iterator[str]:
    classes = [found for _, found in inspect.getmembers(errors, inspect.isclass)]
    families = [found for found in classes if issubclass(found, OdahuPackError)]
    for error in sorted(families, key=lambda error: error.exit_code):
        summary = (inspect.getdoc(error) or "").partition("\n")[0]
        if error is OdahuPackError:
            summary = "Something unexpected happened; --debug shows where."
        yield f"| {error.exit_code} | {error.__name__} | {summary} |"
    yield f"| {BROKEN_PIPE} | | Whoever read the output has gone, as in `… | head -1`. |"


def _commands(
    words: tuple[str, ...], command: click.Command
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Yield a command and all below it that are ours, each with the words that call it."""
    yield words, command
    if not isinstance(command, click.Group):
        return
    context = click.Context(command)
    absent = command.placeholders if isinstance(command, LazyGroup) else {}
    for name in command.list_commands(context):
        member = command.get_command(context, name)
        if member and name not in absent:
            yield from _commands((*words, name), member)


def _section(words: tuple[str, ...], command: click.Command) -> Iterator[str]:
    yield f"## {' '.join(words)}"
    yield _paragraphs(command.help)
    usage = [
        "[OPTIONS]",
        *(f"{p.human_readable_name}" for p in command.params if isinstance(p, click.Argument)),
    ]
    if isinstance(command, click.Group):
        usage.append("COMMAND")
    yield f"```\n{' '.join([*words, *usage])}\n```"
    if isinstance(command, LazyGroup) and command.placeholders:
        names = ", ".join(f"`{name}`" for name in command.placeholders)
        yield f"Commands that odahu-pack-server adds, and that until then say so: {names}."
    options = [_option(option) for option in command.params if isinstance(option, click.Option)]
    if options:
        yield "\n".join(options)
    if command.epilog:
        yield _epilog(command.epilog)


def _option(option: click.Option) -> str:
    names = ", ".join(f"`{name}`" for name in option.opts)
    required = " Required." if option.required else ""
    value = f" `{_value(option)}`" if not option.is_flag else ""
    text = (option.help or "").replace("*", r"\*")
    return f"- {names}{value}: {text}{required}{_default(option)}"


def _default(option: click.Option) -> str:
    if isinstance(option.show_default, str):
        return f" Default: {option.show_default}."
    return f" Default: {option.default}." if option.show_default else ""


def _value(option: click.Option) -> str:
    if isinstance(option.type, FormatParameter):
        return option.type.choices()
    if isinstance(option.type, click.Choice):
        return "|".join(str(choice) for choice in option.type.choices)
    return option.metavar or option.type.name.upper()


def _paragraphs(text: str | None) -> str:
    return inspect.cleandoc(text or "").strip()


def _epilog(text: str) -> str:
    """Return an epilog; what click is told not to wrap becomes a code block."""
    parts = []
    for part in text.strip("\n").split("\n\n"):
        if not part.startswith("\b"):
            parts.append(part)
            continue
        title, _, body = part.removeprefix("\b\n").partition("\n")
        parts.append(f"{title}\n\n```\n{textwrap.dedent(body)}\n```" if body else title)
    return "\n\n".join(parts)


if __name__ == "__main__":
    pages = map(plugin_reference, sys.argv[1:]) if sys.argv[1:] else [reference()]
    to_stdout("\n".join(pages).rstrip("\n"))
