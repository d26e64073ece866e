"""What a client may take: bytes, memory, time and connections."""

import json
import subprocess
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.runtime.raw_http import GET, Line, chunked, files_at_rest, has_read_all, head, open_files, post
from tests.runtime.serving import serve, until

pytestmark = pytest.mark.slow

LIMIT = 1_000_000
CHUNKED = "Transfer-Encoding: chunked"
EXPECT = "Expect: 100-continue"
MEBIBYTE = 1024 * 1024


@pytest.fixture(scope="module")
def front(parser_runtime, model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("log")
    options = ["--max-body-bytes", str(LIMIT), "--timeout", "3"]
    with serve(parser_runtime, model("misbehaving"), folder, *options) as running:
        yield running
        running.stop()
        assert "odahu_front" not in running.stderr  # no traceback of ours


@pytest.fixture(scope="module")
def hasty(parser_runtime, tmp_path_factory):
    """A site that waits for less than a second for anything."""
    log = tmp_path_factory.mktemp("log")
    program = [parser_runtime.python, "-I", "-S", str(Path(__file__).with_name("hasty_site.py"))]
    with (log / "out").open("wb") as out, (log / "err").open("wb") as err:
        process = subprocess.Popen([*program, str(parser_runtime.home / "front")], stdout=out, stderr=err)
    try:
        read = (log / "out").read_text
        port = int(until(lambda: read().split("\n")[0], process))
        yield SimpleNamespace(port=port)
        assert (log / "err").read_text() == ""
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def line(front):
    with Line(front) as line:
        yield line


@pytest.fixture
def brief(hasty):
    with Line(hasty) as line:
        yield line


def memory(front):
    """Return the bytes of memory that the front has."""
    status = Path(f"/proc/{front.process.pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) * 1024


@pytest.mark.parametrize(
    "flood",
    [
        head("A: " + "b" * 70_000, method="GET", path="/healthcheck"),
        head("A: " + "b" * 300_000, method="GET", path="/healthcheck"),
        head(*(f"A-{number}: b" for number in range(7_000)), method="GET", path="/healthcheck"),
        head(*(f"A-{number}: b" for number in range(300)), method="GET", path="/healthcheck"),
        head(*["A: b"] * 12_000, method="GET", path="/healthcheck"),
        head(method="GET", path="/" + "a" * 70_000),
        head(method="GET", path="/?" + "a" * 70_000),
        head("A: " + "b" * 500_000, method="GET")[:400_000],
        b"A" * 70_000,
    ],
)
def test_a_head_that_is_too_large_is_refused(line, flood):
    line.send(flood)
    answer = line.answer()
    assert answer.status in (400, 431)
    assert answer.status == 431 or not flood.startswith(b"GET")
    assert answer.headers["connection"] == "close"
    assert line.is_closed()


def test_a_head_of_the_size_allowed_is_taken_whole_or_in_parts(line):
    large = head(*(f"A-{number}: {'b' * 250}" for number in range(240)), method="GET", path="/healthcheck")
    assert 60_000 < len(large) < 65_536
    assert line.ask(large).status == 200
    assert line.ask(*(large[at : at + 100] for at in range(0, len(large), 100))).status == 200


@pytest.mark.parametrize(
    "endless",
    [b"0\r\n" + b"A: b\r\n" * 100_000, b"0\r\nA: " + b"b" * 600_000, b"1;" + b"a" * 600_000],
    ids=["trailers", "a trailer", "a chunk's extension"],
)
def test_bytes_around_a_body_are_bounded_too(line, endless):
    line.send(head(CHUNKED), *(endless[at : at + 10_000] for at in range(0, len(endless), 10_000)))
    assert line.answer().status in (400, 431)
    assert line.is_closed()


@pytest.mark.slow
def test_a_body_in_many_chunks_takes_no_more_memory_than_its_bytes(parser_runtime, model, tmp_path):
    chunks = b"2\r\n  \r\n" * 200_000
    patient = ["--max-body-bytes", str(LIMIT), "--timeout", "60"]
    with serve(parser_runtime, model("misbehaving"), tmp_path, *patient) as front, Line(front) as line:
        before = memory(front)
        line.send(head(CHUNKED) + chunks)
        front.wait(lambda: has_read_all(front))
        assert memory(front) - before < 6 * MEBIBYTE
        line.send(b"0\r\n\r\n")
        assert line.answer().code == "invalid_json"


def test_a_body_over_the_limit_is_refused_by_its_length_before_it_is_sent(line):
    answer = line.ask(head("Content-Length: 99999999999999999999999"))
    assert answer.status in (400, 413)
    assert line.is_closed()


@pytest.mark.parametrize("size", [LIMIT + 1, 20 * LIMIT])
@pytest.mark.parametrize("framing", ["length", "chunks"])
def test_a_client_that_sends_too_much_and_reads_then_gets_the_answer(front, size, framing):
    body = b" " * size
    if framing == "chunks":
        body = iter([body[at : at + 100_000] for at in range(0, size, 100_000)])
    reply = front.ask("POST", "/api/model/invoke", body)
    assert (reply.status, reply.json["code"]) == (413, "too_large")
    assert reply.headers["Connection"] == "close"


def test_a_body_over_the_limit_for_nobody_is_refused_as_going_nowhere(front):
    assert front.ask("POST", "/nowhere", b" " * 5 * LIMIT).status == 404
    assert front.ask("PUT", "/api/model/invoke", iter([b" " * LIMIT] * 3)).status == 405


def test_a_refused_request_with_a_small_body_leaves_the_connection(line):
    for request, status in (
        (post("echo", 1, path="/nowhere"), 404),
        (post("echo", 1, "Content-Type: text/csv"), 415),
        (head(CHUNKED, method="PUT") + chunked(b"abc"), 405),
        (post("echo", 1), 200),
    ):
        assert line.ask(request).status == status


def test_a_client_that_asks_is_told_to_go_on(line):
    body = json.dumps({"data": [["echo", "x" * 900_000]]}).encode()
    assert line.ask(head(EXPECT, f"Content-Length: {len(body)}")).status == 100
    assert line.ask(body).status == 200
    assert line.ask(head(EXPECT, CHUNKED)).status == 100
    assert line.ask(chunked(body)).status == 200


@pytest.mark.parametrize(
    ("request_head", "status"),
    [
        (head(EXPECT, "Content-Length: 1000", path="/nowhere"), 404),
        (head(EXPECT, "Content-Length: 1000", method="PUT"), 405),
        (head(EXPECT, "Content-Length: 1000", "Content-Type: text/csv"), 415),
        (head(EXPECT, f"Content-Length: {LIMIT + 1}"), 413),
    ],
)
def test_a_client_that_asks_is_refused_before_it_sends_the_body(line, request_head, status):
    answer = line.ask(request_head)
    assert (answer.status, answer.headers["connection"]) == (status, "close")
    assert line.is_closed()


@pytest.mark.parametrize("request_head", [head("Expect: tea"), head(EXPECT, version="1.0")])
def test_other_expectations_are_overlooked(line, request_head):
    body = b'{"data": [["echo", 1]]}'
    length = b"Content-Length: %d\r\n\r\n" % len(body)
    assert line.ask(request_head[:-2] + length + body).json["prediction"] == [[1]]


def test_only_what_is_read_is_answered(line, front):
    """A client that sends a thousand requests and reads nothing does not have a thousand answers made."""
    page = head(method="GET", path="/pages/swagger-ui-bundle.js")
    size = len(line.ask(page).body)
    assert size > MEBIBYTE
    before = memory(front)
    with ExitStack() as stack:
        for _ in range(5):
            stack.enter_context(Line(front, receive_bytes=4096)).send(page * 90)
        begun = time.monotonic()
        assert front.ask("GET", "/healthcheck").status == 200
        assert front.outcome("echo", 1) == 1
        assert time.monotonic() - begun < 2
        assert memory(front) - before < 5 * 3 * size


def test_a_client_that_reads_later_gets_all_of_it(line):
    page = head(method="GET", path="/pages/swagger-ui-bundle.js")
    line.send(page * 20)
    time.sleep(0.3)
    assert len({line.answer().body for _ in range(20)}) == 1
    assert line.ask(GET).status == 200


@pytest.mark.slow
def test_memory_for_bodies_is_given_back_whatever_became_of_them(front):
    whole = post("echo", "x" * 900_000)
    before = files_at_rest(front)
    for _ in range(3):
        with ExitStack() as stack:
            _use_memory(lambda: stack.enter_context(Line(front)), whole[:500_000], whole[500_000:])
        front.wait(lambda: open_files(front) <= before)
    with Line(front) as slow:
        slow.send(head(f"Content-Length: {LIMIT}") + b" " * 100_000)
        assert slow.answer().status == 408
    # Just four bodies of the largest size fit, and the fifth does not.
    raw = head(f"Content-Length: {LIMIT}") + b" " * (LIMIT - 1)
    for _ in range(2):
        with ExitStack() as stack:
            lines = [stack.enter_context(Line(front)) for _ in range(4)]
            for line in lines:
                line.send(raw)
            front.wait(lambda: has_read_all(front))
            assert front.do("echo", "x" * 100).status == 503
            for line in lines:
                line.send(b" ")
            assert [line.answer().code for line in lines] == ["invalid_json"] * 4


def _use_memory(open_line, half, rest):
    lines = [open_line() for _ in range(4)]
    for line in lines:
        line.send(half)
    for line in lines[:2]:
        line.vanish()
    lines[2].socket.close()
    lines[3].send(rest)
    assert lines[3].answer().status == 200
    assert open_line().ask(head(CHUNKED) + chunked(b" " * 600_000, b" " * 600_000)).status == 413
    assert open_line().ask(head(CHUNKED) + chunked(b" " * 600_000)[:-5] + b"x\r\n").status == 400
    assert open_line().ask(post("raise", "x" * 500_000)).status == 500
    assert open_line().ask(post("echo", "x" * 500_000, "Content-Type: text/csv")).status == 415
    # One after the other on one connection, and gone before any answer.
    crowd = open_line()
    crowd.send(post("sleep", 0.2) + half + rest + half)
    crowd.vanish()


def test_a_head_that_comes_too_slowly_is_given_up(brief):
    begun = time.monotonic()
    for byte in GET[:20]:
        brief.send(bytes([byte]), pause=0.01)
    answer = brief.answer()
    assert (answer.status, answer.code) == (408, "request_timeout")
    assert time.monotonic() - begun < 1.5
    assert brief.is_closed()


@pytest.mark.parametrize("begin", [head("Content-Length: 10") + b"abc", head(CHUNKED) + b"3\r\nab"])
def test_a_body_that_comes_too_slowly_is_given_up(brief, begin):
    brief.send(begin.replace(b"/api/model/invoke", b"/"))
    assert brief.answer().status == 408
    assert brief.is_closed()


@pytest.mark.slow
def test_a_connection_without_a_request_is_closed_without_a_word(brief):
    begun = time.monotonic()
    assert brief.is_closed()
    assert 0.3 < time.monotonic() - begun < 1.5


@pytest.mark.slow
def test_a_connection_is_closed_a_while_after_its_last_answer(brief):
    for _ in range(3):
        time.sleep(0.25)
        assert brief.ask(head("Content-Length: 1", path="/") + b"a").body == b"a"
    begun = time.monotonic()
    assert brief.is_closed()
    assert 0.3 < time.monotonic() - begun < 1.5


@pytest.mark.slow
def test_an_answer_may_take_longer_than_an_idle_connection_lives(brief):
    begin, end = head("Content-Length: 2", path="/later") + b"a", b"b"
    brief.send(begin, end, pause=0.1)
    brief.send(begin, end + begin, end, pause=0.1)
    assert [brief.answer().body for _ in range(3)] == [b"ab"] * 3


@pytest.mark.slow
def test_a_request_behind_another_must_arrive_in_time_too(brief):
    brief.send(head("Content-Length: 0", path="/later") + head("Content-Length: 2", path="/") + b"a")
    assert [brief.answer().status for _ in range(2)] == [200, 408]
    assert brief.is_closed()


@pytest.mark.slow
@pytest.mark.parametrize("option", ["Connection: close", "Connection: keep-alive"])
def test_a_client_that_reads_slowly_gets_its_answer(hasty, option):
    with Line(hasty, receive_bytes=65536) as line:
        line.send(head(option, method="GET", path="/large"))
        received = 0
        for _ in range(25):
            time.sleep(0.1)
            received += len(line.socket.recv(100_000))
        while data := line.socket.recv(1 << 20):
            received += len(data)
    assert received > 8_000_000


@pytest.mark.slow
def test_a_client_that_does_not_read_is_given_up(hasty):
    with Line(hasty, receive_bytes=4096) as line:
        line.send(head(method="GET", path="/large") * 3)
        time.sleep(2)
        assert len(line.rest()) < 8_000_000


@pytest.mark.slow
def test_a_client_that_goes_on_sending_after_its_refusal_is_given_up(hasty):
    with Line(hasty) as line:
        line.send(head("Content-Length: 99999", path="/"))
        assert line.answer().status == 413
        begun = time.monotonic()
        with pytest.raises(OSError, match=r"Broken pipe|reset"):
            line.send(*[b" "] * 200, pause=0.05)
        assert time.monotonic() - begun < 5


@pytest.mark.slow
def test_connections_beyond_the_limit_are_closed_and_the_others_served(hasty):
    with ExitStack() as stack:
        lines = [stack.enter_context(Line(hasty)) for _ in range(30)]
        request = head("Content-Length: 1", path="/") + b"a"
        answered = 0
        for line in lines:
            try:
                answered += line.ask(request).status == 200
            except (EOFError, OSError):
                continue
        assert 15 <= answered <= 20
    until(lambda: _answers(hasty, request))


def _answers(site, request):
    with Line(site) as line:
        try:
            return line.ask(request).status == 200
        except EOFError:
            return False


def test_many_connections_are_served_at_the_same_time(front):
    before = files_at_rest(front)
    with ExitStack() as stack:
        lines = [stack.enter_context(Line(front)) for _ in range(1000)]
        for line in lines:
            line.send(head(method="GET", path="/readiness"))
        assert {line.answer().status for line in lines} == {200}
        for line in lines[::-1]:
            line.send(GET)
        assert {line.answer().status for line in lines} == {200}
    front.wait(lambda: open_files(front) <= before)


def test_descriptors_are_left_for_the_server_itself(parser_runtime, model, tmp_path):
    few = ["prlimit", "--nofile=300:300"]
    with (
        serve(parser_runtime, model("misbehaving"), tmp_path, prefix=few) as front,
        ExitStack() as stack,
    ):
        worker = front.outcome("pid")
        lines = [stack.enter_context(Line(front)) for _ in range(400)]
        assert lines[0].ask(GET).status == 200
        assert lines[1].ask(post("exit", 1)).status == 503
        front.wait(lambda: lines[0].ask(post("pid")).status == 200)
        assert lines[0].ask(post("pid")).json["prediction"] != [[worker]]
        assert "accept" not in front.stderr
        for line in lines:
            line.socket.close()
        front.wait(lambda: front.outcome("echo", 1) == 1)


def test_a_server_under_attack_answers_others(front):
    """Heads and bodies that never end, on many connections."""
    with ExitStack() as stack:
        for number in range(200):
            attacker = stack.enter_context(Line(front))
            attacker.send((GET[:-2], head(CHUNKED) + b"5\r\nab", post("echo", 1)[:-1])[number % 3])
        threads = []
        statuses = []
        for _ in range(20):
            threads.append(threading.Thread(target=lambda: statuses.append(front.do("echo", 1).status)))
            threads[-1].start()
        for thread in threads:
            thread.join()
    assert statuses == [200] * 20
