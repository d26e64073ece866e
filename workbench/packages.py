"""Which Debian packages hold the real parts, and their installation."""

import ctypes.util
import os
import shutil
from collections.abc import Mapping

from workbench.command import locate, run
from workbench.errors import PartMissingError

__all__ = ["PACKAGES", "install", "missing"]

PACKAGES: Mapping[str, str] = {
    "docker": "docker.io",
    "dockerd": "docker.io",
    "containerd": "containerd",
    "runc": "runc",
    "iptables": "iptables",
    "docker-registry": "docker-registry",
    "debootstrap": "debootstrap",
    "skopeo": "skopeo",
    "buildah": "buildah",
    "podman": "podman",
    "chromium": "chromium",
    "qemu-x86_64": "qemu-user",
    "wrk": "wrk",
    "curl": "curl",
}
"""The programs that tests and benchmarks start, and the package of each."""

_LIBRARIES: Mapping[str, str] = {"b64": "libb64-0d"}
"""The libraries of programs that come from elsewhere, and the package of each."""


def missing() -> tuple[str, ...]:
    """Return the packages of all programs and libraries that are not installed, sorted."""
    programs = {package for program, package in PACKAGES.items() if not _present(program)}
    libraries = {package for name, package in _LIBRARIES.items() if ctypes.util.find_library(name) is None}
    return tuple(sorted(programs | libraries))


def install(environ: Mapping[str, str] = os.environ) -> tuple[str, ...]:
    """Install what is missing, with apt.

    Args:
        environ: The environment variables that apt gets.

    Returns:
        The packages that were installed; empty when nothing was missing.

    Raises:
        PartMissingError: Packages are missing, and this is not root or not a Debian.
        WorkbenchError: apt failed.
    """
    wanted = missing()
    if not wanted:
        return ()
    if shutil.which("apt-get") is None:
        raise PartMissingError(f"not a Debian: install these by hand: {', '.join(wanted)}")
    if os.geteuid() != 0:
        raise PartMissingError(f"only root can install {', '.join(wanted)}: run this with sudo")
    quiet = {**environ, "DEBIAN_FRONTEND": "noninteractive"}
    run(["apt-get", "update", "-q"], environ=quiet)
    run(
        ["apt-get", "install", "-q", "-y", "--no-upgrade", "--no-install-recommends", *wanted],
        environ=quiet,
        timeout=1200,
    )
    return wanted


def _present(program: str) -> bool:
    try:
        locate(program)
    except PartMissingError:
        return False
    return True
