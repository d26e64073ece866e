"""Events as a live display on a terminal."""

import io
import os
import pty
import re
import sys
import threading

import pytest
from rich.console import Console

from odahu_pack_core import Decision, Notice, Output, Progress, StepFinished, StepStarted
from odahu_pack_core.cli.display.live import LiveDisplay
from odahu_pack_core.cli.entry import run

RUN = ("local", "pack", "run", "-f", "pack.yaml")


def drawn(*events, finish=False):
    """Return what is on the screen when the last event was shown, as text."""
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=True, width=100, color_system=None, legacy_windows=False)
    with LiveDisplay(console) as display:
        for event in events:
            display.show(event)
        if not finish:
            console.print(display.drawing())
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", stream.getvalue())


def test_a_step_under_way_a_bar_and_the_last_lines():
    lines = [Output("docker", f"line {number}") for number in range(8)]
    text = drawn(StepStarted("build", "Build wine:1"), Progress("build", "layer model", 500, 1000), *lines)
    assert "Build wine:1" in text
    assert re.search(r"layer model .*500 B of 1.0 kB", text)
    assert "line 3" in text
    assert "line 2" not in text


def test_things_that_are_counted_share_one_bar():
    steps = [Progress("build", f"ADD layer-{number}", number, 9, "steps") for number in range(4)]
    text = drawn(StepStarted("build", "Build wine:1"), *steps)
    assert re.search(r"ADD layer-3 .*3 of 9 steps", text)
    assert "ADD layer-2" not in text


def test_a_bar_at_its_end_goes():
    text = drawn(Progress("push", "layer a", 500, 1000), Progress("push", "layer a", 1000, 1000))
    assert "1.0 kB" not in text


def test_what_is_done_decided_and_noticed_stays():
    text = drawn(
        StepStarted("build", "Build wine:1"),
        Decision("engine", "docker", "the first that can"),
        Notice("no tag", "warning"),
        Progress("build", "layer model", 500, 1000),
        StepFinished("build", 2.0),
        finish=True,
    )
    kept = text.splitlines()
    assert "why: engine: docker (the first that can)" in kept
    assert "warning: no tag" in kept
    assert "✓ Build wine:1 (2.0 s)" in kept


def test_neither_markup_nor_control_characters_get_through():
    hostile = "[bold]x[/bold] [link=http://127.0.0.1]y[/] \x1b]0;title\x07"
    text = drawn(
        StepStarted("build", hostile),
        Output("tool", hostile),
        Progress("build", hostile, 1, 2),
        Notice(hostile),
    )
    assert text.count("[bold]x[/bold] [link=http://127.0.0.1]y[/] \\x1b]0;title\\x07") >= 3
    assert "\x07" not in text


@pytest.fixture
def on_a_terminal(paper, project, capsys, monkeypatch):  # noqa: ARG001  # both are needed to run
    """Run the command with stderr on a pseudo-terminal; return its exit code, stdout and stderr."""

    def call(*words, **environ):
        ours, theirs = pty.openpty()
        shown = []
        reader = threading.Thread(target=lambda: shown.extend(_chunks(ours)))
        reader.start()
        with monkeypatch.context() as patch, os.fdopen(theirs, "w", encoding="utf-8") as terminal:
            patch.setattr(sys, "stderr", terminal)
            code = run([*RUN, *words], {**os.environ, "TERM": "xterm-256color", **environ})
        reader.join()
        os.close(ours)
        return code, capsys.readouterr().out, b"".join(shown).decode()

    return call


def _chunks(descriptor):
    """Yield what is written to a terminal until its last writer has gone."""
    while True:
        try:
            yield os.read(descriptor, 65536)
        except OSError:  # so Linux reports that the last writer has gone
            return


def test_on_a_terminal_the_display_is_live_and_stdout_stays_clean(on_a_terminal):
    code, out, shown = on_a_terminal()
    assert code == 0, shown
    assert "\x1b[" in shown
    assert "✓ Build 127.0.0.1:9/odahuflow/wine-0-1" in shown
    assert out.startswith("image: ")
    assert "\x1b" not in out


def test_a_failure_on_a_terminal_ends_the_display_first(on_a_terminal):
    code, out, shown = on_a_terminal(PAPER_ENGINE="fail")
    assert (code, out) == (15, "")
    assert shown.endswith("Error: the paper jammed\r\npull it out\r\n")
    assert shown.rindex("\x1b[?25h") < shown.index("Error:"), "the cursor is shown again"


@pytest.mark.parametrize("words", [["--quiet"], ["--verbose"], ["--events", "json"]])
def test_other_loudness_has_no_live_display(on_a_terminal, words):
    assert "\x1b[" not in on_a_terminal(*words)[2]


def test_a_dumb_terminal_has_lines(on_a_terminal):
    shown = on_a_terminal(TERM="dumb")[2]
    assert "\x1b" not in shown
    assert "why: greeting: hello" in shown
