"""Where requests begin and end on a connection, and that nobody can put one into another."""

import json
from itertools import pairwise

import pytest

from tests.runtime.raw_http import GET, Line, chunked, head, post
from tests.runtime.serving import serve

CHUNKED = "Transfer-Encoding: chunked"
ECHO = b'{"data": [["echo", "in chunks"]]}'


@pytest.fixture(scope="module")
def front(parser_runtime, model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("log")
    with serve(parser_runtime, model("misbehaving"), folder, "--max-body-bytes", "20000") as running:
        yield running
        running.stop()
        assert "odahu_front" not in running.stderr  # no traceback of ours
        assert "/overlooked" not in running.stdout or "3.6" in parser_runtime.home.name


@pytest.fixture
def line(front):
    with Line(front) as line:
        yield line


@pytest.fixture
def refused(line, runtime):
    """Send what no parser may take; those that run on CPython 3.6 take some of it for something else."""

    def send(raw):
        answer = line.ask(raw)
        if answer.code != "invalid_http" and answer.status != 413 and "3.6" in runtime.home.name:
            pytest.skip("there is no stricter parser for this Python")
        return answer

    return send


def test_requests_in_one_packet_are_answered_in_their_order(line):
    line.send(
        b"".join(
            [
                post("sleep", 0.1, "X-Request-ID: a"),
                head("X-Request-ID: b", method="GET", path="/healthcheck"),
                head("X-Request-ID: c", method="GET", path="/nowhere"),
                post("raise", "no", "X-Request-ID: d"),
                head("X-Request-ID: e", method="DELETE"),
                post("echo", 1, "X-Request-ID: f", "Content-Type: text/csv"),
                post("echo", 2, "X-Request-ID: g"),
            ]
        )
    )
    answers = [line.answer() for _ in range(7)]
    assert [answer.headers["x-request-id"] for answer in answers] == list("abcdefg")
    assert [answer.status for answer in answers] == [200, 200, 404, 500, 405, 415, 200]
    assert answers[-1].json["prediction"] == [[2]]
    assert line.ask(GET).status == 200


def test_what_is_no_request_is_answered_after_the_requests_before_it(line):
    line.send(post("sleep", 0.1) + GET + b"hello\r\n\r\n" + GET)
    assert [line.answer().status for _ in range(3)] == [200, 200, 400]
    assert line.is_closed()


def test_more_requests_than_a_client_may_leave_unanswered_end_the_connection(line):
    line.send(post("sleep", 0.1) + GET * 1000)
    answers = [line.answer() for _ in range(101)]
    assert {answer.status for answer in answers} == {200}
    assert answers[-1].headers["connection"] == "close"
    assert line.is_closed()


def test_a_request_may_arrive_byte_by_byte(line):
    raw = post("echo", "slow") + head(CHUNKED) + chunked(ECHO[:7], ECHO[7:]) + GET
    line.send(*(raw[at : at + 1] for at in range(len(raw))))
    assert line.answer().json["prediction"] == [["slow"]]
    assert line.answer().json["prediction"] == [["in chunks"]]
    assert line.answer().json == {"status": True}


def test_a_request_may_be_cut_anywhere(line):
    raw = post("echo", 1) + head(CHUNKED) + chunked(ECHO[:7], ECHO[7:])
    for at in range(1, len(raw)):
        line.send(raw[:at], raw[at:])
        assert (line.answer().status, line.answer().status) == (200, 200), raw[:at]


@pytest.mark.parametrize(
    "body",
    [
        chunked(ECHO),
        chunked(*(ECHO[at : at + 1] for at in range(len(ECHO)))),
        chunked(ECHO, end=b"0\r\nTrailer-Of-A-Kind: x\r\nX-Request-ID: of-the-trailer\r\n\r\n"),
        b'%x;name=value;and="more"\r\n%b\r\n0;last\r\n\r\n' % (len(ECHO), ECHO),
        b"%08X\r\n%b\r\n000\r\n\r\n" % (len(ECHO), ECHO),
    ],
)
def test_a_body_may_come_in_chunks(line, body):
    answer = line.ask(head(CHUNKED, "X-Request-ID: of-the-head") + body)
    assert answer.json["prediction"] == [["in chunks"]]
    assert answer.headers["x-request-id"] == "of-the-head"
    assert line.ask(GET).headers["x-request-id"] != "of-the-trailer"


def test_trailers_do_not_become_headers_of_the_next_request(line):
    trailers = b"0\r\nX-Request-ID: mine\r\nContent-Type: text/csv\r\nHost: another\r\n\r\n"
    line.send(head(CHUNKED) + chunked(ECHO, end=trailers) + post("echo", 1))
    answers = [line.answer(), line.answer()]
    assert answers[1].json["prediction"] == [[1]]
    assert "mine" not in {answer.headers["x-request-id"] for answer in answers}


def test_a_length_in_a_trailer_is_refused_or_overlooked(line):
    line.send(head(CHUNKED) + chunked(ECHO, end=b"0\r\nContent-Length: 40\r\n\r\n") + GET)
    if line.answer().status == 400:
        assert line.is_closed()
    else:
        assert line.answer().status == 200


@pytest.mark.parametrize(
    "body",
    [
        b"x\r\n\r\n",
        b"-1\r\n\r\n",
        b"0x5\r\nhello\r\n0\r\n\r\n",
        b"5\r\nhello0\r\n\r\n",
        b"5\r\nhelloXX0\r\n\r\n",
        b"fffffffffffffffffffff\r\nhello\r\n0\r\n\r\n",
        b"\r\n5\r\nhello\r\n0\r\n\r\n",
        b"5 5\r\nhello\r\n0\r\n\r\n",
    ],
)
def test_chunks_with_a_wrong_size_are_refused(line, refused, body):
    answer = refused(head(CHUNKED) + body)
    assert (answer.status, answer.code) == (400, "invalid_http") or answer.status == 413
    assert answer.headers["connection"] == "close"
    assert line.is_closed()


SMUGGLED = head(method="GET", path="/overlooked")
AMBIGUOUS = {
    "length and chunks": [f"Content-Length: {len(SMUGGLED)}", CHUNKED],
    "chunks and length": [CHUNKED, f"Content-Length: {len(SMUGGLED) + 5}"],
    "two lengths": ["Content-Length: 0", f"Content-Length: {len(SMUGGLED)}"],
    "two lengths the other way": [f"Content-Length: {len(SMUGGLED)}", "Content-Length: 0"],
    "a list of lengths": [f"Content-Length: 0, {len(SMUGGLED)}"],
    "a signed length": [f"Content-Length: +{len(SMUGGLED)}"],
    "a negative length": ["Content-Length: -1"],
    "a hexadecimal length": ["Content-Length: 0x10"],
    "an underscore in a length": ["Content-Length: 1_0"],
    "a length that is none": ["Content-Length: many"],
    "no length": ["Content-Length:"],
    "digits of another script": ["Content-Length: \xb2"],
    "a length beyond counting": ["Content-Length: 184467440737095516160"],
    "an unknown coding": ["Transfer-Encoding: xchunked"],
    "a coding before chunked": ["Transfer-Encoding: gzip, chunked"],
    "a coding after chunked": ["Transfer-Encoding: chunked, gzip"],
    "chunked twice": ["Transfer-Encoding: chunked, chunked"],
    "chunked in two headers": [CHUNKED, CHUNKED],
    "chunked and identity": [CHUNKED, "Transfer-Encoding: identity"],
    "identity": ["Transfer-Encoding: identity"],
    "a quoted coding": ['Transfer-Encoding: "chunked"'],
    "no coding": ["Transfer-Encoding:"],
    "a vertical tab before the coding": ["Transfer-Encoding: \x0bchunked"],
    "a space before the colon": ["Transfer-Encoding : chunked"],
    "a space before a length's colon": [f"Content-Length : {len(SMUGGLED)}"],
    "a line without a colon": ["Transfer-Encoding chunked"],
    "an empty name": [": chunked"],
    "a NUL in a name": ["Transfer\0-Encoding: chunked"],
    "a NUL in a value": ["Transfer-Encoding: chunked\0"],
    "a bare CR in a value": ["A: b\rTransfer-Encoding: chunked"],
    "a name in another script": ["Tr\xe4nsfer-Encoding: chunked"],
    "two hosts": ["Host: y"],
}


@pytest.mark.parametrize("lines", AMBIGUOUS.values(), ids=AMBIGUOUS)
def test_a_request_with_an_ambiguous_end_is_refused_with_all_that_follows(line, refused, lines):
    answer = refused(head(*lines) + SMUGGLED + b"0\r\n\r\n" + SMUGGLED)
    assert (answer.status, answer.headers["connection"]) in ((400, "close"), (413, "close"))
    assert line.is_closed()


def test_transfer_coding_is_not_for_http_1_0(line):
    assert line.ask(head(CHUNKED, version="1.0") + chunked(ECHO)).code == "invalid_http"
    assert line.is_closed()


@pytest.mark.parametrize("lines", [["Content-Length: 2", "Content-Length: 2"], ["Content-Length: 2, 2"]])
def test_a_length_said_twice_is_refused_or_believed(line, lines):
    line.send(head(*lines) + b"{}" + GET)
    answer = line.answer()
    assert answer.status == 400
    if answer.code == "invalid_http":
        assert line.is_closed()
    else:
        assert line.answer().status == 200


def test_a_folded_header_is_refused_or_one_header(line):
    line.send(head("A: b", " Transfer-Encoding: chunked", "Content-Length: 2") + b"{}" + GET)
    if line.answer().code == "invalid_http":
        assert line.is_closed()
    else:
        assert line.answer().status == 200


@pytest.mark.parametrize(
    "raw",
    [
        b"GET /healthcheck HTTP/1.1\r\n\r\n",
        b"GET /healthcheck HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET /healthcheck\r\nHost: x\r\n\r\n",
        b"GET /healthcheck HTTP/1.1 \r\nHost: x\r\n\r\n",
        b"GET /health check HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /\0 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /\r HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nHost: x\r\n\r\n",
        b"get /healthcheck HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /healthcheck HTTP/1.2\r\nHost: x\r\n\r\n",
        b"GET /healthcheck HTTP/0.9\r\nHost: x\r\n\r\n",
        b"GET /healthcheck HTTP/2.0\r\nHost: x\r\n\r\n",
        b"GET /healthcheck HTTP/11\r\nHost: x\r\n\r\n",
        b"GET /healthcheck SIP/1.1\r\nHost: x\r\n\r\n",
        b"CONNECT x:80 HTTP/1.1\r\nHost: x:80\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\r\n" * 2,
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\0" * 100 + b"\r\n\r\n",
    ],
)
def test_what_is_no_request_is_refused_and_ends_the_connection(line, refused, raw):
    answer = refused(raw)
    assert answer.status in (400, 405, 505)
    assert answer.status == 405 or answer.headers["connection"] == "close"
    line.send(b"\r\n" + head("Connection: close", method="GET"))
    line.rest()


def test_blank_lines_before_a_request_are_overlooked(line):
    assert line.ask(b"\r\n\r\n" + GET).status == 200


def test_a_client_of_http_1_0_is_answered_and_closed(line):
    answer = line.ask(b"GET /healthcheck HTTP/1.0\r\n\r\n")
    assert (answer.status, answer.headers["connection"]) == (200, "close")
    assert line.is_closed()


def test_a_client_of_http_1_0_may_keep_its_connection(line):
    for request in (
        b"GET /healthcheck HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n",
        post("echo", 1, "Connection: keep-alive", version="1.0"),
    ):
        answer = line.ask(request)
        assert (answer.status, answer.headers["connection"]) == (200, "keep-alive")


@pytest.mark.parametrize("option", ["close", "Close", "keep-alive, close", "x,close ,y"])
def test_a_client_may_end_the_connection_with_any_request(line, option):
    line.send(post("echo", 1, f"Connection: {option}") + head(method="GET", path="/overlooked"))
    assert line.answer().headers["connection"] == "close"
    assert line.is_closed()


@pytest.mark.parametrize("option", ["closed", "x-close", "keep-alive", '"close'])
def test_words_like_close_do_not_close(line, option):
    assert "connection" not in line.ask(post("echo", 1, f"Connection: {option}")).headers
    assert line.ask(GET).status == 200


UPGRADE = ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA")


def test_an_offer_of_another_protocol_is_overlooked(line):
    line.send(head(*UPGRADE, method="GET", path="/healthcheck") * 3 + post("echo", 1, *UPGRADE))
    assert [line.answer().status for _ in range(3)] == [200] * 3
    assert line.answer().json["prediction"] == [[1]]
    line.send(head(*UPGRADE, CHUNKED), chunked(ECHO) + head(*UPGRADE, method="GET", path="/metrics"))
    assert line.answer().json["prediction"] == [["in chunks"]]
    assert b"odahu_requests" in line.answer().body


def test_an_offer_of_another_protocol_hides_nothing(line):
    line.send(head(*UPGRADE, f"Content-Length: {len(SMUGGLED)}") + SMUGGLED + GET)
    assert [line.answer().status for _ in range(2)] == [400, 200]
    trailers = b"0\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n"
    line.send(
        head(CHUNKED)
        + chunked(ECHO, end=trailers)
        + head("Connection: close", method="GET", path="/readiness")
    )
    assert [line.answer().status for _ in range(2)] == [200, 200]
    assert line.is_closed()


def test_very_many_offers_of_another_protocol_are_no_trouble(line):
    raw = head(*UPGRADE, method="GET", path="/healthcheck")
    line.send(raw * 1000)
    for _ in range(1000):
        assert line.answer().status == 200


def test_head_has_the_headers_of_get(line):
    got = line.ask(GET)
    line.send(GET.replace(b"GET", b"HEAD") + GET.replace(b"GET /healthcheck", b"HEAD /nowhere") + GET)
    same, missing = line.answer(bodiless=True), line.answer(bodiless=True)
    assert same.headers["content-length"] == got.headers["content-length"] == str(len(got.body))
    assert missing.status == 404
    assert line.answer().body == got.body


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("http://x/healthcheck", 200),
        ("HTTP://x:5000/healthcheck?a=b", 200),
        ("https://x/healthcheck", 200),
        ("http://x", 200),
        ("ftp://x/healthcheck", 404),
        ("/%68ealthcheck", 200),
        ("/healthcheck?%00#", 200),
        ("/healthcheck%00", 404),
        ("/%0d%0aSet-Cookie:%20a=b", 404),
        ("/%ff%fe%", 404),
        ("/%E2%80%AE", 404),
        ("/../healthcheck", 404),
        ("//healthcheck", 404),
        ("*", 404),
        ("/" + "a" * 60_000, 404),
        ("/" + "%41" * 20_000, 404),
    ],
)
def test_a_target_leads_to_its_path_or_nowhere(line, target, status):
    answer = line.ask(head(method="GET", path=target))
    assert answer.status == status
    assert "set-cookie" not in answer.headers
    assert line.ask(GET).status == 200


def test_a_hostile_path_stays_on_its_line_of_the_access_log(line, front):
    line.ask(
        head(
            method="GET",
            path="/%0a%22,%20%22status%22:%20200%7d%00%ff\u00e9".encode().decode("ascii", "ignore"),
        )
    )
    front.wait(lambda: 'status\\": 200' in front.stdout)
    logged = [json.loads(text) for text in front.stdout.splitlines()]
    assert '/\n", "status": 200}\0\ufffd' in {entry["path"] for entry in logged}


@pytest.mark.parametrize("given", ["a" * 129, "a b", "a\tb", "\xe9", "", "a, b"])
def test_an_implausible_request_id_is_replaced(line, given):
    answer = line.ask(head(f"X-Request-ID: {given}", method="GET", path="/healthcheck"))
    assert answer.status == 200
    assert answer.headers["x-request-id"] not in ("", given)


def test_a_request_has_one_id(line):
    answers = [line.ask(GET) for _ in range(3)]
    ids = [answer.headers["x-request-id"] for answer in answers]
    assert all(one != other for one, other in pairwise(ids))
    assert line.ask(head("X-Request-ID: a", "X-Request-ID: b")).status == 400
