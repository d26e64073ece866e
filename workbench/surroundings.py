"""What a test must leave as it found it: environment variables, child processes, the current folder."""

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Surroundings"]

_PATIENCE_SECONDS = 2.0
_POLL_SECONDS = 0.02
# Written by pytest and hypothesis themselves, whenever they see fit.
_RUNNERS_VARIABLES = frozenset({"PYTEST_CURRENT_TEST", "PYTEST_VERSION"})
_RUNNERS_FILES = frozenset({".hypothesis", ".pytest_cache", "__pycache__"})


@dataclass(frozen=True)
class Surroundings:
    """What is around this process at one moment.

    Args:
        folder: The current folder.
        variables: Its environment variables.
        children: The ids of its child processes.
        files: The names in the current folder.
    """

    folder: Path
    variables: Mapping[str, str]
    children: frozenset[int]
    files: frozenset[str]

    @classmethod
    def now(cls) -> "Surroundings":
        """Look around."""
        folder = Path.cwd()
        variables = {name: value for name, value in os.environ.items() if name not in _RUNNERS_VARIABLES}
        files = frozenset(path.name for path in folder.iterdir()) - _RUNNERS_FILES
        return cls(folder, variables, _children(), files)

    def leaks(self, *, expected_children: frozenset[int] = frozenset()) -> list[str]:
        """Say what has changed since, one sentence each; empty when nothing has.

        A child process that is about to end is waited for.

        Args:
            expected_children: Process ids that may be new.
        """
        until = time.monotonic() + _PATIENCE_SECONDS
        now = Surroundings.now()
        allowed = self.children | expected_children
        while now.children - allowed and time.monotonic() < until:
            time.sleep(_POLL_SECONDS)
            now = Surroundings.now()
        return [
            *self._folder_changes(now),
            *self._variable_changes(now),
            *_new_children(now.children - allowed),
        ]

    def _folder_changes(self, now: "Surroundings") -> list[str]:
        if now.folder != self.folder:
            return [f"the current folder is {now.folder}, it was {self.folder}"]
        return [f"a new file in the current folder: {name}" for name in sorted(now.files - self.files)]

    def _variable_changes(self, now: "Surroundings") -> list[str]:
        # Names only: a value may be a secret.
        names = sorted(self.variables.keys() | now.variables.keys())
        changed = [name for name in names if self.variables.get(name) != now.variables.get(name)]
        return [f"the environment variable {name} has changed" for name in changed]


def _children() -> frozenset[int]:
    """Return the child processes of all threads, ended ones that nobody waited for among them."""
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:  # the usual case, at the cost of one system call
        return frozenset()
    numbers = (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal())
    return frozenset(pid for pid in numbers if _parent(pid) == os.getpid())


def _parent(pid: int) -> int | None:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:  # it has just ended
        return None
    # proc(5): "pid (name) state ppid …", and the name may hold anything, brackets too.
    return int(stat.rpartition(")")[2].split()[1])


def _new_children(pids: frozenset[int]) -> list[str]:
    return [f"a child process is left: {pid} {_command(pid)}".rstrip() for pid in sorted(pids)]


def _command(pid: int) -> str:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return ""
    return os.fsdecode(words[0]) if words[0] else "(ended, but nobody waited for it)"
