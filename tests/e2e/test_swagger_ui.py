"""The page of a docker-rest image in a real browser: nothing from elsewhere, and *Try it out* predicts."""

import http.client
import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from odahu_pack_core import package_model
from tests.e2e.parts import (
    OBJECTS,
    THREE_FEATURES,
    call,
    connection,
    container,
    gppi_project,
    packaging,
    pull_by_digest,
    served,
)
from tests.runtime.serving import until

pytestmark = [pytest.mark.engine, pytest.mark.registry, pytest.mark.slow]

playwright = pytest.importorskip("playwright.sync_api")

LIKE_PRODUCTION = {
    "read_only": True,
    "tmpfs": {"/tmp": ""},
    "cap_drop": ["ALL"],
    "security_opt": ["no-new-privileges"],
}
HOSTILE_NAME = '<img src="http://evil.example/x" onerror=alert(1)> {{name}} ![x](http://evil.example/y)'
SLOW_TO_LOAD = THREE_FEATURES.replace('return "matrix"', 'import time; time.sleep(3); return "matrix"')


@pytest.fixture(scope="module")
def browser(program, tmp_path_factory):
    """A Chromium that finds no host but this machine."""
    chromium = str(program("chromium"))
    only_here = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
    with playwright.sync_playwright() as started:
        running = started.chromium.launch(
            executable_path=chromium,
            args=["--no-sandbox", only_here],
            env={"HOME": str(tmp_path_factory.mktemp("browser"))},
        )
        yield running
        running.close()


@pytest.fixture
def image(client, registry, base_python, tmp_path):
    """Return a function that packages a model and returns the image's reference."""

    def package(entrypoint, **model):
        base_python("3.11")
        project = gppi_project(tmp_path / "project", entrypoint, **model)
        result = package_model(packaging("docker-rest"), artifact=project, connections=[connection(registry)])
        return pull_by_digest(client, registry, result.image)

    return package


class Visit:
    """A page that is open, with what it asked for and what it complained about."""

    def __init__(self, browser):
        self.page = browser.new_page()
        self.asked, self.complaints = [], []
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("dialog", lambda dialog: self.complaints.append(dialog.message))

    def try_out(self, body=None):
        """Predict with the page's own example, or with another body; return both as documents."""
        operation = self.page.locator("#operations-Model-invoke")
        operation.locator(".opblock-summary-control").click()
        operation.get_by_role("button", name="Try it out").click()
        editor = operation.locator("textarea.body-param__text")
        if body is not None:
            editor.fill(json.dumps(body))
        sent = json.loads(editor.input_value())
        operation.get_by_role("button", name="Execute").click()
        answer = operation.locator(".live-responses-table .response-col_description pre").first
        status = operation.locator(".live-responses-table .response .response-col_status").first
        return sent, (status.inner_text().split()[0], json.loads(answer.inner_text()))


@pytest.fixture
def visit(browser):
    visited = Visit(browser)
    yield visited
    visited.page.close()


@contextmanager
def behind(prefix, address):
    """Run a reverse proxy that serves an address under a prefix of its own."""

    class Proxy(BaseHTTPRequestHandler):
        def do_GET(self):
            if not self.path.startswith(f"{prefix}/"):
                self.send_error(404)
                return
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            upstream = http.client.HTTPConnection(address.removeprefix("http://"), timeout=30)
            upstream.request(self.command, self.path.removeprefix(prefix), body, dict(self.headers))
            reply = upstream.getresponse()
            content = reply.read()
            self.send_response(reply.status)
            for name, value in reply.getheaders():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)
            upstream.close()

        do_POST = do_GET  # noqa: N815  # as the base class has it

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Proxy) as proxy:
        thread = threading.Thread(target=proxy.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{proxy.server_port}{prefix}"
        finally:
            proxy.shutdown()
            thread.join()


def test_try_it_out_predicts(client, image, visit):
    reference = image(THREE_FEATURES, name=HOSTILE_NAME)
    with served(client, reference, **LIKE_PRODUCTION) as address:
        visit.page.goto(f"{address}/")
        assert visit.page.title() == HOSTILE_NAME
        example = {"columns": ["features"] * 3, "data": [[0, 0, 0]]}
        zero = {"prediction": [[0.0]], "columns": ["predictions"]}
        assert visit.try_out() == (example, ("200", zero))
        visit.page.reload()
        rows = {"columns": ["features"] * 3, "data": [[1, 2, 3], [4, 5, 6]]}
        predicted = {"prediction": [[0.6875], [2.0]], "columns": ["predictions"]}
        assert visit.try_out(rows) == (rows, ("200", predicted))
    assert visit.complaints == []
    assert {url.split("/")[2] for url in visit.asked} == {address.removeprefix("http://")}


def test_try_it_out_predicts_on_objects_behind_a_prefix(client, image, visit):
    reference = image(OBJECTS)
    with served(client, reference, **LIKE_PRODUCTION) as direct, behind("/models/wine", direct) as address:
        visit.page.goto(f"{address}/")
        request = {"objects": [{"name": "ada"}]}
        assert visit.try_out(request) == (request, ("200", {"prediction": [{"greeting": "hello ada"}]}))
    assert visit.complaints == []
    assert all(url.startswith(f"{address}/") for url in visit.asked)


def test_a_page_that_is_opened_early_waits_for_the_model(client, image, visit):
    ports = {"5000/tcp": ("127.0.0.1", None)}
    with container(client, image(SLOW_TO_LOAD), ports=ports, **LIKE_PRODUCTION) as started:
        started.reload()
        address = f"http://127.0.0.1:{started.ports['5000/tcp'][0]['HostPort']}"
        until(lambda: call(f"{address}/")[0] == 200)
        visit.page.goto(f"{address}/")
        visit.page.get_by_text("The model is being loaded").wait_for()
        assert visit.page.title() == "wine"
        visit.page.locator("#operations-Model-invoke").wait_for()
        assert visit.page.locator("#state").count() == 0
