"""Models that fail, hang and die, and what their callers are told."""

import json
import os
import re
import signal
import subprocess
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing

import pytest

from tests.runtime.serving import is_gone, launch, serve


@pytest.fixture
def start(runtime, model, tmp_path):
    """Serve the misbehaving model with the options given."""
    return lambda *options: serve(runtime, model("misbehaving"), tmp_path, *options)


@pytest.fixture(scope="module")
def front(runtime, model, tmp_path_factory):
    """A server for the faults that leave it as it was."""
    with serve(runtime, model("misbehaving"), tmp_path_factory.mktemp("log")) as running:
        yield running


@pytest.fixture(scope="module")
def hasty(runtime, model, tmp_path_factory):
    """A server that gives up soon, for the faults that cost a worker."""
    packed = model("misbehaving")
    with serve(
        runtime, packed, tmp_path_factory.mktemp("log"), "--timeout", "0.6", "--max-body-bytes", "100"
    ) as running:
        yield running


@pytest.fixture
def at_once():
    with ThreadPoolExecutor(16) as threads:
        yield threads


def test_a_model_that_raises_is_a_500_with_its_words_and_a_traceback_in_the_log(front):
    reply = front.do("raise", "no such vintage")
    assert reply.status == 500
    assert reply.json == {"message": "ValueError: no such vintage", "code": "model_error"}
    front.wait(lambda: "in _raise" in front.stderr)
    assert "Model-Name" not in reply.headers


@pytest.mark.parametrize("command", ["system_exit", "raise_base", "set"])
def test_no_exception_of_a_model_ends_its_worker(front, command):
    before = front.outcome("pid")
    for _ in range(6):  # more often than there are threads
        assert front.do(command, "x").status == 500
    assert front.outcome("pid") == before


def test_a_result_nested_without_end_is_a_500(front):
    assert front.do("deep", 100_000).status == 500
    assert front.outcome("echo", 1) == 1


def test_what_a_model_prints_goes_to_the_log_and_nowhere_else(front):
    assert front.outcome("print", "chatter") == "chatter"
    front.wait(lambda: "chatter by descriptor" in front.stderr)
    for words in ("printed at import", "printed by init", "chatter"):
        assert words in front.stderr
        assert words not in front.stdout


def test_a_model_sees_its_own_interpreter(front):
    location = front.outcome("environ", "MODEL_LOCATION")
    path = front.outcome("path")
    assert path[0] == location
    assert location.endswith("/artifact/model")
    assert not [folder for folder in path if folder.endswith(("/worker", "/front"))]
    assert len(front.outcome("argv")) == 1
    assert not {"uvloop", "h11", "httptools", "prometheus_client", "odahu_front"} & set(
        front.outcome("modules")
    )


def test_threads_predict_at_the_same_time_and_more_wait(front, at_once):
    begun = time.monotonic()
    replies = list(at_once.map(front.do, ["sleep"] * 8, [0.2] * 8))  # there are four threads
    assert [reply.status for reply in replies] == [200] * 8
    assert 0.4 <= time.monotonic() - begun < 1.2  # 1.6 if one after the other


def test_workers_are_processes_that_share_the_work(start, at_once):
    with start("--workers", "2", "--threads", "1") as front:

        def pids_at_once():
            return {
                reply.json["prediction"][0][0] for reply in at_once.map(front.do, ["sleep"] * 2, [0.1] * 2)
            }

        # The second worker may be ready later than the first.
        front.wait(lambda: len(pids_at_once()) == 2)
        pids = pids_at_once()
        assert not any(is_gone(pid) for pid in pids)
    assert all(is_gone(pid) for pid in pids)


def test_a_missed_deadline_is_a_504_and_its_worker_is_replaced(hasty):
    stuck = hasty.outcome("pid")
    begun = time.monotonic()
    reply = hasty.do("sleep", 60)
    assert 0.6 <= time.monotonic() - begun < 5
    assert (reply.status, reply.json["code"]) == (504, "deadline_exceeded")
    hasty.wait_ready()
    assert hasty.outcome("pid") != stuck
    hasty.wait(lambda: is_gone(stuck))


@pytest.mark.slow
def test_other_predictions_of_a_worker_that_missed_a_deadline_may_finish(start, at_once):
    with start("--timeout", "1") as front:
        stuck = at_once.submit(front.do, "sleep", 60)
        time.sleep(0.5)
        other = at_once.submit(front.do, "sleep", 0.7)
        time.sleep(0.1)
        old = front.outcome("pid")
        assert stuck.result().status == 504
        front.wait_ready()
        assert front.outcome("pid") != old
        assert other.result().json["prediction"] == [[old]]
        front.wait(lambda: is_gone(old))


@pytest.mark.parametrize("command", ["exit", "abort"])
def test_a_dying_worker_is_a_503_for_each_request_in_it(hasty, at_once, command):
    others = [at_once.submit(hasty.do, "sleep", 30) for _ in range(2)]
    time.sleep(0.1)
    replies = [hasty.do(command, 3), *(other.result() for other in others)]
    assert [(reply.status, reply.json["code"]) for reply in replies] == [(503, "worker_died")] * 3
    assert all(int(reply.headers["Retry-After"]) >= 1 for reply in replies)
    hasty.wait_ready()
    assert hasty.outcome("echo", "again") == "again"
    assert ("exit status 3" if command == "exit" else "SIGABRT") in hasty.stderr


