"""Which inputs a call of ``predict`` takes, and where their results go."""

import json
import os
import subprocess

import pytest

DOUBLE = {
    "entrypoint.py": """
def init():
    return "matrix"

def predict_on_matrix(matrix, provided_columns_names=None):
    return [[2 * row[0]] for row in matrix], ["double"]
"""
}


@pytest.fixture
def folder(tmp_path):
    """Write inputs: ``folder(**{"a.json": [1, 2]})``."""

    def folder(files, name="in"):
        root = tmp_path / name
        for path, numbers in files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(numbers if isinstance(numbers, str) else document(numbers))
        return root

    return folder


@pytest.fixture
def out(tmp_path):
    made = tmp_path / "out"
    made.mkdir()
    return made


def document(numbers):
    return json.dumps({"data": [[number] for number in numbers]})


def wide(numbers):
    """Write rows so large that few go into one piece of the input."""
    return json.dumps({"data": [[number, "x" * 7000] for number in numbers]})


def doubles(path):
    return [row[0] for row in json.loads(path.read_text())["prediction"]]


def written(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_each_file_of_a_folder_gets_a_result_of_its_name(run, folder, out):
    given = folder(
        {"a.json": [1], "b.jsonl": "[2]\n[3]\n", "notes.txt": "x", ".hidden.json": "x", "sub/c.json": "x"}
    )
    done = run(DOUBLE, "predict", given, out)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"Prediction is successful. 2 result files are in {out}\n"
    assert written(out) == ["a.json", "b.jsonl"]
    assert doubles(out / "a.json") == [2]


def test_a_folder_with_one_file_is_still_a_folder(run, folder, out):
    run(DOUBLE, "predict", folder({"a.json": [1]}), out)
    assert written(out) == ["a.json"]


def test_subfolders_are_kept_apart_on_demand_and_earlier_results_are_no_input(run, folder):
    given = folder({"a.json": [1], "x/a.json": [2], "x/y/b.json": [3]})
    (given / "out").mkdir()
    for _ in range(2):
        done = run(DOUBLE, "predict", given, given / "out", "--recursive")
        assert (done.returncode, done.stderr) == (0, "")
        assert written(given / "out") == ["a.json", "x/a.json", "x/y/b.json"]
    assert doubles(given / "out" / "x" / "y" / "b.json") == [6]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("2024-*.json", ["2024-1.json", "2024-2.json"]),
        ("*/a.json", ["x/a.json", "y/a.json"]),
        ("**/*.json", ["2024-1.json", "2024-2.json", "2025-1.json", "x/a.json", "y/a.json"]),
    ],
)
def test_a_glob_takes_what_it_matches(run, folder, out, pattern, expected):
    given = folder(
        {"2024-1.json": [1], "2024-2.json": [2], "2025-1.json": [3], "x/a.json": [4], "y/a.json": [5]}
    )
    assert run(DOUBLE, "predict", given / pattern, out).returncode == 0
    assert written(out) == expected


def test_a_file_may_have_a_name_like_a_glob(run, folder, out):
    given = folder({"a[1].json": [1], "a1.json": [2]})
    run(DOUBLE, "predict", given / "a[1].json", out)
    assert doubles(out / "result.json") == [2]


def test_several_inputs_are_named_one_by_one(run, folder, out):
    given = folder({"a.json": [1], "b.json": [2], "c/d.json": [3]})
    assert run(DOUBLE, "predict", given / "b.json", given / "c", given / "a.json", out).returncode == 0
    assert written(out) == ["a.json", "b.json", "d.json"]


def test_the_format_of_results_is_that_of_inputs_unless_another_is_asked_for(run, folder, out):
    given = folder({"a.json": [1], "b.jsonl": "[2]\n"})
    run(DOUBLE, "predict", given, out, "--output-format", "json")
    assert written(out) == ["a.json", "b.json"]
    assert doubles(out / "b.json") == [4]
    run(DOUBLE, "predict", given / "b.jsonl", out, "--output-file-name", "c.json")
    assert doubles(out / "c.json") == [4]


def test_a_format_that_is_named_picks_its_files_of_a_folder(run, folder, out):
    given = folder({"a.json": "schema", "b.jsonl": "[2]\n", "c.json": "schema"})
    assert run(DOUBLE, "predict", given, out, "--format", "jsonl").returncode == 0
    assert written(out) == ["b.jsonl"]


