"""Real clients, on connections that they keep."""

import http.client
import json
import re
import subprocess

import httpx
import pytest

from tests.runtime.serving import serve

pytestmark = pytest.mark.slow

PATH = "/api/model/invoke"
LARGE = json.dumps({"data": [["echo", "x" * 2_000_000]]})


@pytest.fixture(scope="module")
def front(parser_runtime, model, tmp_path_factory):
    with serve(parser_runtime, model("misbehaving"), tmp_path_factory.mktemp("log")) as running:
        yield running


@pytest.fixture
def curl(program, tmp_path):
    found = program("curl")
    (tmp_path / "large.json").write_text(LARGE)

    def run(*arguments):
        command = [found, "-sv", "--max-time", "10", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path)

    return run


def test_curl_asks_before_it_sends_a_large_body(front, curl):
    url = f"http://127.0.0.1:{front.port}{PATH}"
    run = curl(url, "-H", "Expect: 100-continue", "-d", "@large.json", "--expect100-timeout", "8")
    assert "< HTTP/1.1 100 Continue" in run.stderr
    assert len(json.loads(run.stdout)["prediction"][0][0]) == 2_000_000


def test_curl_does_not_send_a_body_that_is_refused(front, curl):
    url = f"http://127.0.0.1:{front.port}/nowhere"
    run = curl(url, "-H", "Expect: 100-continue", "-d", "@large.json", "--expect100-timeout", "8")
    assert "< HTTP/1.1 404 Not Found" in run.stderr
    assert "100 Continue" not in run.stderr


@pytest.mark.parametrize("version", ["--http1.0", "--http1.1", "--http2"])
def test_curl_keeps_its_connection(front, curl, version):
    base = f"http://127.0.0.1:{front.port}"
    get = [version, f"{base}/healthcheck", "-o", "/dev/null"]
    post = [version, base + PATH, "-d", '{"data": [["echo", 1]]}']
    run = curl(*get, "--next", "-sv", *get, "--next", "-sv", *post)
    assert json.loads(run.stdout)["prediction"] == [[1]]
    assert run.stderr.count("< HTTP/1.1 200 OK") == 3
    assert run.stderr.count("Re-using existing connection") == (0 if version == "--http1.0" else 2)


def test_curl_uploads_in_chunks(front, curl):
    url = f"http://127.0.0.1:{front.port}{PATH}"
    run = curl(url, "-H", "Transfer-Encoding: chunked", "--data-binary", "@large.json")
    assert len(json.loads(run.stdout)["prediction"][0][0]) == 2_000_000


def test_curl_is_told_why_what_it_uploads_is_refused(runtime, model, tmp_path, curl):
    (tmp_path / "log").mkdir()
    with serve(runtime, model("misbehaving"), tmp_path / "log", "--max-body-bytes", "1000") as small:
        url = f"http://127.0.0.1:{small.port}{PATH}"
        for options in (["-d", "@large.json"], ["-H", "Transfer-Encoding: chunked", "-d", "@large.json"]):
            run = curl(url, "-H", "Expect:", *options)
            assert json.loads(run.stdout)["code"] == "too_large"
            assert re.search("< HTTP/1.1 413", run.stderr)


def test_http_client_keeps_its_connection_over_refusals(front):
    connection = front.connect()
    connection.connect()
    line = connection.sock
    for method, path, status in (("POST", PATH, 200), ("GET", PATH, 405), ("HEAD", "/healthcheck", 200)) * 3:
        connection.request(method, path, b'{"data": [["echo", 1]]}')
        reply = connection.getresponse()
        reply.read()
        assert reply.status == status
        assert connection.sock is line
    connection.close()


def test_httpx_streams_and_keeps_its_connection(front):
    def stream():
        yield b'{"data": [["echo", "'
        yield b"x" * 100_000
        yield b'"]]}'

    with httpx.Client(base_url=f"http://127.0.0.1:{front.port}") as client:
        for _ in range(3):
            assert client.post(PATH, content=stream()).status_code == 200
            assert client.post(PATH, json={"data": [["echo", None]]}).json()["prediction"] == [[None]]
            assert client.get("/").status_code == 200


def test_a_client_that_shuts_its_eyes_to_headers_reads_http_1_0(front):
    """As old load testers and health checks do: one request, no Host, read until the end."""
    connection = http.client.HTTPConnection("127.0.0.1", front.port, timeout=5)
    connection._http_vsn, connection._http_vsn_str = 10, "HTTP/1.0"
    connection.request("GET", "/healthcheck", headers={"Accept-Encoding": "identity"})
    reply = connection.getresponse()
    assert reply.read() == b'{"status": true}'
    assert reply.will_close
    connection.close()
