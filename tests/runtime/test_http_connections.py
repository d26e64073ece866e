"""Connections that end: by clients that vanish, and by a server that is told to."""

import json
import re
import signal
import socket
import time
from contextlib import ExitStack

import pytest

from tests.runtime.raw_http import GET, Line, chunked, head, post
from tests.runtime.serving import serve

pytestmark = pytest.mark.slow

CHUNKED = "Transfer-Encoding: chunked"


@pytest.fixture
def start(parser_runtime, model, tmp_path):
    """Serve with one thread, so that a second request waits."""
    return lambda *options: serve(parser_runtime, model("misbehaving"), tmp_path, "--threads", "1", *options)


@pytest.fixture(scope="module")
def front(parser_runtime, model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("log")
    with serve(parser_runtime, model("misbehaving"), folder, "--threads", "1") as running:
        yield running
        running.stop()
        assert "odahu_front" not in running.stderr  # no traceback of ours
        assert "socket." not in running.stderr


def logged(front, request_id):
    """Wait for the line of the access log about a request."""
    found = front.wait(lambda: re.search(f'.*"request_id": "{request_id}".*', front.stdout))
    return json.loads(found.group())


def test_the_waiting_request_of_a_client_that_vanished_is_not_predicted(front):
    with Line(front) as busy, Line(front) as polite, Line(front) as rude:
        busy.send(post("sleep", 0.5))
        polite.send(post("print", "who closes", "X-Request-ID: closed"))
        rude.send(post("print", "who resets", "X-Request-ID: reset"))
        time.sleep(0.1)
        polite.socket.close()
        rude.vanish()
        assert logged(front, "closed")["status"] == logged(front, "reset")["status"] == 499
        assert busy.answer().status == 200
    assert front.outcome("print", "who stays") == "who stays"
    assert "who stays" in front.stderr
    assert "who closes" not in front.stderr
    assert "who resets" not in front.stderr


def test_a_client_that_vanishes_during_the_prediction_is_noted(front):
    with Line(front) as line:
        line.send(post("sleep", 0.4, "X-Request-ID: during"))
        time.sleep(0.1)
        line.vanish()
    entry = logged(front, "during")
    assert (entry["status"], entry["response_bytes"]) == (499, 0)
    assert 0.05 < entry["seconds"] < 0.4
    assert front.outcome("echo", 1) == 1


def test_a_client_that_vanishes_within_its_body_is_noted(front):
    with Line(front) as line:
        line.send(post("print", "half a request", "X-Request-ID: half")[:-3])
        time.sleep(0.1)
        line.vanish()
    assert logged(front, "half")["status"] == 499
    assert "half a request" not in front.stderr


def test_a_client_that_vanishes_after_its_answer_was_answered(front):
    with Line(front) as line:
        assert line.ask(post("echo", 1, "X-Request-ID: after")).status == 200
        line.vanish()
    assert logged(front, "after")["status"] == 200


def test_all_requests_of_a_client_that_vanished_are_given_up(front):
    with Line(front) as line:
        requests = [post("print", f"crowd {number}", f"X-Request-ID: crowd-{number}") for number in range(5)]
        line.send(post("sleep", 0.4, "X-Request-ID: crowd") + b"".join(requests))
        time.sleep(0.1)
        line.vanish()
    assert {logged(front, f"crowd-{number}")["status"] for number in range(5)} == {499}
    assert front.outcome("echo", 1) == 1
    assert "crowd 4" not in front.stderr


@pytest.mark.parametrize("request_bytes", [GET * 90, b"nonsense\r\n\r\n", head("Content-Length: 99999999")])
def test_clients_that_vanish_before_they_are_answered_leave_no_trace(front, request_bytes):
    for _ in range(30):
        with Line(front) as line:
            line.send(request_bytes)
            line.vanish()
    assert front.ask("GET", "/healthcheck").status == 200


def test_a_client_that_closes_its_side_reads_what_is_answered_at_once(front):
    with Line(front) as line:
        line.send(GET * 3)
        line.socket.shutdown(socket.SHUT_WR)
        assert [line.answer().status for _ in range(3)] == [200] * 3
        assert line.is_closed()


def test_a_client_that_closes_its_side_waits_for_no_prediction(front):
    with Line(front) as line:
        line.send(post("sleep", 0.3, "X-Request-ID: half-closed"))
        line.socket.shutdown(socket.SHUT_WR)
        assert line.is_closed()
    assert logged(front, "half-closed")["status"] == 499


def test_an_answer_has_the_date(front):
    with Line(front) as line:
        date = line.ask(GET).headers["date"]
    written = time.mktime(time.strptime(date, "%a, %d %b %Y %H:%M:%S GMT")) - time.timezone
    assert abs(written - time.time()) < 2


def test_a_name_cannot_add_headers_to_an_answer(parser_runtime, model, tmp_path):
    hostile = "wine\r\nSet-Cookie: a=b\r\n\r\n<p>\x00\u2028é"
    with (
        serve(parser_runtime, model("misbehaving", name=hostile, version=hostile), tmp_path) as front,
        Line(front) as line,
    ):
        for answer in (
            line.ask(post("echo", 1)),
            line.ask(head(method="GET", path="/")),
            line.ask(head("Accept: text/html", method="GET", path="/")),
            line.ask(head(method="GET", path="/metrics")),
            line.ask(head(method="GET", path="/api/model/info")),
            line.ask(head(method="GET", path="/v2/models/wine")),
        ):
            assert answer.status in (200, 404)
            assert "set-cookie" not in answer.headers
        assert line.ask(GET).json == {"status": True}


def test_a_draining_server_ends_each_connection_with_its_answer(start):
    with start() as front, ExitStack() as stack:
        idle, asking, sending, beginning = (stack.enter_context(Line(front)) for _ in range(4))
        assert idle.ask(GET).status == 200
        asking.send(post("sleep", 0.6))
        sending.send(post("echo", "sent in the drain")[:-5])
        beginning.send(GET[:-5])
        time.sleep(0.2)
        front.process.send_signal(signal.SIGTERM)
        begun = time.monotonic()
        assert idle.is_closed()
        assert time.monotonic() - begun < 0.3
        with pytest.raises(ConnectionRefusedError):
            Line(front)
        sending.send(post("echo", "sent in the drain")[-5:])
        beginning.send(GET[-5:])
        for line in (beginning, asking, sending):
            answer = line.answer()
            assert (answer.status, answer.headers["connection"]) == (200, "close")
            assert line.is_closed()
            line.socket.close()
        assert front.process.wait(3) == 0


def test_a_draining_server_refuses_so_that_it_can_be_read(start):
    with start("--max-body-bytes", "1000") as front, Line(front) as line:
        line.send(head(CHUNKED) + b"5\r\nhello\r\n")
        time.sleep(0.1)
        front.process.send_signal(signal.SIGTERM)
        time.sleep(0.1)
        line.send(chunked(b"x" * 1000), b"y" * 1_000_000)
        assert line.answer().status == 413
        line.socket.close()
        assert front.process.wait(3) == 0


def test_a_client_that_keeps_its_connection_open_does_not_hold_up_a_drain(start):
    with start() as front, Line(front) as line:
        line.send(post("sleep", 0.3))
        time.sleep(0.1)
        front.process.send_signal(signal.SIGTERM)
        assert line.answer().status == 200
        assert front.process.wait(4) == 0