def test_a_format_that_is_named_overrules_the_suffix(run, folder, out):
    given = folder({"part-0": "[1]\n[2]\n", "part-1": "[3]\n"})
    assert run(DOUBLE, "predict", given / "part-*", out, "--format", "jsonl").returncode == 0
    assert written(out) == ["part-0.jsonl", "part-1.jsonl"]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--delimiter", "|", "--header", "no"], ["double", "2", "6"]),
        (["--delimiter", "|", "--header", "yes"], ["double", "6"]),
        (["--delimiter", "|"], ["double", "2", "6"]),
    ],
)
def test_what_a_csv_file_does_not_say_of_itself_can_be_said(run, folder, out, options, expected):
    given = folder({"a.csv": "1|2\n3|4\n"})
    assert run(DOUBLE, "predict", given / "a.csv", out, *options).returncode == 0
    assert (out / "result.csv").read_text().split() == expected


@pytest.mark.parametrize(("options", "arrays"), [([], True), (["--lists"], False)])
@pytest.mark.parametrize("workers", [1, 2])
def test_a_model_gets_lists_only_where_that_is_asked_for(runtime, run, folder, out, workers, options, arrays):
    if arrays and "image-3.6" in runtime.home.name:
        pytest.skip("no library of this Python reads CSV faster than the standard library")
    source = """
import numpy as np

def init():
    return "matrix"

def predict_on_matrix(matrix, provided_columns_names=None):
    print(type(matrix).__name__)
    return np.asarray(matrix, dtype=float).sum(axis=1).reshape(-1, 1), ["sum"]

def info():
    column = {"name": "x", "type": "number", "required": True, "example": 0}
    return [column, dict(column, name="y")], [column]
"""
    given = folder({"a.csv": "x,y\n" + "1.5,2\n" * 1000})
    arguments = ["predict", given / "a.csv", out, "--workers", workers, *options]
    done = run({"entrypoint.py": source}, *arguments)
    assert done.returncode == 0
    assert ("ndarray" in done.stderr) == arrays
    assert (out / "result.csv").read_text().split() == ["sum", *["3.5"] * 1000]


def test_standard_input_becomes_standard_output_and_nothing_else(run):
    done = run(DOUBLE, "predict", "-", "-", input=document([1, 2]))
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == {"prediction": [[2], [4]], "columns": ["double"]}


def test_the_model_finds_nothing_in_standard_input(run, out):
    source = DOUBLE["entrypoint.py"] + "\nimport sys\nassert sys.stdin.read() == ''\n"
    done = run({"entrypoint.py": source}, "predict", "-", out, input=document([1]))
    assert (done.returncode, done.stderr) == (0, "")
    assert doubles(out / "result.json") == [2]


def test_standard_input_has_the_format_it_is_given(run, out):
    assert run(DOUBLE, "predict", "-", out, "--format", "jsonl", input="[1]\n").returncode == 0
    assert written(out) == ["result.jsonl"]


