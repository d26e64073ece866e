r"""The Dockerfile as a view of instructions: each rendered and escaped once, and read back.

Source of the escaping rules: https://docs.docker.com/reference/dockerfile/ (parser directives, environment
replacement, exec form). ``\`` stays the escape character; only ENV and LABEL are continued on a next line,
and heredocs are never written.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from odahu_pack_core.errors import PlanError

from .instruction import (
    AddLayer,
    Cmd,
    Copy,
    Entrypoint,
    Env,
    Expose,
    From,
    Instruction,
    Label,
    Run,
    User,
    Workdir,
)

LAYER_FOLDER: Final = "layers"
"""The folder of the build context that holds layers as ``NAME.tar``."""

_SHARING: Final = frozenset({"ENV", "LABEL"})
_CONTINUED: Final = " \\"
_INDENT: Final = "    "
_LONGEST_LINE: Final = 65535
_ESCAPED: Final = re.compile(r'[\\"$]')
_SHELL: Final = re.compile(r"""[\\"'$]""")
_PAIR: Final = re.compile(r'([^=\s]+)="((?:[^"\\]|\\.)*)"')
_LAYER_LINE: Final = re.compile(rf"{LAYER_FOLDER}/([a-z0-9_-]+)\.tar /")


def render_instruction(instruction: Instruction) -> str:
    """Return an instruction as one Dockerfile line.

    Raises:
        PlanError: The line is longer than Docker reads.
    """
    line = _line(instruction)
    if len(line.encode()) > _LONGEST_LINE:
        raise PlanError(f"{line[:60]}… has more than {_LONGEST_LINE} bytes", code="bad-instruction")
    return line


def _line(instruction: Instruction) -> str:  # noqa: PLR0911  # one for each kind
    match instruction:
        case From(image):
            return f"FROM {image}"
        case AddLayer(layer):
            return f"ADD {LAYER_FOLDER}/{layer}.tar /"
        case Copy(source, destination):
            return f"COPY {_unexpanded(_json([_word(source), _word(destination)]))}"
        case Env(name, value):
            return f"ENV {name}={_quoted(value)}"
        case Label(name, value):
            return f"LABEL {name}={_quoted(value)}"
        case User(user):
            return f"USER {user}"
        case Workdir(path):
            return f"WORKDIR {_quoted(path)}"
        case Expose(port):
            return f"EXPOSE {port}"
        case Entrypoint(arguments) | Cmd(arguments) | Run(arguments):
            texts = _unexpanded(_json(arguments)) if isinstance(instruction, Run) else _json(arguments)
            return f"{type(instruction).__name__.upper()} {texts}"


def render_block(instructions: Sequence[Instruction]) -> str:
    """Return instructions as Dockerfile lines, without a line end at the end.

    Consecutive `Env`, and consecutive `Label`, share one Dockerfile instruction, since a builder makes a
    step of each.
    """
    lines: list[str] = []
    before: Instruction | None = None
    for instruction in instructions:
        line = render_instruction(instruction)
        if before is not None and _share(before, instruction):
            lines[-1] += f"{_CONTINUED}\n{_INDENT}{line.partition(' ')[2]}"
        else:
            lines.append(line)
        before = instruction
    return "\n".join(lines)


def _share(before: Instruction, instruction: Instruction) -> bool:
    """Tell whether two may share a line; linters take a literal ``$X`` beside its definition for a use."""
    if type(before) is not type(instruction) or not isinstance(instruction, Env | Label):
        return False
    return isinstance(instruction, Label) or "$" not in instruction.value


def parse_dockerfile(text: str) -> tuple[Instruction, ...]:
    """Read a Dockerfile that `render_block` wrote, comments and empty lines left out.

    Raises:
        PlanError: A line is none that `render_instruction` writes.
    """
    return tuple(parse_instruction(line) for line in _single_lines(text))


def _single_lines(text: str) -> Iterator[str]:
    """Yield each instruction as a line of its own, as if none shared one."""
    word = ""
    for physical in text.split("\n"):
        if not word and (not physical or physical.startswith("#")):
            continue
        line = f"{word} {physical.removeprefix(_INDENT)}" if word else physical
        word = line.partition(" ")[0] if line.endswith(_CONTINUED) else ""
        if word and word not in _SHARING:
            raise PlanError(f"not a line of ours: {line!r}", code="bad-dockerfile")
        yield line.removesuffix(_CONTINUED)
    if word:
        raise PlanError("the last line is continued", code="bad-dockerfile")


def parse_instruction(line: str) -> Instruction:
    """Read one line that `render_instruction` wrote.

    Raises:
        PlanError: The line is not one of those.
    """
    word, _, rest = line.partition(" ")
    try:
        instruction = _PARSERS[word](rest)
    except (PlanError, KeyError, ValueError, TypeError, RecursionError):
        instruction = None
    # What is written in another way might be read in another way, too.
    if instruction is None or render_instruction(instruction) != line:
        raise PlanError(f"not a line of ours: {line!r}", code="bad-dockerfile")
    return instruction


def _quoted(value: str) -> str:
    return '"' + _ESCAPED.sub(r"\\\g<0>", value) + '"'


def _unquoted(value: str) -> str:
    return re.sub(r"\\(.)", r"\1", value)


def _word(path: str) -> str:
    """Escape a path for COPY, whose JSON texts are read as shell words again."""
    return _SHELL.sub(r"\\\g<0>", path)


def _json(values: Sequence[str]) -> str:
    # U+2028 and U+2029 end a line for some readers; JSON can say them in ASCII.
    return json.dumps(list(values), ensure_ascii=True)


def _unexpanded(texts: str) -> str:
    """Hide what BuildKit, looking for heredocs in RUN and COPY, would take for a variable or a heredoc."""
    return texts.replace("$", r"\u0024").replace("<", r"\u003c")


def _json_texts(rest: str) -> tuple[str, ...]:
    values = json.loads(rest)
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise ValueError(rest)
    return tuple(values)


def _parse_pair(kind: Callable[[str, str], Instruction]) -> Callable[[str], Instruction]:
    def parse(rest: str) -> Instruction:
        match = _PAIR.fullmatch(rest)
        if match is None:
            raise ValueError(rest)
        return kind(match[1], _unquoted(match[2]))

    return parse


def _parse_layer(rest: str) -> Instruction:
    match = _LAYER_LINE.fullmatch(rest)
    if match is None:
        raise ValueError(rest)
    return AddLayer(match[1])


def _parse_copy(rest: str) -> Instruction:
    source, destination = map(_unquoted, _json_texts(rest))
    return Copy(source, destination)


_PARSERS: Final[dict[str, Callable[[str], Instruction]]] = {
    "FROM": From,
    "ADD": _parse_layer,
    "COPY": _parse_copy,
    "ENV": _parse_pair(Env),
    "LABEL": _parse_pair(Label),
    "USER": User,
    "WORKDIR": lambda rest: Workdir(_unquoted(rest[1:-1])),
    "EXPOSE": lambda rest: Expose(int(rest)),
    "ENTRYPOINT": lambda rest: Entrypoint(_json_texts(rest)),
    "CMD": lambda rest: Cmd(_json_texts(rest)),
    "RUN": lambda rest: Run(_json_texts(rest)),
}
