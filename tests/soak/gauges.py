"""What a process holds: memory of its own, files and children."""

import re
import statistics
import time
from pathlib import Path
from typing import NamedTuple

_INTERVAL_SECONDS = 1.0
_LOOKS_AT_REST = 3


class Sample(NamedTuple):
    """One look at a process."""

    seconds: float
    pss_kib: int
    files: int


def look(pid, begun):
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    pss = int(re.search(r"^Pss:\s+(\d+) kB", rollup, re.MULTILINE)[1])
    return Sample(time.monotonic() - begun, pss, len(list(Path(f"/proc/{pid}/fd").iterdir())))


def children(pid):
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def watch_process(pid, seconds, stop):
    """Look at a process once a second for some time, or until it is enough."""
    begun = time.monotonic()
    samples = []
    while time.monotonic() - begun < seconds and not stop.wait(_INTERVAL_SECONDS):
        samples.append(look(pid, begun))
    return samples


def pss_at_rest(pid):
    """Return the median of a few looks at the memory of a process, in KiB, once it has come to rest."""
    looks = []
    for _ in range(_LOOKS_AT_REST):
        time.sleep(_INTERVAL_SECONDS)
        looks.append(look(pid, 0).pss_kib)
    return statistics.median(looks)
