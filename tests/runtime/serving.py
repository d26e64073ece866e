"""A front with its workers, started for a test and asked over loopback."""

import http.client
import json
import re
import signal
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

PATIENCE = 15


class Reply(NamedTuple):
    """One HTTP answer."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Front:
    """A running front; its log files are read while it runs."""

    def __init__(self, process, log_folder):
        self.process = process
        self._folder = log_folder
        self.port = int(until(lambda: re.search(r" port (\d+):", self.stderr), process).group(1))

    @property
    def stdout(self):
        return (self._folder / "stdout").read_text()

    @property
    def stderr(self):
        return (self._folder / "stderr").read_text()

    def connect(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)

    def ask(self, method, path, body=None, headers=None):
        connection = self.connect()
        try:
            connection.request(method, path, body, headers or {})
            reply = connection.getresponse()
            return Reply(reply.status, reply.headers, reply.read())
        finally:
            connection.close()

    def invoke(self, document, **headers):
        body = document if isinstance(document, (bytes, str)) else json.dumps(document)
        return self.ask("POST", "/api/model/invoke", body, headers or {"Content-Type": "application/json"})

    def do(self, command, argument=None):
        """Ask the misbehaving model."""
        return self.invoke({"data": [[command, argument]]})

    def outcome(self, command, argument=None):
        reply = self.do(command, argument)
        assert reply.status == 200, reply.body
        return reply.json["prediction"][0][0]

    def wait_ready(self):
        self.wait(lambda: self.ask("GET", "/readiness").status == 200)

    def wait(self, condition):
        return until(condition, self.process)

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)


def until(condition, process=None):
    """Wait for a condition to hold and return what it found."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        ended = process is not None and process.poll() is not None
        try:
            found = condition()
        except OSError:
            found = None
        if found:
            return found
        assert not ended, "the front has ended"
        time.sleep(0.02)
    raise AssertionError("waited in vain")


def is_gone(pid):
    """Tell whether a process has ended, reaped or not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return True
    return stat.rpartition(")")[2].split()[0] == "Z"


@contextmanager
def launch(runtime, model, folder, *options, prefix=()):
    """Start a front on a free port; end it whatever the test did to it."""
    folder.mkdir(exist_ok=True)
    argv = [
        *prefix,
        *runtime.argv("front", "--host", "127.0.0.1", "--port", "0", *model.options, *options, site=False),
    ]
    with (folder / "stdout").open("wb") as out, (folder / "stderr").open("wb") as err:
        process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=out, stderr=err, cwd=folder)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextmanager
def serve(runtime, model, folder, *options, ready=True, prefix=()):
    """Start a front and wait until it can predict."""
    with launch(runtime, model, folder, *options, prefix=prefix) as process:
        front = Front(process, folder)
        if ready:
            front.wait_ready()
        yield front
