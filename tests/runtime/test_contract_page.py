"""The page at ``/``, as a browser and as everybody else gets it."""

import gzip
import re
from urllib.parse import quote

import pytest

from tests.runtime.serving import serve

NAME = "</title><script>alert(1)</script> {{name}} & \"pages/start.js\" 'é'"
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8", "Accept-Encoding": "gzip, deflate, br"}
FILES = ["swagger-ui-bundle.js", "swagger-ui.css", "start.js", "style.css", "icon.svg"]


@pytest.fixture(scope="module")
def front(runtime, model, tmp_path_factory):
    """A server whose model is never loaded: the page needs none."""
    packed = model({"entrypoint.py": "import time\ndef init():\n    time.sleep(600)\n"}, name=NAME)
    with serve(runtime, packed, tmp_path_factory.mktemp("log"), ready=False) as running:
        running.wait(lambda: running.ask("GET", "/healthcheck").status == 200)
        yield running


@pytest.fixture(scope="module")
def page(front):
    return front.ask("GET", "/", headers=BROWSER)


@pytest.fixture(scope="module")
def addresses(page):
    """What the page asks for, as it names it."""
    return re.findall(r'(?:href|src)="(pages/[^"]*)"', gzip.decompress(page.body).decode())


def test_a_browser_gets_the_page_while_the_model_is_loaded(front, page):
    assert (page.status, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert front.ask("GET", "/readiness").status == 503


def test_the_models_name_is_text_and_nothing_else(page):
    html = gzip.decompress(page.body).decode()
    title = re.search(r"<title>(.*)</title>", html).group(1)
    assert title == (
        "&lt;/title&gt;&lt;script&gt;alert(1)&lt;/script&gt; {{name}} &amp; "
        "&quot;pages/start.js&quot; &#39;é&#39;"
    )
    assert len(re.findall("<script", html)) == 2


def test_the_page_may_run_and_ask_nothing_but_this_server(page):
    policy = page.headers["Content-Security-Policy"]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    for kind in ("script-src", "style-src", "connect-src"):
        assert rules[kind] == "'self'"
    assert "unsafe" not in policy
    assert page.headers["X-Content-Type-Options"] == "nosniff"


def test_the_page_asks_for_files_that_are_there_by_relative_addresses(front, addresses):
    assert sorted(address.partition("?")[0] for address in addresses) == sorted(f"pages/{f}" for f in FILES)
    for address in addresses:
        reply = front.ask("GET", f"/{address}")
        assert reply.status == 200
        assert reply.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("file", "media_type"),
    [
        ("start.js", "text/javascript; charset=utf-8"),
        ("style.css", "text/css; charset=utf-8"),
        ("icon.svg", "image/svg+xml"),
    ],
)
def test_a_file_has_its_type(front, file, media_type):
    assert front.ask("GET", f"/pages/{file}").headers["Content-Type"] == media_type


@pytest.mark.parametrize(
    ("accepted", "packed"),
    [
        ("gzip", True),
        ("br, GZIP;q=0.5", True),
        ("*", True),
        ("deflate, gzip;q=1.0, *;q=0.5", True),
        (None, False),
        ("br", False),
        ("gzip;q=0", False),
        ("gzip; q=0.000, br", False),
        ("", False),
    ],
)
def test_a_file_is_compressed_for_those_who_read_that(front, accepted, packed):
    headers = {} if accepted is None else {"Accept-Encoding": accepted}
    # http.client adds an Accept-Encoding of its own, which is "identity".
    reply = front.ask("GET", "/pages/start.js", headers=headers)
    assert (reply.headers["Content-Encoding"] == "gzip") == packed
    text = gzip.decompress(reply.body) if packed else reply.body
    assert text.startswith(b"// Starts Swagger UI")
    assert "accept-encoding" in reply.headers["Vary"]
    assert reply.headers["Content-Length"] == str(len(reply.body))


@pytest.mark.parametrize("path", ["/", "/pages/start.js"])
def test_what_a_client_has_is_not_sent_again(front, path):
    first = front.ask("GET", path, headers=BROWSER)
    tag = first.headers["ETag"]
    for known in (tag, f'"other", {tag}', "*", tag.removeprefix("W/")):
        again = front.ask("GET", path, headers={**BROWSER, "If-None-Match": known})
        assert (again.status, again.body) == (304, b"")
        assert again.headers["ETag"] == tag
        assert again.headers["Cache-Control"] == first.headers["Cache-Control"]
    changed = front.ask("GET", path, headers={**BROWSER, "If-None-Match": f'"x{tag[3:]}'})
    assert (changed.status, changed.body) == (200, first.body)


def test_a_connection_goes_on_after_what_was_not_sent_again(front, page):
    connection = front.connect()
    for _ in range(2):
        connection.request("GET", "/", headers={**BROWSER, "If-None-Match": page.headers["ETag"]})
        assert connection.getresponse().read() == b""
    connection.request("GET", "/", headers=BROWSER)
    assert connection.getresponse().read() == page.body
    connection.close()


def test_an_address_with_the_version_is_kept_forever_and_others_are_looked_up_each_time(front, addresses):
    for address in addresses:
        path, _, version = address.partition("?")
        assert "immutable" in front.ask("GET", f"/{address}").headers["Cache-Control"]
        for other in (f"/{path}", f"/{path}?{version}0", "/"):
            assert front.ask("GET", other).headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("path", ["/", "/pages/swagger-ui-bundle.js"])
def test_head_tells_the_size_of_what_get_sends(front, path):
    got, head = (front.ask(method, path, headers=BROWSER) for method in ("GET", "HEAD"))
    assert (head.status, head.body) == (200, b"")
    assert head.headers["Content-Length"] == str(len(got.body))
    assert head.headers["ETag"] == got.headers["ETag"]


@pytest.mark.parametrize("accepted", [{}, {"Accept": "*/*"}, {"Accept": "application/json"}])
def test_everybody_else_gets_the_routes(front, page, accepted):
    reply = front.ask("GET", "/", headers=accepted)
    assert reply.headers["Content-Type"] == "application/json"
    assert "accept" in reply.headers["Vary"].split(", ")
    assert reply.headers["ETag"] != page.headers["ETag"]
    assert reply.json["name"] == NAME
    assert reply.json["routes"]["/api/model/invoke"] == ["POST"]
    assert reply.json["routes"]["/api/model/info"] == ["GET", "HEAD"]
    for path, methods in reply.json["routes"].items():
        assert front.ask("PATCH", quote(path)).headers["Allow"] == ", ".join(methods)


@pytest.mark.parametrize("path", ["/pages", "/pages/", "/pages/index.html", "/pages/../model.json"])
def test_nothing_else_is_read_from_the_folder(front, path):
    assert front.ask("GET", path).status == 404
