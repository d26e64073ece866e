"""An image registry on loopback, with or without a password, for as long as it is needed."""

import base64
import ctypes
import ctypes.util
import http.client
import json
import os
import re
import secrets
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import final

from workbench.command import locate
from workbench.errors import PartMissingError, WorkbenchError

__all__ = ["Registry", "bcrypt_hash"]

_START_SECONDS = 20.0
_POLL_SECONDS = 0.05
_ATTEMPTS = 3  # another process may take the free port before the registry does
_BCRYPT_ALPHABET = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_REQUEST = re.compile(r'"([A-Z]+) (\S+) HTTP/[\d.]+" (\d{3}) ')
_BCRYPT_ROUNDS = 5  # the registry checks every request: cheap is right for a test's password


@final
class Registry:
    """Debian's ``docker-registry`` on a free port of 127.0.0.1, with fresh storage; deletion allowed.

    Several can run at once. The storage is gone afterwards. The kernel ends the registry with the
    thread that entered it, also when that is killed.

    Args:
        username: Who may come in; None for an anonymous registry.
        password: The password; made up when None and there is a user name.
        environ: The environment variables of the registry's process.
    """

    def __init__(
        self,
        *,
        username: str | None = None,
        password: str | None = None,
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self.username = username
        self.password = (password or secrets.token_urlsafe(16)) if username is not None else None
        self._environ = environ
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._server: subprocess.Popen[bytes] | None = None
        self._port = 0

    @property
    def host(self) -> str:
        """Host and port, as they stand in an image reference: ``127.0.0.1:PORT``."""
        return f"127.0.0.1:{self._port}"

    @property
    def pid(self) -> int:
        """The process id of the running registry."""
        if self._server is None:
            raise RuntimeError("the registry is not entered yet")
        return self._server.pid

    @property
    def storage(self) -> Path:
        """Where the running registry keeps its blobs."""
        if self._folder is None:
            raise RuntimeError("the registry is not entered yet")
        return Path(self._folder.name, "storage")

    def requests(self) -> tuple[tuple[str, str, int], ...]:
        """Return method, path and status of each request that was answered so far, in that order."""
        found = _REQUEST.finditer(self._log.read_text(errors="replace"))
        return tuple(
            (method, path, int(status)) for method, path, status in (each.groups() for each in found)
        )

    @property
    def _log(self) -> Path:
        return self.storage.with_name("log")

    def __enter__(self) -> "Registry":
        """Start the registry and wait until it answers.

        Raises:
            PartMissingError: ``docker-registry`` is not installed.
            WorkbenchError: It does not come up; the message quotes its log.
        """
        program = locate("docker-registry")
        self._folder = tempfile.TemporaryDirectory(prefix="odahu-pack-registry-")
        try:
            for _ in range(_ATTEMPTS):
                if self._start(program, Path(self._folder.name)):
                    return self
            log = self._log.read_text(errors="replace")
        except BaseException:
            self._close()
            raise
        self._close()
        raise WorkbenchError(f"docker-registry did not come up:\n{log[-2000:]}")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the registry and remove its storage."""
        self._close()

    def status(self, path: str = "/v2/", *, username: str = "", password: str = "") -> int:
        """Ask the registry for a path and return the HTTP status.

        Args:
            path: The path of the request.
            username: Sent with the password when not empty.
            password: Sent with the user name.
        """
        headers = {}
        if username:
            credential = base64.b64encode(f"{username}:{password}".encode()).decode()
            headers["Authorization"] = f"Basic {credential}"
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=10)
        try:
            connection.request("GET", path, headers=headers)
            return connection.getresponse().status
        finally:
            connection.close()

    def _start(self, program: str, folder: Path) -> bool:
        self._port = _free_port()
        config = folder / "config.yml"
        config.write_text(json.dumps(self._config(folder)))  # JSON is YAML
        command = [locate("setpriv"), "--pdeathsig", "KILL", "--", program, "serve", str(config)]
        with (folder / "log").open("wb") as log:
            self._server = subprocess.Popen(  # noqa: S603 - programs and arguments are the workbench's own
                command, env=dict(self._environ), stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        return self._comes_up(self._server)

    def _comes_up(self, server: "subprocess.Popen[bytes]") -> bool:
        until = time.monotonic() + _START_SECONDS
        while server.poll() is None:
            if self._answers():
                return server.poll() is None
            if time.monotonic() > until:
                _end(server)
            time.sleep(_POLL_SECONDS)
        return False

    def _answers(self) -> bool:
        try:
            return bool(self.status())
        except OSError:
            return False

    def _config(self, folder: Path) -> dict[str, object]:
        config: dict[str, object] = {
            "version": 0.1,
            "log": {"level": "error"},
            "storage": {
                "filesystem": {"rootdirectory": str(folder / "storage")},
                "delete": {"enabled": True},
            },
            "http": {"addr": self.host, "secret": secrets.token_hex()},
        }
        if self.username is not None and self.password is not None:
            passwords = folder / "htpasswd"
            passwords.write_text(f"{self.username}:{bcrypt_hash(self.password)}\n")
            config["auth"] = {"htpasswd": {"realm": "workbench", "path": str(passwords)}}
        return config

    def _close(self) -> None:
        if self._server is not None:
            _end(self._server)
            self._server = None
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None


def bcrypt_hash(password: str) -> str:
    """Hash a password as an htpasswd file wants it, with the C library's own bcrypt.

    Args:
        password: At most 72 bytes, which is all that bcrypt looks at.

    Raises:
        PartMissingError: The system's libcrypt knows no bcrypt.
    """
    library = ctypes.CDLL(ctypes.util.find_library("crypt") or "libcrypt.so.1")
    library.crypt.argtypes = [ctypes.c_char_p, ctypes.c_char_p]
    library.crypt.restype = ctypes.c_char_p
    # 22 characters are 132 bits for a salt of 128: the last may only be one whose low bits are zero.
    salt = "".join(secrets.choice(_BCRYPT_ALPHABET) for _ in range(21)) + secrets.choice(".Oeu")
    hashed = library.crypt(password.encode(), f"$2y${_BCRYPT_ROUNDS:02}${salt}".encode())
    if not isinstance(hashed, bytes) or not hashed.startswith(b"$2y$"):
        raise PartMissingError("libcrypt knows no bcrypt, which the registry needs for its passwords")
    return hashed.decode()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _end(server: "subprocess.Popen[bytes]") -> None:
    server.terminate()
    try:
        server.wait(timeout=5)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
