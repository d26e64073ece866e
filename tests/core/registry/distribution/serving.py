"""Serving a fault registry on loopback, in the clear or over TLS, and time that need not be waited for."""

import ssl
import threading
import time
from http.server import ThreadingHTTPServer

from odahu_pack_core.registry.distribution.clock import Clock

from .fault_registry import FaultRegistry, Handler


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """Say nothing of connections that the tests break."""


class Serving:
    """A fault registry that is being served."""

    def __init__(self, certificate=None):
        self.registry = FaultRegistry()
        self._server = Server(("127.0.0.1", 0), Handler)
        self._server.registry = self.registry
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.registry.host = f"127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    def __enter__(self):
        self._thread.start()
        return self.registry

    def __exit__(self, *exception):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class FastTime:
    """Time in which sleep takes none, and which can be let pass."""

    def __init__(self):
        self.slept = []
        self.passed = 0.0
        self.clock = Clock(lambda: time.monotonic() + self.passed, lambda: 1_000_000_000.0, self._sleep)

    def _sleep(self, seconds):
        self.slept.append(seconds)
        self.passed += seconds
