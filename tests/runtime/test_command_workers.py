"""``predict --workers N``: several processes, one order, and what becomes of a process that dies."""

import json
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.runtime.serving import until
from tests.runtime.test_command_inputs import DOUBLE, document, wide, written

pytestmark = pytest.mark.slow

# Later rows are answered sooner, so that answers come in another order than they are asked for.
HASTY = {
    "entrypoint.py": """
import os, time

def init():
    return "matrix"

def predict_on_matrix(matrix, provided_columns_names=None):
    time.sleep(0.02 if matrix[0][0] % 4 == 0 else 0)
    return [[row[0], os.getpid()] for row in matrix], ["row", "worker"]
"""
}
# A row that is a text is a command.
WILFUL = {
    "entrypoint.py": """
import os, signal, subprocess, sys, time

def init():
    return "matrix"

def predict_on_matrix(matrix, provided_columns_names=None):
    for row in matrix:
        if row[0] == "exit":
            os._exit(3)
        if row[0] == "orphan":
            # Its child keeps all that the worker has open.
            if os.fork() == 0:
                time.sleep(30)
                os._exit(0)
            os._exit(4)
        if row[0] == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if row[0] == "interrupt":
            raise KeyboardInterrupt
        if row[0] == "sleep":
            print("sleeping", os.getpid(), flush=True)
            time.sleep(60)
    return [[row[0]] for row in matrix], ["row"]
"""
}


@pytest.fixture
def predict(run, tmp_path):
    """Predict on a document with some workers; return the process and the folder of results."""
    out = tmp_path / "out"
    out.mkdir()

    def predict(source, document, *options, workers=2):
        (tmp_path / "in.json").write_text(document)
        return run(source, "predict", tmp_path / "in.json", out, "--workers", workers, *options), out

    return predict


def test_workers_share_a_file_and_its_order_stays(predict):
    done, out = predict(HASTY, wide(range(100)), "--chunk-rows", 3, workers=3)
    assert (done.returncode, done.stderr) == (0, "")
    rows = json.loads((out / "result.json").read_text())["prediction"]
    assert [number for number, _ in rows] == list(range(100))
    assert len({worker for _, worker in rows}) == 3


def test_workers_share_files_that_are_small(run, tmp_path):
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    out.mkdir()
    for number in range(40):
        (folder / f"{number:02}.json").write_text(document([number]))
    done = run(HASTY, "predict", folder, out, "--workers", 2)
    assert (done.returncode, done.stderr) == (0, "")
    rows = [json.loads((out / name).read_text())["prediction"][0] for name in written(out)]
    assert [number for number, _ in rows] == list(range(40))
    assert len({worker for _, worker in rows}) == 2


def test_a_model_that_cannot_be_loaded_is_told_once(run, tmp_path):
    (tmp_path / "in.json").write_text(document([1]))
    done = run({"entrypoint.py": "1 / 0"}, "predict", tmp_path / "in.json", tmp_path, "--workers", 3)
    assert done.returncode == 1
    assert done.stderr == (
        "error: importing the entrypoint entrypoint failed: ZeroDivisionError: division by zero\n"
    )


def test_a_process_that_dies_while_it_loads_the_model_is_told(run, tmp_path):
    (tmp_path / "in.json").write_text(document([1]))
    source = {"entrypoint.py": "import os\nos._exit(7)\n"}
    done = run(source, "predict", tmp_path / "in.json", tmp_path, "--workers", 2)
    assert done.returncode == 1
    assert done.stderr == "error: the worker process ended with exit code 7 while it loaded the model\n"


@pytest.mark.parametrize(
    ("command", "fate"),
    [
        ("exit", "ended with exit code 3"),
        ("orphan", "ended with exit code 4"),
        ("kill", "was ended by SIGKILL, perhaps since there was no memory left"),
    ],
)
def test_a_worker_that_dies_is_the_models_fault_and_names_the_place(predict, command, fate):
    done, out = predict(WILFUL, wide([*range(12), command, *range(13, 20)]), "--chunk-rows", 5)
    assert done.returncode == 1
    rows = r"rows (\d+) to (\d+)"
    told = re.fullmatch(rf"error: {out.parent}/in.json, {rows}: the worker process {fate}\n", done.stderr)
    assert 1 < int(told[1]) <= 13 <= int(told[2]) < 20
    assert written(out) == []


def test_a_worker_that_dies_takes_one_file_with_it(run, tmp_path):
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    out.mkdir()
    for number in range(6):
        (folder / f"{number}.json").write_text(document(["exit" if number in (1, 2) else number]))
    done = run(WILFUL, "predict", folder, out, "--workers", 2)
    assert done.returncode == 1
    assert done.stderr.count("ended with exit code 3") == 2
    assert written(out) == ["0.json", "3.json", "4.json", "5.json"]


@pytest.mark.parametrize("workers", [1, 2])
def test_an_interrupt_that_the_model_raises_is_its_fault(predict, workers):
    done, out = predict(WILFUL, document(["interrupt"]), "--debug", workers=workers)
    assert done.returncode == 1
    assert f"{out.parent}/in.json, row 1: KeyboardInterrupt\n" in done.stderr
    assert "in predict_on_matrix" in done.stderr


def test_wrong_input_is_told_by_workers_as_by_one_process(predict):
    rows = '{"data": [[1, 2], [3, 4], [5, 6, 7], [8, 9]]}'
    told = [predict(DOUBLE, rows, workers=workers)[0] for workers in (1, 2)]
    assert told[0].returncode == told[1].returncode == 2
    assert told[0].stderr == told[1].stderr != ""


def test_workers_leave_what_they_print_out_of_the_result(run):
    source = {"entrypoint.py": "print('at import')\n" + DOUBLE["entrypoint.py"]}
    done = run(source, "predict", "-", "-", "--workers", 2, input=document([1]))
    assert json.loads(done.stdout)["prediction"] == [[2]]
    assert done.stderr == "at import\n" * 2


@pytest.mark.slow
def test_a_model_that_forgets_to_end_keeps_nobody(run, tmp_path):
    source = DOUBLE["entrypoint.py"] + (
        "\nimport threading, time\nthreading.Thread(target=time.sleep, args=(60,)).start()\n"
    )
    (tmp_path / "in.json").write_text(document([1]))
    begin = time.monotonic()
    done = run({"entrypoint.py": source}, "predict", tmp_path / "in.json", tmp_path, "--workers", 2)
    assert done.returncode == 0
    assert time.monotonic() - begin < 8


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_all_workers_and_leaves_no_file(runtime, model, tmp_path, number):
    process, out, pids = asleep(runtime, model, tmp_path)
    process.send_signal(number)
    assert process.wait(5) == 128 + number
    assert written(out) == []
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)


def test_workers_end_with_a_command_that_is_killed(runtime, model, tmp_path):
    process, out, pids = asleep(runtime, model, tmp_path)
    process.kill()
    process.wait(5)
    until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids))
    assert written(out) == []


def asleep(runtime, model, tmp_path):
    """Start a prediction that sleeps in two workers; return the command, its folder and the workers' ids."""
    out, log = tmp_path / "out", tmp_path / "log"
    out.mkdir()
    (tmp_path / "in.json").write_text(wide(["sleep"] * 40))
    arguments = ["predict", tmp_path / "in.json", out, "--workers", 2, "--chunk-rows", 1]
    with log.open("wb") as stderr:
        process = subprocess.Popen(runtime.argv("cli", *model(WILFUL).options, *arguments), stderr=stderr)
    until(lambda: log.read_text().count("sleeping") == 2, process)
    return process, out, [line.split()[1] for line in log.read_text().splitlines()]
