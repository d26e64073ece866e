"""Results of ``predict`` appear complete or not at all, whatever becomes of the run."""

import fcntl
import json
import os
import signal
import subprocess
import time

import pytest

from tests.runtime.serving import until
from tests.runtime.test_command_inputs import DOUBLE, document, doubles, wide, written

SLEEPS_AT_100 = {
    "entrypoint.py": """
import time

def init():
    return "matrix"

def predict_on_matrix(matrix, provided_columns_names=None):
    if any(row[0] == 100 for row in matrix):
        print("sleeping", flush=True)
        time.sleep(60)
    return [[2 * row[0]] for row in matrix], ["double"]
"""
}

COUNTS = {
    "entrypoint.py": """
def init():
    return "matrix"

def predict_on_matrix(matrix, provided_columns_names=None):
    return [[len(matrix)]], ["rows"]
"""
}


@pytest.fixture
def asleep(runtime, model, tmp_path):
    """Start a prediction that stops in the middle of its file; return it and the folder of results."""
    started = []

    def asleep():
        out, log = tmp_path / "out", tmp_path / f"log{len(started)}"
        out.mkdir(exist_ok=True)
        (tmp_path / "in.json").write_text(wide(range(200)))
        arguments = ["predict", tmp_path / "in.json", out, "--chunk-rows", 10]
        argv = runtime.argv("cli", *model(SLEEPS_AT_100).options, *arguments)
        with log.open("wb") as stderr:
            started.append(subprocess.Popen(argv, stderr=stderr, stdout=subprocess.DEVNULL))
        until(lambda: "sleeping" in log.read_text(), started[-1])
        return started[-1], out

    yield asleep
    for process in started:
        process.kill()
        process.wait(5)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_in_the_middle_leaves_the_older_result(asleep, tmp_path, number):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "result.json").write_text("older")
    process, out = asleep()
    assert len(written(out)) == 2  # what is written so far stands beside the older result
    process.send_signal(number)
    assert process.wait(5) == 128 + number
    assert written(out) == ["result.json"]
    assert (out / "result.json").read_text() == "older"


def test_a_command_that_is_to_outlive_its_terminal_does(asleep):
    old = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        process, _ = asleep()
    finally:
        signal.signal(signal.SIGHUP, old)
    process.send_signal(signal.SIGHUP)
    time.sleep(0.2)
    assert process.poll() is None


def test_the_next_run_sweeps_what_a_killed_one_left(asleep, run, tmp_path):
    process, out = asleep()
    process.kill()
    process.wait(5)
    assert len(written(out)) == 1
    (tmp_path / "in.json").write_text(document([1]))
    assert run(DOUBLE, "predict", tmp_path / "in.json", out).returncode == 0
    assert written(out) == ["result.json"]


def test_the_unfinished_result_of_a_live_run_is_left_alone(asleep, run, tmp_path):
    _, out = asleep()
    (unfinished,) = written(out)
    (tmp_path / "in.json").write_text(document([1]))
    assert run(DOUBLE, "predict", tmp_path / "in.json", out).returncode == 0
    assert written(out) == sorted([unfinished, "result.json"])


def test_what_is_not_ours_is_swept_only_when_it_is_forgotten(run, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    names = [f".odahu-{number:08x}-{number:016x}.part" for number in range(3)]
    for name in (*names, ".odahu-x.part"):
        (out / name).touch()
    for name in (*names[1:], ".odahu-x.part"):
        os.utime(out / name, (1, 1))
    (tmp_path / "in.json").write_text(document([1]))
    with (out / names[1]).open("wb") as live:
        fcntl.flock(live, fcntl.LOCK_EX)
        assert run(DOUBLE, "predict", tmp_path / "in.json", out).returncode == 0
    assert written(out) == sorted([*names[:2], ".odahu-x.part", "result.json"])


def test_a_disk_that_fills_up_ends_the_run_and_leaves_no_part_of_the_file(run, tmp_path):
    small = tmp_path / "small"
    small.mkdir()
    mounted = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(small)]
    if subprocess.run(mounted, capture_output=True, check=False).returncode:
        pytest.skip("this user cannot mount a small disk")
    try:
        folder = tmp_path / "in"
        folder.mkdir()
        (folder / "a.json").write_text(document([1]))
        (folder / "b.json").write_text(document(range(30_000)))
        (folder / "c.json").write_text(document([3]))
        done = run(DOUBLE, "predict", folder, small)
        assert done.returncode == 2
        assert done.stderr == f"error: cannot write {small}/b.json: No space left on device\n"
        assert written(small) == ["a.json"]
    finally:
        subprocess.run(["umount", str(small)], check=True)


def test_a_model_that_sums_up_is_given_all_or_is_told(run, tmp_path):
    source = """
def init():
    return "matrix"

def predict_on_matrix(matrix, provided_columns_names=None):
    return [[sum(row[0] for row in matrix)]], ["total"]
"""
    (tmp_path / "in.json").write_text(document(range(10)))
    done = run({"entrypoint.py": source}, "predict", tmp_path / "in.json", tmp_path, "--chunk-rows", 5)
    assert done.returncode == 1
    assert "the model returned 1 predictions for 5 rows" in done.stderr
    assert not (tmp_path / "result.json").exists()
    done = run({"entrypoint.py": source}, "predict", tmp_path / "in.json", tmp_path, "--chunk-rows", 10)
    assert done.returncode == 0
    assert doubles(tmp_path / "result.json") == [45]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("in.json", json.dumps({"data": [[0, "x" * 20]] * 9000, "columns": ["a", "b"]})),
        ("in.jsonl", '[0, "xxxxxxxxxxxxxxxxxxxx"]\n' * 9000),
        ("in.csv", "0,xxxxxxxxxxxxxxxxxxxx\n" * 9000),
    ],
)
def test_an_input_of_one_batch_is_given_at_once(run, tmp_path, name, text):
    (tmp_path / name).write_text(text)
    for rows, options in ((9000, []), (9000, ["--chunk-rows", 9000])):
        done = run(COUNTS, "predict", tmp_path / name, "-", "--output-format", "json", *options)
        assert json.loads(done.stdout)["prediction"] == [[rows]]
    done = run(COUNTS, "predict", tmp_path / name, tmp_path, "--chunk-rows", 8999)
    assert "it was given this input in several parts" in done.stderr


def test_who_asks_for_more_rows_at_once_is_given_as_much_more_memory(run, tmp_path):
    (tmp_path / "in.jsonl").write_text('["%s"]\n' % ("x" * 1000) * 20_000)
    done = run(
        COUNTS, "predict", tmp_path / "in.jsonl", "-", "--output-format", "json", "--chunk-rows", 60_000
    )
    assert json.loads(done.stdout)["prediction"] == [[20_000]]


def test_trailing_commas_in_many_parts_are_one_warning(run, tmp_path):
    rows = ",\n".join(f"[{number},]" for number in range(40))
    (tmp_path / "in.json").write_text(f'{{"data": [\n{rows},\n]}}')
    done = run(DOUBLE, "predict", tmp_path / "in.json", tmp_path, "--chunk-rows", 5, "--workers", 2)
    assert done.returncode == 0
    places = ", ".join(f"{tmp_path}/in.json:{line}:3" for line in range(2, 7))
    assert done.stderr == f"warning: trailing comma overlooked at {places} and 36 more\n"
