"""What those see who operate a server: health, metrics, the access log, and how it ends."""

import fcntl
import json
import os
import select
import signal
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing

import pytest

from tests.runtime.metrics import samples, value
from tests.runtime.serving import serve

pytestmark = pytest.mark.slow

PAGE = 4096
INVOKE = b"POST /api/model/invoke HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%b"


@pytest.fixture
def start(runtime, model, tmp_path):
    """Serve the model that obeys rows, one at a time."""
    return lambda *options, **others: serve(
        runtime, model("rows"), tmp_path, "--threads", "1", *options, **others
    )


@pytest.fixture
def front(start):
    with start() as running:
        yield running


@pytest.fixture(scope="module")
def calm(runtime, model, tmp_path_factory):
    """A server for what leaves it as it was."""
    name = 'wine "é"\\\n{} '
    packed = model("rows", name=name, version="1\n2")
    with serve(runtime, packed, tmp_path_factory.mktemp("log")) as running:
        yield running


@pytest.fixture
def at_once():
    with ThreadPoolExecutor(16) as threads:
        yield threads


def logged(front, name):
    """Return the line of the access log with a request id."""

    def find():
        lines = map(json.loads, front.stdout.split("\n")[:-1])
        return next((line for line in lines if line["request_id"] == name), None)

    return front.wait(find)


# Health.


def test_a_server_is_alive_before_it_can_predict(runtime, model, tmp_path):
    source = "import time\ndef init():\n    time.sleep(60)\n"
    with serve(runtime, model({"entrypoint.py": source}), tmp_path, ready=False) as front:
        assert front.wait(lambda: front.ask("GET", "/healthcheck")).json == {"status": True}
        assert front.ask("GET", "/readiness").status == 503
        assert value(front, "odahu_workers", state="starting") == 1


def test_a_server_is_alive_while_its_workers_are_gone(front):
    assert front.do("exit", 1).status == 503
    front.wait_ready()
    assert front.do("exit", 1).status == 503
    # Nothing was answered in between: the next worker comes after half a second.
    assert front.ask("GET", "/healthcheck").status == 200
    assert front.ask("GET", "/readiness").status == 503
    found = samples(front)
    assert [name for name, _ in found if name == "odahu_workers"] == []
    assert found["odahu_worker_restarts_total", ()] == 2
    front.wait_ready()
    assert value(front, "odahu_workers", state="ready") == 1


# Metrics.


def test_requests_are_counted_by_path_method_and_status(front):
    for _ in range(3):
        front.do("double", 2)
    front.do("raise", 2)
    front.ask("GET", "/api/model/invoke")
    found = samples(front)

    def count(method, status):
        labels = (("method", method), ("path", "/api/model/invoke"), ("status", status))
        return found["odahu_requests_total", labels]

    assert (count("POST", "200"), count("POST", "500"), count("GET", "405")) == (3, 1, 1)
    path = ("path", "/api/model/invoke")
    assert found["odahu_request_duration_seconds_count", (path,)] == 5
    assert found["odahu_request_duration_seconds_bucket", (("le", "+Inf"), path)] == 5
    assert 0 < found["odahu_request_duration_seconds_sum", (path,)] < 5
    assert found["odahu_batch_rows_count", ()] == 4
    assert found["odahu_start_time_seconds", ()] == pytest.approx(time.time(), abs=60)


def test_what_a_client_makes_up_becomes_no_label(front):
    front.ask("GET", "/x")
    before = set(samples(front))
    for number in range(50):
        front.ask("GET", f"/secret-{number}")
        front.ask("M-SEARCH", f"/{number}")
    front.ask("REPORT", "/healthcheck")
    after = samples(front)
    labels = {label for name, labels in after for label in labels if label[0] in ("path", "method")}
    assert {method for label, method in labels if label == "method"} <= {"GET", "POST", "other"}
    assert not [path for label, path in labels if "secret" in path]
    assert len(set(after) - before) < 60  # those of /healthcheck, and new statuses


def test_waiting_and_predicting_requests_are_told(front, at_once):
    replies = [at_once.submit(front.do, "sleep", 150) for _ in range(5)]
    front.wait(lambda: value(front, "odahu_queue_requests") == 4)
    assert value(front, "odahu_predicting_requests") == 1
    assert [reply.result().status for reply in replies] == [200] * 5
    found = samples(front)
    assert (found["odahu_queue_requests", ()], found["odahu_predicting_requests", ()]) == (0, 0)


