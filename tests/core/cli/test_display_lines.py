"""Events as plain lines."""

import pytest

from odahu_pack_core import Decision, Notice, Output, Progress, RunFinished, StepFinished, StepStarted
from odahu_pack_core.cli.display.lines import LineDisplay
from odahu_pack_core.cli.session import Loudness

EVENTS = (
    StepStarted("build", "Build wine:1"),
    Decision("base image", "python:3.11-slim", "conda.yaml pins 3.11"),
    Output("docker", "Step 1/9"),
    Progress("build", "context", 100, 100),
    Notice("resources are for a cluster"),
    Notice("no tag, so it is latest", "warning"),
    StepFinished("build", 1.25),
    RunFinished((("image", "wine:1"),)),
)


def lines_of(events, loudness=Loudness.NORMAL, *, decisions=True, times=()):
    lines, ticks = [], iter(times)
    display = LineDisplay(loudness, decisions=decisions, clock=lambda: next(ticks, 0.0), write=lines.append)
    for event in events:
        display.show(event)
    return lines


def test_normal():
    assert lines_of(EVENTS) == [
        "Build wine:1 …",
        "why: base image: python:3.11-slim (conda.yaml pins 3.11)",
        "build: context 100 B of 100 B",
        "note: resources are for a cluster",
        "warning: no tag, so it is latest",
    ]


def test_verbose_adds_what_tools_print_and_how_long_steps_took():
    lines = lines_of(EVENTS, Loudness.VERBOSE)
    assert [line for line in lines if line not in lines_of(EVENTS)] == [
        "docker | Step 1/9",
        "build: done in 1.2 s",
    ]


def test_quiet_leaves_warnings():
    assert lines_of(EVENTS, Loudness.QUIET) == ["warning: no tag, so it is latest"]


def test_decisions_may_be_left_out():
    assert [line for line in lines_of(EVENTS, decisions=False) if line.startswith("why:")] == []


def test_progress_is_shown_every_few_seconds_and_at_its_end():
    events = [
        Progress("push", "layer a", done, 60_000_000) for done in (0, 10_000_000, 20_000_000, 30_000_000)
    ]
    events.append(Progress("push", "layer a", 60_000_000, 60_000_000))
    assert lines_of(events, times=(0, 1, 5.5, 6, 7)) == [
        "push: layer a 20.0 MB of 60.0 MB",
        "push: layer a 60.0 MB of 60.0 MB",
    ]


@pytest.mark.parametrize(
    ("progress", "line"),
    [
        (Progress("resolve", "wheels", 3, 3, "packages"), "resolve: wheels 3 of 3 packages"),
        (Progress("push", "layer", 1_500_000_000, 1_500_000_000), "push: layer 1.5 GB of 1.5 GB"),
    ],
)
def test_progress_names_its_unit(progress, line):
    assert lines_of([progress]) == [line]


def test_things_that_are_counted_share_one_row():
    events = [Progress("build", f"ADD {number}", number, 9, "steps") for number in range(4)]
    assert lines_of(events, times=(0, 1, 5.5, 6)) == ["build: ADD 2 2 of 9 steps"]


def test_progress_without_a_total_is_shown_after_a_while():
    events = [Progress("push", "layer", 1000, 0), Progress("push", "layer", 2000, 0)]
    assert lines_of(events, times=(0, 9)) == ["push: layer 2.0 kB"]
