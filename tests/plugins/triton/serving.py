"""Packaged images run, and asked over HTTP and gRPC."""

import contextlib
import time
import urllib.request

import tritonclient.grpc
import tritonclient.http

from tests.e2e.parts import container

TAG = "24.10-py3"
READY = "/v2/health/ready"
HARDENED = {
    "read_only": True,
    "tmpfs": {"/tmp": ""},
    "user": "12345:0",
    "cap_drop": ["ALL"],
    "security_opt": ["no-new-privileges"],
}
PROTOCOLS = {"HTTP": (tritonclient.http, 8000), "gRPC": (tritonclient.grpc, 8001)}


def run(client, image, **options):
    """Run an image in the background, its ports published on the loopback."""
    ports = {f"{port}/tcp": ("127.0.0.1", None) for port in (8000, 8001, 8002)}
    return container(client, image, ports=ports, **options)


def address(started, port):
    """Return where a port of a container is published."""
    started.reload()
    return f"127.0.0.1:{started.ports[f'{port}/tcp'][0]['HostPort']}"


def wait_until_ready(started, seconds=60):
    """Wait until all models of a server are ready."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        started.reload()
        assert started.status != "exited", "the server ended"
        with contextlib.suppress(OSError):
            urllib.request.urlopen(f"http://{address(started, 8000)}{READY}", timeout=5).close()
            return
        time.sleep(0.1)
    raise AssertionError(f"not ready after {seconds} s")


@contextlib.contextmanager
def asking(started, protocol, model, **fixed):
    """Yield a function that asks a model with one FP32 input: ``ask("X", values, "Y")``."""
    library, port = PROTOCOLS[protocol]
    with library.InferenceServerClient(address(started, port)) as server:

        def ask(name, values, output, **options):
            given = library.InferInput(name, list(values.shape), "FP32")
            given.set_data_from_numpy(values)
            classes = options.pop("class_count", 0)
            wanted = [library.InferRequestedOutput(output, class_count=classes)]
            return server.infer(model, [given], outputs=wanted, **fixed, **options).as_numpy(output)

        yield ask