def test_a_model_killed_from_outside_is_replaced(hasty):
    first = hasty.outcome("pid")
    os.kill(first, signal.SIGKILL)
    hasty.wait(lambda: hasty.ask("GET", "/readiness").status == 503)
    hasty.wait_ready()
    assert hasty.outcome("pid") != first
    assert "SIGKILL (out of memory?)" in hasty.stderr


def test_a_model_that_dies_again_and_again_is_restarted_ever_later(hasty):
    hasty.outcome("pid")
    for _ in range(2):
        assert hasty.do("exit", 0).status == 503
        hasty.wait_ready()
    delays = re.findall(r"starting a new worker in (.*) s", hasty.stderr)
    assert delays[-2:] == ["0.0", "0.5"]
    hasty.outcome("pid")


def test_what_a_dead_worker_started_ends_with_it(hasty):
    child = hasty.outcome("leave_child", 60)
    assert hasty.do("exit", 1).status == 503
    hasty.wait(lambda: is_gone(child))


def test_requests_for_which_there_is_no_memory_are_turned_away(hasty):
    with ExitStack() as stack:
        # Four bodies of the largest size may be held; connections that send slowly hold what they have sent.
        slow = [stack.enter_context(closing(hasty.connect())) for _ in range(4)]
        for connection in slow:
            connection.putrequest("POST", "/api/model/invoke")
            connection.putheader("Content-Length", "100")
            connection.endheaders(b" " * 99)
        time.sleep(0.2)
        refused = hasty.do("echo", "x" * 30)
        assert (refused.status, refused.json["code"]) == (503, "overloaded")
        late = [connection.getresponse() for connection in slow]
        assert [reply.status for reply in late] == [408] * 4
        assert [json.loads(reply.read())["code"] for reply in late] == ["request_timeout"] * 4
    assert hasty.outcome("echo", "x" * 30) == "x" * 30


@pytest.mark.slow
def test_requests_wait_for_a_slot_until_their_deadline_and_beyond_the_queue_not_at_all(start):
    with start("--timeout", "1.2", "--threads", "1") as front, ThreadPoolExecutor(70) as at_once:
        replies = list(at_once.map(front.do, ["sleep"] * 70, [0.9] * 70))
        assert Counter(reply.status for reply in replies) == {200: 1, 504: 64, 503: 5}
        assert {reply.json["message"] for reply in replies if reply.status > 500} == {
            "the prediction took too long",
            "no worker was free in time",
            "too many requests are waiting",
        }


@pytest.mark.parametrize(
    ("init", "words"),
    [
        ("raise RuntimeError('no weights')", 'entrypoint.py", line 3, in init'),
        ("os._exit(7)", "exit status 7"),
    ],
)
def test_a_model_that_cannot_be_loaded_ends_the_server(runtime, model, tmp_path, init, words):
    source = f"import os\ndef init():\n    {init}\n"
    with launch(runtime, model({"entrypoint.py": source}), tmp_path) as process:
        assert process.wait(10) == 1
    log = (tmp_path / "stderr").read_text()
    assert words in log
    assert "the model cannot be served" in log
    assert "gppi_runtime" not in log  # the traceback is the model's, not ours


def test_before_the_model_is_loaded_nothing_can_be_predicted(runtime, model, tmp_path):
    source = "import time\ndef init():\n    time.sleep(60)\n"
    with serve(runtime, model({"entrypoint.py": source}), tmp_path, ready=False) as front:
        for reply in (
            front.wait(lambda: front.ask("GET", "/readiness")),
            front.ask("GET", "/api/model/info"),
            front.invoke({"data": [[1]]}),
        ):
            assert (reply.status, reply.json["code"]) == (503, "no_worker")
            assert reply.headers["Retry-After"] == "1"
        assert front.stop() == 0


def test_a_model_whose_info_fails_predicts_all_the_same(runtime, model, tmp_path):
    with serve(runtime, model("encoder"), tmp_path) as front:
        reply = front.invoke({"columns": ["a"], "data": [["x"]]})
        assert reply.json == {"prediction": [["0.10", None]], "columns": ["price", "rest"]}
        assert "no samples at hand" in front.stderr
        assert (
            front.ask("GET", "/api/model/info").json["definitions"]["PredictionParameters"]["x-columns"] == []
        )


def test_modules_of_a_model_may_have_the_names_of_any_other(runtime, model, tmp_path):
    """Whatever of the standard library nothing has imported when the model comes must not matter to us."""
    listed = subprocess.run(
        [runtime.python, "-I", "-c", _LIST_MODULES], capture_output=True, text=True, check=True
    )
    files = {
        f"{name}.py": f"raise RuntimeError('the shadow of {name} was imported')\n"
        for name in listed.stdout.split()
    }
    files["entrypoint.py"] = (
        "def init():\n    return 'matrix'\n"
        "def predict_on_matrix(matrix, provided_columns_names=None):\n"
        "    if matrix[0][0] == 'raise':\n        return matrix.naem\n"
        "    return matrix, ['x']\n"
    )
    with serve(runtime, model(files), tmp_path) as front:
        assert front.do("echo", 1).json["prediction"] == [["echo", 1]]
        assert "AttributeError" in front.do("raise").json["message"]
        assert front.invoke(b"\xff{").status == 400
        assert front.invoke("[1,]").status == 400
        assert "shadow" not in front.stderr


_LIST_MODULES = """
import os, pkgutil
for module in pkgutil.iter_modules([os.path.dirname(os.__file__)]):
    print(module.name)
"""
