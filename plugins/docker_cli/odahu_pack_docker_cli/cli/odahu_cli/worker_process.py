"""One process with the model, seen from the command."""

import contextlib
import os
import pickle
import signal
import socket
import subprocess
import threading
from typing import Any, List, Mapping

from .worker import PROTOCOL

_LAST_MOMENTS = 1.0


class WorkerProcess:
    """A process that is asked over a socket, by one thread at a time.

    Args:
        command: starts it; the number of its end of the socket is added.
        environ: its environment variables.
    """

    def __init__(self, command: List[str], environ: Mapping[str, str]) -> None:
        self._socket, theirs = socket.socketpair()
        self._file = self._socket.makefile("rwb")
        with theirs:
            # A group of its own: Ctrl-C is for the command, and children of the model end with the worker.
            self._process = subprocess.Popen(  # noqa: S603  # this interpreter and this program
                [*command, str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=2,
                env=environ,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        self._ended = threading.Event()
        threading.Thread(target=self._watch, daemon=True).start()

    def receive(self) -> Any:
        """Wait for what the process says next.

        Raises:
            EOFError: it has ended.
        """
        try:
            return pickle.load(self._file)  # noqa: S301  # a process of ours wrote it
        except (OSError, pickle.UnpicklingError) as error:
            raise EOFError from error

    def ask(self, question: Any) -> Any:
        """Say something and wait for the answer.

        Raises:
            EOFError: it has ended.
            Exception: this cannot be pickled; the process can be asked something else.
        """
        pickled = pickle.dumps(question, PROTOCOL)
        try:
            self._file.write(pickled)
            self._file.flush()
        except OSError as error:
            raise EOFError from error
        return self.receive()

    def fate(self) -> str:
        """Say how it ended; one that has only closed its end of the socket is ended."""
        self._ended.wait(_LAST_MOMENTS)
        self.kill()
        self._ended.wait()
        code = self._process.returncode
        if code >= 0:
            return f"ended with exit code {code}"
        hint = ", perhaps since there was no memory left" if code == -signal.SIGKILL else ""
        return f"was ended by {signal.Signals(-code).name}{hint}"

    def dismiss(self) -> None:
        """Tell it that nothing more is asked, so that it ends by itself."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)

    def see_off(self, seconds: float) -> None:
        """Give it some seconds to end, and no more."""
        if not self._ended.wait(seconds):
            self.kill()

    def kill(self) -> None:
        """End it now, and the children of the model in it."""
        with contextlib.suppress(ProcessLookupError):
            if not self._ended.is_set():
                os.killpg(self._process.pid, signal.SIGKILL)

    def _watch(self) -> None:
        # A child of the model may hold the other end open: what counts is that the process has ended.
        self._process.wait()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._ended.set()
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