def test_a_retired_worker_is_told_until_it_ends(start, at_once):
    with start("--timeout", "0.8", "--threads", "2") as front:
        stuck = at_once.submit(front.do, "sleep", 60_000)
        time.sleep(0.4)
        other = at_once.submit(front.do, "sleep", 700)
        assert stuck.result().status == 504
        assert value(front, "odahu_workers", state="retired") == 1
        assert other.result().status == 200
        front.wait(lambda: value(front, "odahu_workers", state="retired") == 0)
        assert value(front, "odahu_worker_restarts_total") == 1


def test_a_models_name_is_a_label_whatever_it_is(calm):
    assert value(calm, "odahu_model_info", name='wine "é"\\\n{} ', version="1\n2") == 1


# The access log.


@pytest.mark.parametrize(
    "target",
    ['/a"b\\c', "/%0a%22%00", "/%ff%c3", "/\u00e9\u2028", "/" + "x" * 20_000, "no/slash", "/?q=%22", "*"],
)
def test_every_answer_is_a_line_of_json_whatever_was_asked(calm, target):
    line = socket.create_connection(("127.0.0.1", calm.port), timeout=5)
    with closing(line), line.makefile("rb") as answers:
        line.sendall(b"GET %b HTTP/1.1\r\nHost: x\r\n\r\n" % target.encode())
        head, _ = read_answer(answers)
    told = logged(calm, head.partition(b"x-request-id: ")[2].split(b"\r\n")[0].decode())
    assert told["status"] == int(head.split()[1])
    assert told["status"] in (200, 400, 404)
    assert len(told["path"]) <= 1024


def read_answer(stream):
    head = b"".join(iter(stream.readline, b"\r\n"))
    length = int(head.partition(b"content-length: ")[2].split(b"\r\n")[0])
    return head, stream.read(length)


@pytest.mark.parametrize("given", ["abc-123", "!" * 128])
def test_a_request_id_is_taken_returned_and_logged(calm, given):
    reply = calm.invoke({"data": [["double", 1]]}, **{"X-Request-ID": given})
    assert reply.headers["X-Request-ID"] == given
    assert logged(calm, given)["path"] == "/api/model/invoke"


@pytest.mark.parametrize("given", ["", "two words", "x" * 129, "caf\u00e9"])
def test_a_request_id_that_is_none_is_replaced(calm, given):
    headers = [calm.ask("GET", "/x", headers={"X-Request-ID": given}).headers for _ in range(2)]
    names = {each["X-Request-ID"] for each in headers}
    assert len(names) == 2
    assert given not in names
    assert {logged(calm, name)["status"] for name in names} == {404}


def test_each_refusal_has_a_request_id(calm):
    for reply in (calm.invoke(b"{"), calm.ask("PUT", "/"), calm.do("raise", 1)):
        assert reply.status >= 400
        assert logged(calm, reply.headers["X-Request-ID"])["status"] == reply.status


@pytest.fixture
def stalled(tmp_path):
    """Pipes for the logs that hold no more than a page, and whose reader does nothing by itself."""
    names = {"out": tmp_path / "out", "err": tmp_path / "err"}
    with ExitStack() as stack:
        ends = {}
        for name, path in names.items():
            os.mkfifo(path)
            ends[name] = os.open(path, os.O_RDWR)
            stack.callback(os.close, ends[name])
            fcntl.fcntl(ends[name], fcntl.F_SETPIPE_SZ, PAGE)
        yield names, ends


