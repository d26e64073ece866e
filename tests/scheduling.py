"""Which tests one process runs, when several share them out."""

import re
from functools import cache

from xdist.scheduler import LoadScopeScheduling

_MARKS_OF_PARTS = re.compile(r"\bmark\.(engine|registry|triton)\b")
_RUNTIME = re.compile(r"[\[-](current|3\.\d+)[]-]")


class SharedGround(LoadScopeScheduling):
    """Keeps together what shares something: engine and registries, else the servers of a file for one Python.

    Files that need a real part go to one process, which starts engine and registries once.
    """

    def __init__(self, config, log):
        super().__init__(config, log)
        self._root = config.rootpath
        self._needs_parts = cache(self._names_a_part)

    def _split_scope(self, nodeid):
        path, _, name = nodeid.partition("::")
        if self._needs_parts(path):
            return "real parts"
        runtime = _RUNTIME.search(name) if path.startswith("tests/runtime/") else None
        return f"{path} {runtime[1]}" if runtime else path

    def _names_a_part(self, path):
        return _MARKS_OF_PARTS.search((self._root / path).read_text(encoding="utf-8")) is not None
