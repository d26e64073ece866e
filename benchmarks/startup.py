"""How long the command and the package take to start, beside other packagers."""

import os
import sys
from functools import partial
from pathlib import Path

from benchmarks.measure import Spread, interleaved, measured
from benchmarks.peers import peer, version_of
from benchmarks.report import Figures

ROUNDS = 15
PEERS = ("mlflow", "bentoml")


def run() -> Figures:
    """Measure processor time and time of each command, in turns."""
    python, programs = Path(sys.executable), Path(sys.executable).parent
    commands: dict[str, list[str | Path]] = {
        "odahuflowctl --help": [programs / "odahuflowctl", "--help"],
        "import odahu_pack_core": [python, "-c", "import odahu_pack_core"],
        "… and package_model": [python, "-c", "from odahu_pack_core import package_model"],
        "python -c pass": [python, "-c", "pass"],
    }
    for name in PEERS:
        home = peer(name)
        commands[f"{name} {version_of(home / 'python', name)} --version"] = [home / name, "--version"]
    found = interleaved(
        {title: partial(measured, argv, os.environ) for title, argv in commands.items()}, ROUNDS
    )
    rows = [
        (title, Spread.of([each.cpu_seconds for each in used]), Spread.of([each.seconds for each in used]))
        for title, used in found.items()
    ]
    return Figures(
        "startup",
        "Start of the command",
        ("Command", "CPU seconds", "Seconds"),
        rows,
        (f"Medians (lowest to highest) of {ROUNDS} interleaved rounds, after one that is thrown away.",),
    )
