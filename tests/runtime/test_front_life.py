"""The server as a process: options, signals, exit codes, orphans."""

import os
import signal
import socket
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.runtime.serving import is_gone, serve, until

# The first worker to make the folder fails; the other one is at work until it is ended.
SLOW_OR_BROKEN = """
import os, time

def init():
    try:
        os.mkdir(os.path.join(os.environ["MODEL_LOCATION"], "broken"))
    except FileExistsError:
        time.sleep(60)
    time.sleep(0.5)
    raise RuntimeError("no weights")
"""

# The server is made, but does not run yet, when its only worker has ended and SIGCHLD has come.
DAWDLING_FRONT = """
import os, sys
sys.path.insert(0, sys.argv[1])
from odahu_front import main, server

def make_and_dawdle(self, *arguments, make=server.Server.__init__):
    make(self, *arguments)
    os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT)

server.Server.__init__ = make_and_dawdle
sys.exit(main.main(sys.argv[2:]))
"""


def _run(runtime, *arguments):
    argv = runtime.argv("front", *arguments, site=False)
    return subprocess.run(argv, capture_output=True, text=True, timeout=20, check=False)


def _refuses(front):
    try:
        socket.create_connection(("127.0.0.1", front.port)).close()
    except ConnectionRefusedError:
        return True
    return False


def test_a_signal_lets_requests_finish_and_ends_with_0(runtime, model, tmp_path):
    with (
        serve(runtime, model("misbehaving"), tmp_path, "--threads", "1") as front,
        ThreadPoolExecutor(2) as ask,
    ):
        idle = front.connect()
        idle.request("GET", "/healthcheck")
        idle.getresponse().read()
        replies = [ask.submit(front.do, "sleep", 0.3) for _ in range(2)]
        time.sleep(0.1)
        front.process.send_signal(signal.SIGTERM)
        front.wait(lambda: _refuses(front))
        assert [reply.result().status for reply in replies] == [200, 200]
        assert front.process.wait(5) == 0
        idle.close()


def test_the_log_says_once_when_the_model_is_loaded(runtime, model, tmp_path):
    with serve(runtime, model("wine"), tmp_path, "--workers", "2") as front:
        front.wait(lambda: 'odahu_workers{state="ready"} 2.0' in front.ask("GET", "/metrics").body.decode())
        assert front.stderr.count("the model is loaded") == 1


def test_a_second_signal_ends_at_once(runtime, model, tmp_path):
    with serve(runtime, model("misbehaving"), tmp_path) as front, ThreadPoolExecutor(1) as ask:
        worker = front.outcome("pid")
        reply = ask.submit(front.do, "sleep", 50)
        time.sleep(0.2)
        front.process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        assert front.process.poll() is None
        front.process.send_signal(signal.SIGTERM)
        assert front.process.wait(5) == 0
        assert reply.result().status == 503
        assert is_gone(worker)


def test_a_worker_ends_with_a_killed_front(runtime, model, tmp_path):
    with serve(runtime, model("misbehaving"), tmp_path) as front:
        worker = front.outcome("pid")
        front.process.kill()
        front.process.wait()
        until(lambda: is_gone(worker))


def test_help_tells_all_options_and_needs_no_model(runtime):
    shown = _run(runtime, "--help")
    assert shown.returncode == 0
    for option in ("--host", "--port", "--timeout", "--workers", "--threads", "--max-body-bytes"):
        assert option in shown.stdout


def test_a_wrong_option_is_a_usage_error(runtime):
    refused = _run(runtime, "--workers", "0")
    assert refused.returncode == 2
    assert "argument --workers: '0' is not a whole number from 1" in refused.stderr


def test_a_host_that_is_none_is_an_error_in_words(runtime, model):
    refused = _run(runtime, "--host", "not a host; rm -rf /", *model("wine").options)
    assert refused.returncode == 1
    assert "cannot listen on" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_port_that_is_taken_is_an_error_in_words(runtime, model):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        refused = _run(runtime, "--host", "127.0.0.1", "--port", port, *model("wine").options)
    assert refused.returncode == 1
    assert refused.stderr == f"front: cannot listen on '127.0.0.1' port {port}: Address already in use\n"


@pytest.mark.parametrize(("host", "page"), [("127.0.0.1", True), ("0.0.0.0", False)])
def test_a_browsers_address_is_told_where_there_is_one(runtime, model, tmp_path, host, page):
    with serve(runtime, model("misbehaving"), tmp_path, "--host", host) as front:
        assert (f"Try it out at http://{host}:{front.port}/\n" in front.stderr) is page


def test_the_workers_that_end_with_a_broken_one_leave_no_riddle(runtime, model):
    refused = _run(
        runtime, "--port", "0", "--workers", "2", *model({"entrypoint.py": SLOW_OR_BROKEN}).options
    )
    assert refused.returncode == 1
    assert "RuntimeError: no weights" in refused.stderr
    assert "SIGKILL (by the front)" in refused.stderr
    assert "out of memory" not in refused.stderr


def test_a_worker_may_end_before_anybody_listens(runtime, model):
    options = model({"entrypoint.py": "def init():\n    raise RuntimeError('no weights')\n"}).options
    places = [runtime.home / "front", "--worker", runtime.home / "worker", "--port", "0"]
    argv = [runtime.python, "-I", "-S", "-c", DAWDLING_FRONT, *map(str, places), *options]
    ended = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 1
    assert "ended: exit status 1" in ended.stderr
    assert "the model cannot be served: init() failed: RuntimeError: no weights" in ended.stderr


def test_as_process_1_it_reaps_orphans_and_ends_on_sigterm(runtime, model, tmp_path):
    """In a process namespace of its own the server is process 1, as in a container."""
    namespace = ["unshare", "--fork", "--pid", "--mount-proc", "--kill-child"]
    if subprocess.run([*namespace, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this user cannot make a process namespace")
    with serve(runtime, model("misbehaving"), tmp_path, prefix=namespace) as front:
        assert front.outcome("leave_orphan", 0.1) == 1
        time.sleep(0.2)
        assert front.outcome("zombies") == []
        children = Path(f"/proc/{front.process.pid}/task/{front.process.pid}/children").read_text()
        os.kill(int(children), signal.SIGTERM)
        assert front.process.wait(5) == 0


@pytest.mark.slow
def test_a_client_that_does_not_read_its_answer_does_not_hold_up_the_end(runtime, model, tmp_path):
    with serve(runtime, model("misbehaving"), tmp_path, "--timeout", "2") as front, socket.socket() as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        line.connect(("127.0.0.1", front.port))
        body = b'{"data": [["echo", "%s"]]}' % (b"x" * 20_000_000)
        line.sendall(
            b"POST /api/model/invoke HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body) + body
        )
        front.wait(lambda: '"status": 200' in front.stdout)
        front.process.send_signal(signal.SIGTERM)
        assert front.process.wait(6) == 0
