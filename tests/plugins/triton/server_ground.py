"""Real tritonservers that tell, one repository after the other, what they make of its models."""

import contextlib
import http.client
import json
import queue
import re
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

COMMAND = (
    "tritonserver",
    "--model-repository=/repository",
    "--model-control-mode=explicit",
    "--exit-on-error=false",
    "--strict-readiness=false",
    "--allow-grpc=false",
    "--allow-metrics=false",
)
HANGS = "loading does not end"
CRASHES = "the server ends"
_PATIENCE = 60
_PARTING = 10
_MOST_SHOWN = 2000
_REASON = re.compile(r"""^[EW]\d{4} [^\]]+\] (.*)$|^(?:\[libprotobuf \w+ [^\]]+\] )(.*)$""", re.MULTILINE)


@dataclass(frozen=True)
class Answer:
    """What one request came to: outputs by their names, or the reason why there are none."""

    outputs: dict
    reason: str = ""


@dataclass(frozen=True)
class Verdict:
    """What the server makes of a model: the reason why it does not load, or its answers."""

    refusal: str
    answers: tuple[Answer, ...] = ()


class ServerGround:
    """One server and the folder that it sees as its repository, which is empty between two verdicts."""

    def __init__(self, client, image, repository):
        self._client, self._image, self._repository = client, image, Path(repository)
        self._running = contextlib.ExitStack()

    def __enter__(self):
        self._repository.mkdir(parents=True, exist_ok=True)
        volumes = {str(self._repository): {"bind": "/repository", "mode": "ro"}}
        ports = {"8000/tcp": ("127.0.0.1", None)}
        options = {"volumes": volumes, "ports": ports, "shm_size": "256m", "detach": True}
        self._container = self._client.containers.run(self._image, list(COMMAND), **options)
        self._running.callback(self._container.remove, force=True, v=True)
        self._container.reload()
        self._address = f"127.0.0.1:{self._container.ports['8000/tcp'][0]['HostPort']}"
        self._wait_until_live()
        return self

    def __exit__(self, *exc_details):
        return self._running.__exit__(*exc_details)

    def judge(self, folder, model, requests=(), *, before=(), patience=_PATIENCE):
        """Load a model out of a folder of models, after others that it asks, ask it, and unload all again.

        Args:
            folder: The folder.
            model: The model's name.
            requests: Bodies of requests, as JSON has them.
            before: Other models to load first.
            patience: Seconds that loading and each answer may take.
        """
        with self._placed(folder):
            try:
                refusals = [self._load(each, patience) for each in (*before, model)]
                refusal = "\n".join(filter(None, refusals))
                asked = () if refusal else requests
                answers = tuple(self._ask(model, request, patience) for request in asked)
                if not self._forget(*before, model):
                    self._renew()
            except TimeoutError:
                self._renew()
                return Verdict(HANGS)
            except (ConnectionError, http.client.HTTPException):
                told = self._last_words()
                self._renew()
                return Verdict(f"{CRASHES}: {told}")
        return Verdict(refusal, answers)

    def completed(self, folder, model):
        """Return the configuration that the server serves a model with."""
        with self._placed(folder):
            refusal = self._load(model, _PATIENCE)
            assert not refusal, refusal
            told = self._call("GET", f"/v2/models/{model}/config")[1]
            self._forget(model)
        return told

    @contextlib.contextmanager
    def _placed(self, folder):
        placed = [each for each in sorted(Path(folder).iterdir()) if each.is_dir()]
        for each in placed:
            shutil.copytree(each, self._repository / each.name, symlinks=True)
        try:
            yield
        finally:
            for each in placed:
                shutil.rmtree(self._repository / each.name)

    def _load(self, model, patience):
        """Load a model and return why it does not, in the words of the answer and of the log."""
        known = len(self._log())
        status, told = self._post(f"/v2/repository/models/{model}/load", {}, timeout=patience)
        if status == 200:
            return ""
        end = time.monotonic() + _PARTING
        while not (logged := _REASON.findall(self._log()[known:])) and time.monotonic() < end:
            time.sleep(0.05)  # the engine is somewhat behind with the log
        return "\n".join([_reason(told), *map("".join, logged)])

    def _ask(self, model, request, patience):
        way, body = ("generate_stream", request["stream"]) if "stream" in request else ("infer", request)
        status, told = self._post(f"/v2/models/{model}/{way}", body, timeout=patience)
        if status != 200:
            return Answer({}, _reason(told) or f"status {status}")
        if "stream" in request:
            return _streamed(told)
        return Answer({output["name"]: output.get("data") for output in told.get("outputs", ())})

    def _forget(self, *models):
        """Unload models with all that they brought along, and tell whether they go."""
        for model in models:
            self._post(f"/v2/repository/models/{model}/unload", {"parameters": {"unload_dependents": True}})
        end = time.monotonic() + _PARTING
        while any(map(_is_up, self._post("/v2/repository/index", {})[1])):
            if time.monotonic() > end:
                return False
            time.sleep(0.02)
        return True

    def _renew(self):
        """End a server that a model has blocked, and start another."""
        self._running.close()
        self.__enter__()

    def _last_words(self):
        """Return how a server that gives no answer has ended."""
        code = self._container.wait(timeout=_PATIENCE)["StatusCode"]
        return f"status {code}\n{self._log()[-_MOST_SHOWN:]}"

    def _log(self):
        return self._container.logs().decode(errors="replace")

    def _post(self, path, body, *, timeout=_PATIENCE):
        return self._call("POST", path, json.dumps(body), timeout=timeout)

    def _call(self, method, path, body=None, *, timeout=_PATIENCE):
        connection = http.client.HTTPConnection(self._address, timeout=timeout)
        with contextlib.closing(connection):
            connection.request(method, path, body=body, headers={"Content-Type": "application/json"})
            answer = connection.getresponse()
            return answer.status, _read(answer.read())

    def _wait_until_live(self):
        end = time.monotonic() + _PATIENCE
        while time.monotonic() < end:
            self._container.reload()
            assert self._container.status != "exited", "the server ended"
            with contextlib.suppress(OSError, http.client.HTTPException):
                if self._call("GET", "/v2/health/live", timeout=5)[0] == 200:
                    return
            time.sleep(0.1)
        raise AssertionError(f"not live after {_PATIENCE} s")


