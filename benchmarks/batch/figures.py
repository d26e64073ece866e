"""Rows a second and memory of batch predictions, beside loops written by hand."""

import json
import math
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from benchmarks.batch.environments import environment
from benchmarks.batch.model import BatchModel, trained_model, write_inputs
from benchmarks.measure import BenchmarkError, Spread, Usage, interleaved, measured
from benchmarks.report import Figures, paragraphs

FEW, MANY = 200_000, 5_000_000
ROUNDS = 3
_REPOSITORY = Path(__file__).parents[2]
_COMMAND = _REPOSITORY / "plugins" / "docker_cli" / "odahu_pack_docker_cli" / "cli"
_ISLAND = _REPOSITORY / "odahu_pack_core" / "gppi_runtime"
_LOOPS = Path(__file__).with_name("loops")
_COLUMNS = (
    "Format",
    "Model's environment has",
    "Loop",
    "Thousand rows a second",
    "… of the loop",
    "Ratio",
    "Peak MiB, few rows",
    "Peak MiB, many rows",
    "… of the loop, many rows",
)
_NOTES = """
Medians (lowest to highest) of {rounds} rounds in turns, after one that is thrown away; few rows are {few:,},
many are {many:,}, of 13 numbers. Ratios are of one round each; above 1 the command is faster.

One worker. Rows a second are of many rows, the whole process with its start and the loading of the model.

The results are of the input's format and hold the same numbers but for rounding, which is checked before.

Peak memory is of the process, as the kernel counts it.
"""


_PRINT_PARQUET = """\
import json, sys
import pyarrow.parquet
print(json.dumps(pyarrow.parquet.read_table(sys.argv[1])["prediction"].to_pylist()))
"""


@dataclass(frozen=True)
class Contest:
    """A loop to compare with.

    Args:
        format: Of input and result.
        has: The library that the model's environment has.
        loop: The module of the loop.
    """

    format: str
    has: str
    loop: str


CONTESTS = (
    Contest("csv", "neither", "csv_stdlib"),
    Contest("csv", "pandas", "csv_pandas"),
    Contest("csv", "pyarrow", "csv_pyarrow"),
    Contest("jsonl", "neither", "jsonl_stdlib"),
    Contest("json", "neither", "json_stdlib"),
    Contest("parquet", "pyarrow", "parquet_pyarrow"),
)


@dataclass
class Ground:
    """What all runs share.

    Args:
        folder: For results.
        command: The folder of the command, laid out as in an image.
        model: The model.
        few: The small file of each format.
        many: The large one.
        aside: Does what takes memory: a process counts what its parent held when it began.
        environ: Environment variables.
    """

    folder: Path
    command: Path
    model: BatchModel
    few: Mapping[str, Path]
    many: Mapping[str, Path]
    aside: Executor
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))

    def ours(self, contest: Contest, source: Path) -> Usage:
        """Predict with the command."""
        facts = ("--model-json", self.model.facts, "--artifact", self.model.artifact)
        name = self._result("ours", contest).name
        run: list[str | Path] = [environment(contest.has), "-I", self.command, *facts, "predict", source]
        return measured([*run, self.folder, "--output-file-name", name], self.environ)

    def by_hand(self, contest: Contest, source: Path) -> Usage:
        """Predict with the loop."""
        python, loop = environment(contest.has), _LOOPS / f"{contest.loop}.py"
        result = self._result("hand", contest)
        return measured([python, "-I", loop, self.model.folder, source, result], self.environ)

    def check(self, contest: Contest) -> None:
        """Compare both results.

        Raises:
            BenchmarkError: They are not the same.
        """
        self.ours(contest, self.few[contest.format])
        self.by_hand(contest, self.few[contest.format])
        results = (self._result(who, contest) for who in ("ours", "hand"))
        if not self.aside.submit(_hold_the_same, *results).result():
            raise BenchmarkError(f"{contest.loop} writes other numbers than the command")

    def _result(self, who: str, contest: Contest) -> Path:
        return self.folder / f"{who}.{contest.format}"


def run() -> Figures:
    """Measure all contests."""
    return measure(FEW, MANY, ROUNDS)


def measure(few: int, many: int, rounds: int) -> Figures:
    """Measure all contests with so many rows.

    Args:
        few: Rows of the small file.
        many: Rows of the large one.
        rounds: How often.
    """
    with (
        tempfile.TemporaryDirectory(prefix="odahu-pack-benchmark-") as scratch,
        ProcessPoolExecutor(1) as aside,
    ):
        ground = _ground(Path(scratch), few, many, aside)
        rows = [_row(ground, contest, many, rounds) for contest in CONTESTS]
    notes = paragraphs(_NOTES.format(rounds=rounds, few=few, many=many))
    return Figures("batch", "Batch predictions of docker-cli, one worker", _COLUMNS, rows, notes)


def _ground(folder: Path, few: int, many: int, aside: Executor) -> Ground:
    command = folder / "cli"
    leave_out = shutil.ignore_patterns("__pycache__")
    shutil.copytree(_COMMAND, command, ignore=leave_out)
    shutil.copytree(_ISLAND, command / "gppi_runtime", ignore=leave_out)
    model = trained_model(folder, environment("neither"))
    small, large = (
        aside.submit(write_inputs, folder, model.names, rows, environment("pyarrow")).result()
        for rows in (few, many)
    )
    results = folder / "results"
    results.mkdir()
    return Ground(results, command, model, small, large, aside)


def _row(ground: Ground, contest: Contest, many: int, rounds: int) -> tuple[str | Spread, ...]:
    print(f"  {contest.loop} …", flush=True)
    ground.check(contest)
    subjects = {
        "few": partial(ground.ours, contest, ground.few[contest.format]),
        "many": partial(ground.ours, contest, ground.many[contest.format]),
        "loop": partial(ground.by_hand, contest, ground.many[contest.format]),
    }
    found = interleaved(subjects, rounds)
    ours, loop = found["many"], found["loop"]
    return (
        contest.format,
        contest.has,
        contest.loop,
        Spread.of([many / each.seconds / 1000 for each in ours]),
        Spread.of([many / each.seconds / 1000 for each in loop]),
        Spread.of([theirs.seconds / each.seconds for each, theirs in zip(ours, loop, strict=True)]),
        *(Spread.of([each.peak_mib for each in used]) for used in (found["few"], ours, loop)),
    )


def _hold_the_same(one: Path, other: Path) -> bool:
    """Compare results; how rows are grouped may change the last digit."""
    numbers, others = _numbers(one), _numbers(other)
    return len(numbers) == len(others) and all(map(_is_close, numbers, others))


def _numbers(path: Path) -> list[float]:
    if path.suffix == ".csv":
        return [float(line) for line in path.read_text().splitlines()[1:]]
    if path.suffix == ".jsonl":
        return [json.loads(line)["prediction"] for line in path.read_text().splitlines()]
    if path.suffix == ".json":
        return [row[0] for row in json.loads(path.read_text())["prediction"]]
    command: list[str | Path] = [environment("pyarrow"), "-c", _PRINT_PARQUET, path]
    printed = subprocess.run(command, check=True, capture_output=True, text=True)
    numbers: list[float] = json.loads(printed.stdout)
    return numbers


def _is_close(one: float, other: float) -> bool:
    return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9)
