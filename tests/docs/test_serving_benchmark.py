"""The benchmark of servers: what it measures is what it says, and whoever errs gets no figure."""

import json
import subprocess
import sys
import time

import pytest

from benchmarks.measure import BenchmarkError
from benchmarks.report import write
from benchmarks.serving.contender import Contender
from benchmarks.serving.figures import figures
from benchmarks.serving.load import Load, Outcome, put_under
from benchmarks.serving.processes import held_by
from benchmarks.serving.promises import kept_and_broken
from benchmarks.serving.rounds import LOADS, Effort, Sample
from benchmarks.serving.running import running

SERVER = """\
import http.server, json, sys

class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        rows = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        body = json.dumps([sum(row) for row in rows]).encode()
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""
FAMILY = """\
import subprocess, sys
subprocess.run([sys.executable, "-c", '''
import time
held = b"x" * 60_000_000
while time.process_time() < 0.5:
    pass
print("held", flush=True)
time.sleep(60)
'''])
"""
RATES = {
    "odahu-pack": 4500,
    "odahu-pack with batching": 14000,
    "MLflow 3": 200,
    "MLflow 3 with tensors": 1200,
    "BentoML 1": 500,
    "BentoML 1 with batching": 650,
    "bare ASGI app": 7000,
}


def contender(folder, text):
    (folder / "server.py").write_text(text)
    command = [sys.executable, folder / "server.py"]
    return Contender("try", lambda port: [*command, str(port)], "/", lambda rows: rows, lambda it: it, folder)


def samples(**changed):
    rates = {**RATES, **{who.replace("_", " "): rate for who, rate in changed.items()}}
    for load in LOADS:
        for who, rate in rates.items():
            latency = 1000 * load.connections / rate
            memory = 120 if who.startswith("odahu") else 240
            yield Sample(who, load, Outcome(rate, 1, latency, 2 * latency), 1000 / rate, memory)


def promises(folder, **changed):
    write(figures(list(samples(**changed)), Effort()), folder)
    rows = json.loads((folder / "serving.json").read_text())["rows"]
    return list(kept_and_broken(rows))


def test_a_server_is_charged_for_the_processes_that_it_started():
    with subprocess.Popen([sys.executable, "-c", FAMILY], stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout.readline() == b"held\n"
            held = held_by(process.pid)
        finally:
            subprocess.run(["pkill", "--signal", "KILL", "--parent", str(process.pid)], check=True)
    assert held.cpu_seconds > 0.45  # the kernel counts in hundredths, and rounds each of two sums down
    assert 60 < held.pss_mib < 200
    assert held_by(process.pid).pss_mib == 0


def test_a_server_is_started_seen_to_predict_and_ended(tmp_path):
    with running(contender(tmp_path, SERVER), tmp_path, [[1, 2], [3, 4]], [3, 7]) as server:
        assert server.logs_another(1, since=0)
        assert not server.logs_another(99, since=0, patience=0.1)
    deadline = time.monotonic() + 5
    while held_by(server.pid).pss_mib and time.monotonic() < deadline:
        time.sleep(0.01)
    assert held_by(server.pid).pss_mib == 0


def test_a_server_that_predicts_something_else_is_no_figure(tmp_path):
    with (
        pytest.raises(BenchmarkError, match=r"try predicts \[3\], not \[4\]"),
        running(contender(tmp_path, SERVER), tmp_path, [[1, 2]], [4]),
    ):
        pass


def test_a_server_that_ends_is_no_figure(tmp_path):
    with (
        pytest.raises(BenchmarkError, match=r"try does not answer:\nout of"),
        running(contender(tmp_path, "print('out of memory')"), tmp_path, [[1]], [1]),
    ):
        pass


@pytest.mark.slow
def test_a_load_counts_what_the_server_answered(tmp_path, program):
    program("wrk")
    body = tmp_path / "body.json"
    body.write_text("[[1, 2]]")
    with running(contender(tmp_path, SERVER), tmp_path, [[1]], [1]) as server:
        before = server.logged()
        outcome = put_under(server.url, body, Load(1, 2), 1)
        assert server.logs_another(outcome.requests, since=before)
        assert outcome.requests <= server.logged() - before <= outcome.requests + 2
    assert 0 < outcome.p50_ms <= outcome.p99_ms
    assert outcome.seconds >= 1


@pytest.mark.slow
def test_an_answer_with_an_error_is_no_figure(tmp_path, program):
    program("wrk")
    body = tmp_path / "body.json"
    body.write_text("[[1, 2], 3]")
    with (
        running(contender(tmp_path, SERVER), tmp_path, [[1]], [1]) as server,
        pytest.raises(BenchmarkError, match="not every request was answered"),
    ):
        put_under(server.url, body, Load(1, 2), 1)


def test_the_promises_hold_for_figures_that_keep_them(tmp_path):
    found = promises(tmp_path)
    assert [promise for kept, promise in found if not kept] == []
    assert len(found) == 26


@pytest.mark.parametrize(
    ("changed", "broken"),
    [
        ({"odahu-pack": 3900}, "Requests/s of 1 row, 8 connections, MLflow 3 (200) is at most 0.05 times"),
        ({"BentoML 1": 600}, "Requests/s of 1 row, 32 connections, BentoML 1 (600) is at most 0.125 times"),
        ({"bare ASGI app": 9100}, "p50 ms of 1 row, 1 connection, odahu-pack (0.2222) is at most 2 times"),
        ({"odahu-pack with batching": 12900}, "BentoML 1 with batching (650) is at most 0.05 times"),
    ],
)
def test_a_broken_promise_is_told_with_its_figures(tmp_path, changed, broken):
    assert any(broken in promise for kept, promise in promises(tmp_path, **changed) if not kept)


def test_figures_say_how_many_times_as_many_odahu_pack_answers(tmp_path):
    text = write(figures(list(samples()), Effort()), tmp_path)
    [row] = [line for line in text.splitlines() if line.startswith("| 1 row, 8 connections, BentoML 1 |")]
    assert "| 500.00 (500.00 to 500.00) | 9.00 | 28.00 |" in row
    assert text.index("odahu-pack") < text.index("BentoML 1 |")
