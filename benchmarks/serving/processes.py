"""What a server's processes use, by the kernel's own account."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_PARENT, _USER, _SYSTEM = 1, 11, 12  # fields of /proc/PID/stat behind the command's name, from 0


@dataclass(frozen=True)
class Held:
    """What some processes have used so far.

    Args:
        cpu_seconds: Processor time in user and kernel mode.
        pss_mib: Memory, where a page that several processes share counts in parts, in MiB.
    """

    cpu_seconds: float
    pss_mib: float


def held_by(root: int) -> Held:
    """Return what a process and all that descend from it have used.

    Args:
        root: The process's id.
    """
    stats = dict(_stats())
    family = _family(root, {pid: int(fields[_PARENT]) for pid, fields in stats.items()})
    ticks = sum(int(stats[pid][field]) for pid in family for field in (_USER, _SYSTEM))
    return Held(ticks / os.sysconf("SC_CLK_TCK"), sum(_pss_kib(pid) for pid in family) / 1024)


def _stats() -> Iterator[tuple[int, list[str]]]:
    for folder in _PROC.iterdir():
        if folder.name.isdecimal():
            try:
                text = (folder / "stat").read_text()
            except (FileNotFoundError, ProcessLookupError):  # it has just ended
                continue
            yield int(folder.name), text.rpartition(")")[2].split()


def _family(root: int, parents: dict[int, int]) -> set[int]:
    family = {root} & parents.keys()
    while children := {pid for pid, parent in parents.items() if parent in family} - family:
        family |= children
    return family


def _pss_kib(pid: int) -> int:
    try:
        lines = (_PROC / str(pid) / "smaps_rollup").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