class ServerGrounds:
    """Several servers side by side, since most of what a model takes to load is waiting."""

    def __init__(self, client, image, folder, count):
        self._grounds = [ServerGround(client, image, folder / str(number)) for number in range(count)]
        self._running = contextlib.ExitStack()

    def __enter__(self):
        self._free = queue.SimpleQueue()
        for each in self._grounds:
            self._free.put(self._running.enter_context(each))
        return self

    def __exit__(self, *exc_details):
        return self._running.__exit__(*exc_details)

    def each(self, judged, cases):
        """Return what a function of a server and a case returns for each case, in their order."""
        with ThreadPoolExecutor(len(self._grounds)) as threads:
            return list(threads.map(lambda case: self._with_one(judged, case), cases))

    def _with_one(self, judged, case):
        ground = self._free.get()
        try:
            return judged(ground, case)
        finally:
            self._free.put(ground)


def _is_up(entry):
    return entry.get("state") in {"READY", "LOADING", "UNLOADING"}


def _read(content):
    try:
        return json.loads(content)
    except ValueError:
        return content.decode(errors="replace")


def _reason(told):
    return told.get("error", "") if isinstance(told, dict) else str(told)


def _streamed(told):
    """Gather the events of a stream: each output's values in the order of the answers."""
    outputs = {}
    for event in [told] if isinstance(told, dict) else _events(told):
        if "error" in event:
            return Answer(outputs, event["error"])
        for name in event.keys() - {"model_name", "model_version", "id"}:
            outputs.setdefault(name, []).append(event[name])
    return Answer(outputs)


def _events(text):
    return [
        json.loads(line.removeprefix("data: ")) for line in text.splitlines() if line.startswith("data: ")
    ]