@pytest.mark.slow
def test_a_reader_of_the_access_log_that_stalls_holds_up_no_answer(start, stalled):
    names, ends = stalled
    prefix = ["sh", "-c", f'exec "$0" "$@" > {names["out"]}']
    target = b"/" + b"%01" * 1000  # six times as long in the log
    count = 2000
    with start(prefix=prefix) as front:
        line = socket.create_connection(("127.0.0.1", front.port), timeout=15)
        with closing(line), line.makefile("rb") as answers:
            for _ in range(count // 20):
                line.sendall(b"GET %b HTTP/1.1\r\nHost: x\r\n\r\n" % target * 20)
                for _ in range(20):
                    read_answer(answers)
        front.wait(lambda: value(front, "odahu_access_log_dropped_total") > 0)
        assert front.do("double", 21).json["prediction"][0][0] == 42
        lines = [json.loads(line) for line in read_until(ends["out"], front).splitlines()]
        dropped = value(front, "odahu_access_log_dropped_total")
        assert count - dropped <= len([each for each in lines if each["status"] == 404]) < count


def read_until(descriptor, front):
    """Read a log to its end, and on until an answer stands in it: one is given up while there is no room."""
    written = b""
    while True:
        last = front.ask("GET", "/healthcheck").headers["X-Request-ID"].encode()
        while select.select([descriptor], [], [], 0.5)[0]:
            written += os.read(descriptor, PAGE)
        if last in written:
            return written


def test_a_reader_of_the_other_log_that_stalls_holds_up_no_answer(start, stalled, tmp_path):
    names, ends = stalled
    prefix = ["sh", "-c", f'exec "$0" "$@" 2> {names["err"]}']

    def read_first_line():
        line = b""
        while not line.endswith(b"\n"):
            line += os.read(ends["err"], 1)
        with (tmp_path / "stderr").open("ab") as log:
            log.write(line)

    with ThreadPoolExecutor(1) as reader:
        reader.submit(read_first_line)
        with start(prefix=prefix) as front:
            fill(ends["err"])
            for _ in range(6):
                assert front.do("raise", 1).status == 500
            for _ in range(2):
                os.kill(front.do("double", 1).json["prediction"][0][1], signal.SIGKILL)
                front.wait(lambda: front.ask("GET", "/readiness").status == 503)
                front.wait_ready()
            assert front.do("double", 21).json["prediction"][0][0] == 42


def fill(descriptor):
    os.set_blocking(descriptor, False)
    try:
        while True:
            os.write(descriptor, b"x")
    except BlockingIOError:
        return


# The queue.


@pytest.mark.slow
def test_a_queue_of_clients_that_have_left_is_room_for_others(start, at_once):
    with start("--timeout", "1.5") as front, ExitStack() as stack:
        first = at_once.submit(front.do, "sleep", 1000)
        front.wait(lambda: value(front, "odahu_predicting_requests") == 1)
        lines = [stack.enter_context(closing(front.connect())) for _ in range(64)]
        for line in lines:
            line.request("POST", "/api/model/invoke", '{"data": [["double", 1]]}')
        front.wait(lambda: value(front, "odahu_queue_requests") == 64)
        full = front.do("double", 2)
        assert (full.status, full.json["code"], full.headers["Retry-After"]) == (503, "overloaded", "1")
        for line in lines:
            line.close()
        front.wait(lambda: front.stdout.count('"status": 499') == 64)
        assert front.do("double", 21).json["prediction"][0][0] == 42
        assert first.result().status == 200
        # All deadlines of the queue pass: the next one is watched, too.
        time.sleep(0.6)
        assert front.do("sleep", 60_000).status == 504
        assert "Traceback" not in front.stderr


# The end.


def test_requests_that_outlast_the_drain_are_a_503(start, at_once):
    with start("--drain-timeout", "0.6") as front:
        replies = [at_once.submit(front.do, "sleep", 60_000) for _ in range(2)]
        front.wait(lambda: value(front, "odahu_queue_requests") == 1)
        begun = time.monotonic()
        front.process.send_signal(signal.SIGTERM)
        assert front.process.wait(5) == 0
        assert 0.6 <= time.monotonic() - begun < 2.5
        assert [reply.result().status for reply in replies] == [503, 503]
        assert {reply.result().json["code"] for reply in replies} == {"ending"}


def test_half_a_request_does_not_outlast_the_drain(start):
    with start("--drain-timeout", "0.6") as front, ExitStack() as stack:
        for begin in (b"POST /api/mod", INVOKE % (100, b'{"data": '), b""):
            line = stack.enter_context(closing(socket.create_connection(("127.0.0.1", front.port))))
            line.sendall(begin)
        time.sleep(0.1)
        assert front.stop() == 0


def test_what_was_answered_before_the_end_is_logged(front):
    name = front.do("double", 1).headers["X-Request-ID"]
    assert front.stop() == 0
    assert name in {json.loads(line)["request_id"] for line in front.stdout.splitlines()}
