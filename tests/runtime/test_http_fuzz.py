"""Whatever a client sends, the server stays whole: no exception, no silence, no memory or descriptor lost."""

import random
import time
from contextlib import ExitStack, suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.runtime.raw_http import GET, Line, chunked, files_at_rest, has_read_all, head, open_files, post
from tests.runtime.serving import serve

pytestmark = pytest.mark.slow

LIMIT = 20_000
SEEDS = [
    GET,
    post("echo", 1),
    head("Transfer-Encoding: chunked") + chunked(b'{"data": ', b'[["echo", 1]]}'),
    head("Transfer-Encoding: chunked") + chunked(b"{}", end=b"0\r\nA: b\r\n\r\n"),
    head("Expect: 100-continue", "Content-Length: 2") + b"{}",
    head("Connection: Upgrade", "Upgrade: h2c", "Content-Length: 2") + b"{}",
    head("Connection: close", method="HEAD", path="http://x/metrics"),
    head("Connection: keep-alive", version="1.0", method="GET", path="/%2e%00"),
    head(f"Content-Length: {LIMIT + 1}"),
    head("Content-Type: text/csv", "Content-Length: 3") + b"a,b",
    head(method="GET", path="/"),
]
PIECES = [
    *(b"\r\n", b"\n", b"\r", b"\0", b" ", b"\t", b":", b",", b";", b"%", b"?", b"0", b"-1", b"\xff"),
    *(b"\r\n\r\n", b"0\r\n\r\n", b"ffffffff", b"HTTP/1.0", b"HTTP/1.1", b"A" * 70_000),
    *(b"Content-Length: 5\r\n", b"Transfer-Encoding: chunked\r\n", b"Expect: 100-continue\r\n"),
    *(b"Connection: close\r\n", b"Connection: Upgrade\r\n", b"Upgrade: h2c\r\n"),
]
GIVE_UP_SECONDS = 10


@pytest.fixture(scope="module")
def front(parser_runtime, model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("log")
    options = ["--max-body-bytes", str(LIMIT), "--timeout", "1"]
    with serve(parser_runtime, model("misbehaving"), folder, *options) as running:
        before = files_at_rest(running)
        yield running
        running.wait(lambda: open_files(running) <= before)
        check_memory(running)
        assert running.stop() == 0
        assert "odahu_front" not in running.stderr  # no traceback of ours
        assert "socket." not in running.stderr


def check_memory(front):
    """See four bodies of the largest size fit, and others turned away."""
    with ExitStack() as stack:
        lines = [stack.enter_context(Line(front)) for _ in range(4)]
        for line in lines:
            line.send(head(f"Content-Length: {LIMIT}") + b" " * (LIMIT - 1))
        front.wait(lambda: has_read_all(front))
        refused = front.do("echo", 1)
        for line in lines:
            line.send(b" ")
        assert [line.answer().code for line in lines] == ["invalid_json"] * 4
        assert refused.status == 503
    assert front.outcome("echo", 1) == 1


def attack(front, parts, *, reads):
    """Send what has been thought up; if its answers are read, the server must end the connection soon."""
    with Line(front) as line, suppress(ConnectionError):
        line.send(*parts)
        if not reads:
            line.vanish()
            return
        # More than any body, and nothing that begins a request.
        line.send(b"\r\n\r\n" + bytes(2 * LIMIT) + b"\r\n\r\n")
        begun = time.monotonic()
        with suppress(EOFError):
            line.rest()
        assert time.monotonic() - begun < GIVE_UP_SECONDS


def mutated(chance):
    raw = bytearray(b"".join(chance.choice(SEEDS) for _ in range(chance.randint(1, 4))))
    for _ in range(chance.randint(0, 6)):
        at = chance.randrange(len(raw) + 1)
        if chance.random() < 0.5:
            raw[at:at] = chance.choice(PIECES)
        elif chance.random() < 0.5:
            del raw[at : at + chance.randint(1, 20)]
        else:
            raw[at : at + 1] = bytes([chance.randrange(256)])
    return bytes(raw)


def cut(chance, raw):
    places = sorted(chance.randrange(len(raw) + 1) for _ in range(chance.choice([0, 0, 1, 3, 10])))
    return [raw[begin:end] for begin, end in zip([0, *places], [*places, len(raw)], strict=True)]


@pytest.mark.parametrize("seed", [1, 2, pytest.param(3, marks=pytest.mark.slow)])
def test_requests_with_random_damage_do_no_harm(front, seed):
    chance = random.Random(seed)
    for _ in range(300 if seed < 3 else 5_000):
        attack(front, cut(chance, mutated(chance)), reads=chance.random() < 0.3)
    assert front.outcome("echo", seed) == seed


def test_random_bytes_do_no_harm(front):
    chance = random.Random(0)
    for _ in range(100):
        attack(front, cut(chance, chance.randbytes(chance.randint(1, 2_000))), reads=chance.random() < 0.5)
    assert front.outcome("echo", 1) == 1


@pytest.mark.property
@given(
    st.lists(
        st.sampled_from(SEEDS) | st.sampled_from(PIECES) | st.binary(max_size=20), min_size=1, max_size=8
    ),
    st.booleans(),
)
def test_any_sequence_of_pieces_does_no_harm(front, parts, reads):
    attack(front, parts, reads=reads)
