"""Formats on the Pythons of images, and their memory."""

import json
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

EXERCISE = Path(__file__).with_name("exercise.py")
ROWS = [[number, number / 8, -number] for number in range(1000)]
NAMES = ["a", "b", "c"]


def write_json(path, rows, closing="]}"):
    with path.open("w") as file:
        file.write('{"columns": ["a", "b", "c"], "data": [')
        file.writelines((", " if number else "") + json.dumps(row) for number, row in enumerate(rows))
        file.write(closing)


def write_lines(path, rows):
    with path.open("w") as file:
        file.writelines(json.dumps(dict(zip(NAMES, row, strict=True))) + "\n" for row in rows)


def write_csv(path, rows):
    with path.open("w") as file:
        file.write("a,b,c\n")
        file.writelines(",".join(map(str, row)) + "\n" for row in rows)


WRITERS = {"json": write_json, "jsonl": write_lines, "csv": write_csv}


@pytest.fixture
def exercise(runtime):
    """Read a file by the runtime's Python: ``exercise(path, "json")``."""

    def exercise(path, output, *options):
        argv = [runtime.python, "-I", str(EXERCISE), str(runtime.home / "cli"), str(path), output, *options]
        return subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)

    return exercise


@pytest.mark.parametrize("options", [[], ["--typed"]], ids=["untyped", "typed"])
@pytest.mark.parametrize("name", WRITERS)
def test_every_python_reads_and_writes_every_format(exercise, tmp_path, name, options):
    path = tmp_path / f"in.{name}"
    WRITERS[name](path, ROWS)
    expected = [[sum(row)] for row in ROWS]
    for output in WRITERS:
        done = exercise(path, output, *options)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["rows"] == len(ROWS)
        text = (tmp_path / f"in.{name}.out").read_text()
        if output == "json":
            assert json.loads(text) == {"prediction": expected, "columns": ["sum"]}
        elif output == "jsonl":
            assert [json.loads(line) for line in text.splitlines()] == [{"sum": row[0]} for row in expected]
        else:
            assert [float(line) for line in text.splitlines()[1:]] == [row[0] for row in expected]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        (
            "json",
            '{"data": [\n[1, 2, 3],\n[1, 2 3]]}',
            ":3:7: expecting ',' delimiter",
        ),
        ("json", '{"data": [[1, 2, 3,],],}', ""),
        ("jsonl", "[1, 2, 3]\n[1, 2 3]\n", ":2:7: expecting ',' delimiter"),
        ("csv", "a,b,c\n1,2,x\n", ':2: row 1 column 3 ("c"): "x" is not of type number'),
        ("csv", "a,b,c\n1,2,\0\n", ":2:5: the text holds a NUL"),
        ("parquet", "PAR1", "this Parquet file cannot be read|Parquet needs pyarrow"),
    ],
)
def test_every_python_says_the_same_of_a_wrong_input(exercise, tmp_path, name, text, message):
    path = tmp_path / f"in.{name}"
    path.write_text(text)
    done = exercise(path, "json", "--typed")
    assert "Traceback" not in done.stderr
    if message:
        assert any(each in done.stderr for each in message.split("|"))
        assert done.returncode == 1
    else:
        assert json.loads(done.stdout)["commas"] == 3


@pytest.mark.parametrize("name", WRITERS)
def test_memory_does_not_grow_with_the_rows(exercise, tmp_path, name):
    peaks = []
    for times in (10, 100):
        path = tmp_path / f"{times}.{name}"
        WRITERS[name](path, ROWS * times)
        done = exercise(path, name, "--typed")
        assert json.loads(done.stdout)["rows"] == len(ROWS) * times
        peaks.append(json.loads(done.stdout)["peak_kib"])
        path.unlink()
    assert peaks[1] < 1.2 * peaks[0]
