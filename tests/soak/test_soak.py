"""A server of two workers with batches, among clients and a model that do all wrong, for a long time."""

import json
import os
import re
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from random import Random

import pytest

from tests.runtime.layout import Runtime, install_from_this_environment, lay_out, pack_model
from tests.runtime.metrics import samples, value
from tests.runtime.serving import serve
from tests.soak.clients import CLIENTS, Tally, repeat
from tests.soak.gauges import children, look, pss_at_rest, watch_process

pytestmark = pytest.mark.slow

SECONDS = float(os.environ.get("ODAHU_PACK_SOAK_SECONDS") or 20)
WORKERS = 2
OPTIONS = ("--workers", str(WORKERS), "--threads", "4", "--max-batch-size", "32", "--timeout", "2")
# After two minutes nothing may grow; a short run has not filled its buffers when it is warm.
LONG = SECONDS >= 180
WARM_SECONDS = 120 if LONG else SECONDS / 4
GROWTH = 1.05 if LONG else 1.2
# A frame of ours in a traceback, or words of what runs us.
OURS = re.compile(r"the front failed|odahu_front|odahu_worker|gppi_runtime|asyncio|uvloop|Exception in")


@pytest.fixture
def front(tmp_path):
    home = tmp_path / "opt"
    home.mkdir()
    lay_out(home)
    install_from_this_environment(home / "front")
    packed = pack_model(tmp_path / "model", "rows")
    with serve(Runtime(sys.executable, home), packed, tmp_path / "log", *OPTIONS) as running:
        yield running


def all_ready(front):
    return value(front, "odahu_workers", state="ready") == WORKERS


def run_clients(front, tally, seconds):
    """Let all clients at the server; return what went wrong and the server's memory and files."""
    stop = threading.Event()
    with ThreadPoolExecutor(len(CLIENTS)) as threads:
        running = [
            threads.submit(repeat, client, front.port, Random(number), tally, stop)
            for number, client in enumerate(CLIENTS)
        ]
        try:
            measured = watch_process(front.process.pid, seconds, stop)
        finally:
            stop.set()
        faults = [fault for fault in (client.result() for client in running) if fault]
    return faults, measured


def run_for(front, tally, seconds):
    """Let the clients at the server, and let it come to rest; return its memory then, and while they ran."""
    faults, measured = run_clients(front, tally, seconds)
    assert not faults
    front.wait(lambda: all_ready(front))
    return pss_at_rest(front.process.pid), measured


def test_nothing_is_lost_wrong_or_left_behind(front, tmp_path):
    front.wait(lambda: all_ready(front))
    before = look(front.process.pid, time.monotonic())
    tally = Tally()

    warm, early = run_for(front, tally, WARM_SECONDS)
    late, measured = run_for(front, tally, SECONDS - WARM_SECONDS)

    print(json.dumps({" ".join(map(str, key)): count for key, count in sorted(tally.met.items(), key=str)}))  # noqa: T201  # for who runs it alone
    print("PSS in KiB every 10 s:", [sample.pss_kib for sample in (*early, *measured)[::10]])  # noqa: T201
    print("PSS in KiB at rest:", warm, late)  # noqa: T201
    assert tally.met["ask", "right"] > 10 * SECONDS
    assert tally.met["ask", "right"] > 4 * tally.met["ask", "excused"]
    front.wait(lambda: all_ready(front))
    front.wait(lambda: look(front.process.pid, 0).files <= before.files)
    assert len(children(front.process.pid)) == WORKERS
    found = samples(front)
    assert found["odahu_queue_requests", ()] == found["odahu_predicting_requests", ()] == 0
    assert found["odahu_worker_restarts_total", ()] >= tally.met["exit", "worker_died"] > 0
    assert late < GROWTH * warm
    assert front.stop() == 0
    assert not OURS.findall(front.stderr)
    logged = count_logged(tmp_path / "log" / "stdout")
    counted = Counter()
    for (name, labels), count in found.items():
        if name == "odahu_requests_total":
            counted[int(dict(labels)["status"])] += count
    counted[200] += 1  # the question for the metrics itself
    assert found["odahu_access_log_dropped_total", ()] == 0
    assert logged == counted


def count_logged(path):
    """Count the lines of the access log by status; each must be a JSON object."""
    with path.open() as log:
        return Counter(json.loads(line)["status"] for line in log)
