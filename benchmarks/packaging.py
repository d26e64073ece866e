"""How long the wine example takes a Docker engine: cold, with new weights only, with nothing changed."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.ground import fresh_ground
from benchmarks.measure import Spread, Usage
from benchmarks.report import Figures

ROUNDS = 3
ENGINE = "docker"
TRAIN = Path(__file__).parents[1] / "examples" / "wine" / "train.py"
ARCHIVE = "wine-model-123456789.zip"


def run() -> Figures:
    """Package on fresh ground a few times, each time cold first and then with what changed."""
    found: dict[str, list[Usage]] = {}
    for _ in range(ROUNDS):
        for title, usage in _one_round():
            found.setdefault(title, []).append(usage)
    rows = [
        (
            title,
            Spread.of([each.seconds for each in used]),
            Spread.of([each.cpu_seconds for each in used]),
            Spread.of([each.peak_mib for each in used]),
        )
        for title, used in found.items()
    ]
    return Figures(
        "package",
        f"odahuflowctl local pack run --engine {ENGINE}, docker-rest, to a registry",
        ("What", "Seconds", "CPU seconds", "Peak MiB"),
        rows,
        (
            f"Medians (lowest to highest) of {ROUNDS} rounds, the push to a registry on loopback included.",
            "Cold: empty caches of odahu-pack and uv, an empty registry, an unknown base in the engine.",
            "CPU seconds and memory are the command's and its children's, not the engine's.",
            "The model: an elastic net on 13 features, with scikit-learn, SciPy, NumPy and joblib.",
        ),
    )


def _one_round() -> Iterator[tuple[str, Usage]]:
    with tempfile.TemporaryDirectory(prefix="odahu-pack-benchmark-") as scratch:
        folder = Path(scratch)
        first, second = trained(folder / "first", 0.05), trained(folder / "second", 0.2)
        (folder / "ground").mkdir()
        with fresh_ground(folder / "ground") as ground:
            yield "cold", ground.package(first, ENGINE)
            yield "weights changed", ground.package(second, ENGINE)
            yield "nothing changed", ground.package(second, ENGINE)


def trained(folder: Path, alpha: float) -> Path:
    """Train the wine model and return its archive."""
    command = [sys.executable, str(TRAIN), "--output", str(folder), "--alpha", str(alpha)]
    subprocess.run(command, env=dict(os.environ), check=True, capture_output=True)
    return folder / ARCHIVE