def test_a_reader_that_leaves_early_is_no_matter_for_words(runtime, model, folder):
    packed = model(DOUBLE)
    given = folder({"a.json": list(range(100_000))})
    argv = runtime.argv("cli", *packed.options, "predict", given / "a.json", "-")
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(20) == 128 + 13


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_change_nothing(runtime, model, folder, out, closed):
    packed = model(DOUBLE)
    given = folder({"a.json": [1]})
    argv = runtime.argv("cli", *packed.options, "predict", given / "a.json", out, "--workers", 2)
    done = subprocess.run(["sh", "-c", f'"$@" {closed}', "sh", *argv], timeout=20, check=False)
    assert done.returncode == 0
    assert doubles(out / "result.json") == [2]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["in", "out", "--output-file-name", "x.json"], "--output-file-name is for one file"),
        (["in", "-"], "only the result of one file can go to standard output"),
        (["-", "in/a.json", "out"], "stands alone"),
        (["-", "-", "--output-file-name", "x"], "no meaning where the result goes to standard output"),
        (["in/a.json", "in/sub/a.json", "out"], "in/a.json and in/sub/a.json would both be out/a.json"),
        (["in", "out", "--output-format", "json"], "in/a.json and in/a.jsonl would both be out/a.json"),
        (["in", "in"], "in/a.json is an input, choose another OUTPUT_DIR"),
        (["in/link.json", "in", "--output-file-name", "a.json"], "in/a.json is an input"),
        (["in/*.csv", "out"], "no file matches in/*.csv"),
        (
            ["empty", "out"],
            "no input in empty: there is no file with the suffix of a format that can be read",
        ),
        (
            ["in/a.json", "nowhere"],
            "nowhere: No such file or directory. OUTPUT_DIR must be a folder that is there",
        ),
        (["in/a.json", "in/a.json/x"], "cannot write to in/a.json/x: No such file or directory"),
        (["in/a.json", "out", "--wrokers", "2"], "usage: model predict"),
        (["in/a.json", "out", "--wrokers", "2"], "model predict: error: unknown: --wrokers 2"),
        (["in/a.json", "in/a.json"], "cannot write to in/a.json: Not a directory"),
        (["in/a.json", "out", "--workers", "0"], "0 is not at least 1"),
        (["in/a.json", "out", "--delimiter", "ab"], "'ab' is not one character"),
    ],
)
def test_what_cannot_be_meant_is_exit_2_before_anything_runs(run, folder, tmp_path, out, arguments, words):
    folder({"a.json": [1], "a.jsonl": "[1]\n", "sub/a.json": [1]})
    (tmp_path / "in" / "link.json").symlink_to("a.json")
    (tmp_path / "empty").mkdir()
    done = run({"entrypoint.py": "1 / 0"}, "predict", *arguments)
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert written(out) == []


def test_a_format_that_the_environment_cannot_write_names_the_input(run, folder, out):
    folder({"a.json": [1]})
    done = run({"entrypoint.py": "1 / 0"}, "predict", "in", "out", "--output-format", "parquet")
    if "division by zero" in done.stderr:
        pytest.skip("this Python has pyarrow")
    assert done.returncode == 2
    assert done.stderr.startswith("error: in/a.json as parquet: Parquet needs pyarrow")
    assert written(out) == []


def test_a_result_may_not_be_a_folder(run, folder, out):
    (out / "result.json").mkdir()
    done = run({"entrypoint.py": "1 / 0"}, "predict", folder({"a.json": [1]}) / "a.json", out)
    assert (done.returncode, done.stderr) == (2, f"error: {out}/result.json is a folder\n")


def test_a_fault_of_one_input_keeps_no_other_from_its_result(run, folder, out):
    given = folder(
        {"a.json": [1], "b.json": '{"data": [[1 2]]}', "c.json": '{"data": [["x"], [{}]]}', "d.json": [4]}
    )
    source = DOUBLE["entrypoint.py"].replace("2 * row[0]", "2 * float(row[0])")
    done = run({"entrypoint.py": source}, "predict", given, out)
    assert done.returncode == 1  # the model's fault is told before an input's
    assert f"error: {given}/b.json:1:14: expecting ',' delimiter\n" in done.stderr
    assert (
        f"error: {given}/c.json, rows 1 to 2: ValueError: could not convert string to float: 'x'\n"
        in done.stderr
    )
    assert done.stderr.endswith("error: 2 of 4 inputs failed\n")
    assert done.stdout == f"2 of 4 result files are in {out}\n"
    assert written(out) == ["a.json", "d.json"]


def test_inputs_that_are_all_wrong_are_exit_2(run, folder, out):
    done = run(DOUBLE, "predict", folder({"a.json": "[]", "b.json": "{"}), out)
    assert done.returncode == 2
    assert done.stdout == ""
    assert written(out) == []


def test_an_unreadable_file_is_told_and_passed_over(run, folder, out):
    given = folder({"a.json": [1], "b.json": [2]})
    (given / "a.json").chmod(0)
    prefix = []
    if os.getuid() == 0:  # root may read everything, unless it gives that up
        os.chown(given / "a.json", 4242, 4243)
        prefix = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"]
    done = run(DOUBLE, "predict", given, out, prefix=prefix)
    assert done.returncode == 2
    assert f"cannot read {given}/a.json: Permission denied" in done.stderr
    assert written(out) == ["b.json"]
