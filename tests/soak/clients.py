"""Clients as they come: patient ones, and ones that send rubbish, hang, leave, pipeline and ask for trouble.

A client is a function of a server's port, a source of randomness and a tally. It does one thing, and is
called again and again; whatever it raises but `GoneError` is a fault of the server.
"""

import time
from collections import Counter

from tests.soak.line import GoneError, Line, invocation

# What a request may be told for the trouble that others make.
EXCUSES = {503: {"worker_died", "no_worker", "overloaded"}, 504: {"deadline_exceeded"}}
HTTP_VERSION_UNKNOWN = 505


class Tally:
    """What the clients have met."""

    def __init__(self):
        self.met = Counter()

    def count(self, client, word):
        self.met[client, word] += 1


def check(answer, expected):
    """Tell whether a request was predicted; a wrong answer is an AssertionError."""
    if answer.status in EXCUSES:
        assert answer.document["code"] in EXCUSES[answer.status], answer
        return False
    assert answer.status == 200, answer
    assert [row[0] for row in answer.document["prediction"]] == expected, (answer, expected)
    return True


def doubles(random):
    """Make a request and the answer that it must get."""
    numbers = [random.randrange(10**9) for _ in range(random.choice([1, 1, 1, 2, 5, 40]))]
    columns = random.choice([None, ["command", "argument"], ["c", "a"]])
    return invocation([["double", number] for number in numbers], columns), [2 * number for number in numbers]


def ask(port, random, tally):
    with Line(port) as line:
        for _ in range(random.randrange(1, 30)):
            request, expected = doubles(random)
            line.send(request)
            tally.count("ask", "right" if check(line.answer(), expected) else "excused")
            time.sleep(random.uniform(0, 0.01))


def pipeline(port, random, tally):
    with Line(port) as line:
        pairs = [doubles(random) for _ in range(10)]
        line.send(b"".join(request for request, _ in pairs))
        for _, expected in pairs:
            tally.count("pipeline", "right" if check(line.answer(), expected) else "excused")
    time.sleep(random.uniform(0, 0.1))


RUBBISH = [
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"GET / HTTP/9.9\r\n\r\n",
    b"GET /\r\n\r\n",
    b"POST /api/model/invoke HTTP/1.1\r\nContent-Length: x\r\n\r\n",
    b"POST /api/model/invoke HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
    b"POST /api/model/invoke HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"GET /%ff%00 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    b"GET / HTTP/1.1\r\nX: " + b"y" * 100_000 + b"\r\n\r\n",
    invocation([["brew", 1], 2]),
    invocation([]),
    b'POST /api/model/invoke HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{"data":[',
]


def send_rubbish(port, random, tally):
    rubbish = random.choice(RUBBISH)
    if random.random() < 0.3:
        rubbish = bytes(random.randrange(256) for _ in range(random.randrange(1, 500))) + b"\r\n\r\n"
    with Line(port) as line:
        line.send(rubbish)
        answer = line.answer()
        known = 400 <= answer.status < 500 or answer.status in {HTTP_VERSION_UNKNOWN, *EXCUSES}
        assert known, (rubbish, answer)
        tally.count("rubbish", answer.status)
    time.sleep(random.uniform(0, 0.05))


def hang(port, random, tally):
    """Stop in the middle of a request, and leave or wait until it is refused."""
    request, _ = doubles(random)
    sent = request[: random.randrange(1, len(request))]
    with Line(port) as line:
        line.send(sent)
        if b"\r\n\r\n" in sent:
            answer = line.answer()
            assert answer.status == 408, answer
            tally.count("hang", answer.status)
        else:
            time.sleep(random.uniform(0, 2))
            tally.count("hang", "left")


def leave(port, random, tally):
    """Ask, and do not wait for the answer."""
    line = Line(port)
    request, _ = doubles(random)
    line.send(request * random.choice([1, 1, 5]))
    time.sleep(random.choice([0, 0, 0.01]))
    line.reset() if random.random() < 0.5 else line.close()
    tally.count("leave", "left")
    time.sleep(random.uniform(0, 0.05))


def read_nothing(port, random, tally):
    """Ask for much, and do not read it."""
    with Line(port) as line:
        line.send(invocation([["double", number] for number in range(5000)]) * 5)
        time.sleep(random.uniform(1, 3))
        tally.count("read_nothing", "left")


def raise_(port, random, tally):
    number = random.randrange(10**9)
    with Line(port) as line:
        line.send(invocation([["raise", number]]))
        answer = line.answer()
    if answer.status not in EXCUSES:
        assert answer.status == 500, answer
        assert answer.document["message"] == f"ValueError: no such vintage: {number}", answer
    tally.count("raise", answer.status)
    time.sleep(random.uniform(0, 0.2))


def end_a_worker(port, random, tally):
    time.sleep(random.uniform(2, 5))
    with Line(port) as line:
        line.send(invocation([["exit", random.randrange(3)]]))
        answer = line.answer()
    assert answer.status in EXCUSES, answer
    tally.count("exit", answer.document["code"])


def stick(port, random, tally):
    time.sleep(random.uniform(3, 8))
    with Line(port) as line:
        line.send(invocation([["sleep", 3_600_000]]))
        answer = line.answer()
    assert answer.status in EXCUSES, answer
    tally.count("sleep", answer.document["code"])


def leak(port, random, tally):
    with Line(port) as line:
        line.send(invocation([["leak", 64]]))
        tally.count("leak", line.answer().status)
    time.sleep(random.uniform(0, 0.2))


def watch(port, random, tally):
    """Look at the server as those do who operate it."""
    with Line(port) as line:
        for path in ("/healthcheck", "/readiness", "/metrics", "/", "/v2/health/live"):
            line.send(b"GET %b HTTP/1.1\r\nHost: x\r\n\r\n" % path.encode())
            status = line.answer().status
            assert status == 200 or (path, status) == ("/readiness", 503), (path, status)
            tally.count("watch", status)
    time.sleep(random.uniform(0.1, 1))


CLIENTS = [
    *[ask] * 4,
    *[pipeline] * 2,
    *[send_rubbish] * 2,
    *[hang] * 2,
    *[leave] * 2,
    read_nothing,
    raise_,
    end_a_worker,
    stick,
    leak,
    watch,
]


def repeat(client, port, random, tally, stop):
    """Call a client until it is enough; return what went wrong in it, or None. A fault is enough for all."""
    while not stop.is_set():
        try:
            client(port, random, tally)
        except GoneError:
            tally.count(client.__name__, "connection closed")
        except Exception as error:  # noqa: BLE001  # the fault that the soak is looking for
            stop.set()
            return f"{client.__name__}: {error!r}"
    return None
