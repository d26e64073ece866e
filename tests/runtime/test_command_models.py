"""``predict`` with models that do to their process what a model should not."""

import json
import os
import signal
import subprocess
import time

import pytest

from tests.runtime.serving import until
from tests.runtime.test_command_inputs import document, doubles, wide, written

# What stands in the place of TRICK is done in each prediction.
TRICKY = """
import multiprocessing, os, signal, sys, threading, time

def square(number):
    return number * number

def init():
    return "matrix"

def predict_on_matrix(matrix, provided_columns_names=None):
    TRICK
    return [[2 * row[0]] for row in matrix], ["double"]
"""
workers = pytest.mark.parametrize("workers", [1, pytest.param(2, marks=pytest.mark.slow)])


@pytest.fixture
def predict(run, tmp_path):
    """Predict on three files, given by relative paths; return the process and the folder of results."""

    def predict(trick, *options, source=TRICKY):
        for folder in ("in", "out"):
            (tmp_path / folder).mkdir(exist_ok=True)
        for number in range(3):
            (tmp_path / "in" / f"{number}.json").write_text(document([number]))
        model = {"entrypoint.py": source.replace("TRICK", trick)}
        return run(model, "predict", "in", "out", *options), tmp_path / "out"

    return predict


def is_well(done, out):
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "Prediction is successful. 3 result files are in out\n"
    assert [doubles(out / name) for name in written(out)] == [[0], [2], [4]]
    return True


@workers
@pytest.mark.parametrize(
    "trick",
    [
        'os.chdir("/")',
        "if os.fork() == 0: sys.exit(0)",
        "os.fork()",
        "if os.fork() == 0: raise ValueError",
        'with multiprocessing.get_context("fork").Pool(2) as pool: pool.map(square, [1, 2, 3])',
        "sys.stdout = sys.stderr = sys.stdin = None",
        "sys.stdin.close(); sys.stdout.close(); sys.stderr.close()",
    ],
)
def test_the_run_goes_on_as_if_nothing_had_happened(predict, workers, trick):
    assert is_well(*predict(trick, "--workers", workers))


@pytest.mark.parametrize(("way", "code"), [("sys.exit(7)", 7), ("return [[1]], None", 0), ("1 / 0", 1)])
def test_a_child_ends_as_its_parent_expects(predict, way, code):
    trick = f"child = os.fork()\n    if child == 0: {way}\n    assert os.waitpid(child, 0)[1] == {code} << 8"
    assert is_well(*predict(trick))


def test_a_child_that_is_ended_before_it_knows_that_it_is_one_ends(predict):
    trick = """
    for _ in range(100):
        child = os.fork()
        if child == 0:
            time.sleep(60)
        os.kill(child, signal.SIGTERM)
        assert os.waitpid(child, 0)[1] == signal.SIGTERM
    """
    assert is_well(*predict(trick))


@pytest.mark.slow
def test_a_thread_that_never_ends_keeps_nobody(predict):
    began = time.monotonic()
    assert is_well(*predict("threading.Thread(target=time.sleep, args=(60,)).start()"))
    assert time.monotonic() - began < 9


def test_what_gppi_does_not_allow_is_told_once(predict):
    done, _ = predict("return iter([[1]]), None")
    message = "row 1: predict_on_matrix() returned list_iterator, expected a matrix"
    assert f"error: in/0.json, {message}\n" in done.stderr


def test_an_input_that_grows_while_it_is_read_is_an_error(predict):
    done, out = predict("open('in/1.json', 'a').write(' ') if matrix[0][0] == 1 else None")
    assert done.returncode == 2
    assert done.stderr == "error: in/1.json: was changed while it was read\nerror: 1 of 3 inputs failed\n"
    assert written(out) == ["0.json", "2.json"]


def test_signals_upon_signals_leave_no_file(runtime, model, tmp_path):
    (tmp_path / "in.json").write_text(wide(range(200)))
    packed = model({"entrypoint.py": TRICKY.replace("TRICK", "time.sleep(60 if matrix[0][0] else 0)")})
    arguments = ["predict", tmp_path / "in.json", tmp_path, "--chunk-rows", 10]
    with subprocess.Popen(runtime.argv("cli", *packed.options, *arguments)) as process:
        until(lambda: any(name.endswith(".part") for name in written(tmp_path)), process)
        while process.poll() is None:
            process.send_signal(signal.SIGTERM)
    assert written(tmp_path) == ["in.json"]
    assert process.returncode == 128 + signal.SIGTERM


@pytest.mark.parametrize("way", ["pass", "raise ValueError"])
def test_a_signal_that_the_model_catches_ends_the_run_all_the_same(predict, way):
    caught = f"""
    try:
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(60)
    except BaseException:
        {way}
    """
    done, out = predict(caught)
    assert (done.returncode, done.stdout, done.stderr) == (128 + signal.SIGTERM, "", "")
    assert written(out) == []


def test_nobody_needs_to_hear_of_a_result(runtime, model, tmp_path):
    (tmp_path / "in.json").write_text(document([1]))
    argv = runtime.argv("cli", *model({"entrypoint.py": TRICKY.replace("TRICK", "")}).options)
    full = os.open("/dev/full", os.O_WRONLY)
    try:
        predicted = subprocess.run([*argv, "predict", "in.json", "."], cwd=tmp_path, stdout=full, check=False)
        missing = subprocess.run([*argv, "predict", "no.json", "."], cwd=tmp_path, stderr=full, check=False)
        told = subprocess.run([*argv, "info"], stdout=full, stderr=subprocess.PIPE, check=False)
    finally:
        os.close(full)
    assert (predicted.returncode, missing.returncode, told.returncode) == (0, 2, 2)
    assert told.stderr == b"error: cannot write standard output: No space left on device\n"
    assert json.loads((tmp_path / "result.json").read_text())["prediction"] == [[2]]


def test_a_first_line_of_any_depth_is_no_burden_to_workers(run, tmp_path):
    deep = "[" * 900 + "]" * 900
    (tmp_path / "deep.jsonl").write_text(f"[{deep}]\n[1]\n")
    source = {"entrypoint.py": TRICKY.replace("TRICK", 'return [["seen"] for _ in matrix], ["x"]')}
    done = run(source, "predict", tmp_path / "deep.jsonl", "-", "--workers", 2)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == '{"x": "seen"}\n' * 2
