"""The model of batches, and files of rows for it."""

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from random import Random

ENTRYPOINT = Path(__file__).with_name("entrypoint.py")
_PART = 100_000
_TRAIN = """\
import sys
import joblib
from sklearn.datasets import load_wine
from sklearn.linear_model import ElasticNet
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
wine = load_wine()
model = make_pipeline(StandardScaler(), ElasticNet(alpha=0.05, random_state=0)).fit(wine.data, wine.target)
joblib.dump({"model": model, "names": list(wine.feature_names)}, sys.argv[1])
print("\\n".join(wine.feature_names))
"""
_WRITE_PARQUET = """\
import sys
import pyarrow.csv, pyarrow.parquet
with pyarrow.csv.open_csv(sys.argv[1]) as rows:
    with pyarrow.parquet.ParquetWriter(sys.argv[2], rows.schema) as file:
        for batch in rows:
            file.write_batch(batch)
"""


@dataclass(frozen=True)
class BatchModel:
    """A trained model on disk.

    Args:
        artifact: The folder above the model's own.
        facts: The file that tells the command about the model.
        names: Of the columns.
    """

    artifact: Path
    facts: Path
    names: list[str]

    @property
    def folder(self) -> Path:
        """The folder of the entrypoint."""
        return self.artifact / "model"


def trained_model(folder: Path, python: Path) -> BatchModel:
    """Train the model in a new folder.

    Args:
        folder: Where to.
        python: An interpreter that has scikit-learn.
    """
    artifact, facts = folder / "artifact", folder / "model.json"
    (artifact / "model").mkdir(parents=True)
    shutil.copy(ENTRYPOINT, artifact / "model" / "entrypoint.py")
    command: list[str | Path] = [python, "-c", _TRAIN, artifact / "model" / "model.joblib"]
    trained = subprocess.run(command, check=True, capture_output=True, text=True)
    facts.write_text(
        json.dumps({"name": "wine", "version": "1", "workDir": "model", "entrypoint": "entrypoint"})
    )
    return BatchModel(artifact, facts, trained.stdout.split())


def write_inputs(folder: Path, names: list[str], rows: int, arrow_python: Path) -> dict[str, Path]:
    """Write the same rows in each format; cells have three digits behind the point.

    Args:
        folder: Where to.
        names: Of the columns.
        rows: How many, a multiple of 100,000.
        arrow_python: An interpreter that has pyarrow.

    Returns:
        The file of each format.
    """
    files = {name: folder / f"{rows}.{name}" for name in ("csv", "jsonl", "json", "parquet")}
    part, times = _part(len(names)), rows // _PART
    csv = "".join(",".join(map(str, row)) + "\n" for row in part)
    _write(files["csv"], ",".join(names) + "\n", csv, times)
    lines = "".join(json.dumps(dict(zip(names, row, strict=True))) + "\n" for row in part)
    _write(files["jsonl"], "", lines, times)
    begin = json.dumps({"columns": names})[:-1] + ', "data": ['
    _write(files["json"], begin, json.dumps(part)[1:-1], times, between=", ", end="]}")
    convert: list[str | Path] = [arrow_python, "-c", _WRITE_PARQUET, files["csv"], files["parquet"]]
    subprocess.run(convert, check=True)
    return files


def _part(width: int) -> list[list[float]]:
    draw = Random(0).uniform
    return [[round(draw(0, 20), 3) for _ in range(width)] for _ in range(_PART)]


def _write(path: Path, begin: str, part: str, times: int, *, between: str = "", end: str = "") -> None:
    with path.open("w") as file:
        file.write(begin)
        file.writelines((between if number else "") + part for number in range(times))
        file.write(end)
