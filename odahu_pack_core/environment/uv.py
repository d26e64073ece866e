"""uv, which chooses versions and installs wheels for another Python and platform than the host's."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from odahu_pack_core.command import Command, LineSink, Outcome, Runner
from odahu_pack_core.plan.environment import Dependencies
from odahu_pack_core.values import dataclass

from .failures import failure_of
from .target import Target

_DECISIVE: Final = frozenset(
    {
        "UV_DEFAULT_INDEX",
        "UV_EXCLUDE_NEWER",
        "UV_EXTRA_INDEX_URL",
        "UV_FIND_LINKS",
        "UV_INDEX",
        "UV_INDEX_STRATEGY",
        "UV_INDEX_URL",
    }
)
"""Settings that decide which packages are offered."""

_HEEDED: Final = _DECISIVE | {
    "UV_CACHE_DIR",
    "UV_CONFIG_FILE",
    "UV_CREDENTIALS_DIR",
    "UV_INSECURE_HOST",
    "UV_KEYRING_PROVIDER",
    "UV_NATIVE_TLS",
    "UV_NO_CONFIG",
    "UV_OFFLINE",
    "UV_REQUEST_TIMEOUT",
    "UV_SYSTEM_CERTS",
}
_HEEDED_PREFIXES: Final = ("UV_INDEX_", "UV_HTTP_", "UV_CONCURRENT_")
# uv breaks its messages into lines of COLUMNS characters, also inside sentences that are looked for.
_NOT_PASSED_ON: Final = ("UV_", "PYTHON", "VIRTUAL_ENV", "CONDA_", "__PYVENV", "COLUMNS")


@dataclass(frozen=True)
class HostPython:
    """An interpreter on the host, which uv works with.

    Args:
        path: Its absolute path.
        version: Its X.Y.
    """

    path: str
    version: str

    @classmethod
    def own(cls) -> HostPython:
        """Return the interpreter that odahu-pack itself runs on, outside of any virtual environment."""
        path = os.path.realpath(getattr(sys, "_base_executable", "") or sys.executable)
        return cls(path, f"{sys.version_info[0]}.{sys.version_info[1]}")


@dataclass(frozen=True)
class Uv:
    """uv in a folder of its own, so that it reads no project's settings.

    Indexes, credentials, certificates and time limits are the user's, by environment variables and by the
    settings of user and system.

    Args:
        environ: The user's environment variables.
        runner: Runs programs.
        folder: An empty folder to run in.
        python: The host interpreter that uv works with.
        target: What packages must run on.
    """

    environ: Mapping[str, str]
    runner: Runner
    folder: Path
    python: HostPython
    target: Target

    def __call__(self, *arguments: str, on_line: LineSink | None = None) -> str:
        """Run uv and return what it wrote to stdout.

        Args:
            arguments: Its subcommand and options.
            on_line: Told each line while it runs.

        Raises:
            DependencyError: It failed; the error has uv's own explanation.
        """
        # uv takes the nearest settings of a project, in this folder or above.
        (self.folder / "uv.toml").touch()
        options = ("--no-progress", "--color", "never", "--no-python-downloads", "--python", self.python.path)
        outcome = self._run((*arguments, *options), on_line)
        if outcome.exit_code:
            raise failure_of(outcome, self.target)
        return outcome.stdout

    def found(self, version: str) -> HostPython | None:
        """Return an interpreter of a Python X.Y on the host; None where there is none."""
        search = ("python", "find", "--no-project", "--no-python-downloads", version)
        outcome = self._run(search, None)
        path = outcome.stdout.strip()
        return HostPython(os.path.realpath(path), version) if outcome.exit_code == 0 and path else None

    def _run(self, arguments: tuple[str, ...], on_line: LineSink | None) -> Outcome:
        from uv import find_uv_bin  # noqa: PLC0415  # not needed where all is in the cache

        env = heeded(self.environ)
        command = Command((find_uv_bin(), *arguments), env, cwd=self.folder, secrets=_passwords(env))
        return self.runner(command, on_line)


def heeded(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment variables that uv gets: nothing that changes what it installs or where.

    Certificates are those that the machine trusts, as for registries, unless the user has it otherwise.
    """
    passed_on = {
        name: value
        for name, value in environ.items()
        if name in _HEEDED or name.startswith(_HEEDED_PREFIXES) or not name.startswith(_NOT_PASSED_ON)
    }
    return {"UV_SYSTEM_CERTS": "true", **passed_on}


def index_settings(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return the user's settings that decide which packages are offered, for the lock's key."""
    told = sorted(f"{name}={value}" for name, value in environ.items() if name in _DECISIVE)
    return (*told, *(_content(path) for path in _settings_files(environ)))


def index_options(dependencies: Dependencies, artifact_root: Path) -> tuple[str, ...]:
    """Return uv's options for the indexes that a conda file writes down."""
    options: list[str] = []
    if dependencies.index_url:
        options += ["--default-index", dependencies.index_url]
    for url in dependencies.extra_index_urls:
        # As pip has it, which the file was written for: the best version of all indexes.
        options += ["--index", url, "--index-strategy", "unsafe-best-match"]
    for folder in dependencies.find_links:
        options += ["--find-links", str((artifact_root / folder).absolute())]
    return (*options, *(["--no-index"] if dependencies.no_index else []))


def target_options(target: Target, *, build_from_source: bool) -> tuple[str, ...]:
    """Return uv's options for the Python and platform that packages must run on."""
    wheels_only = () if build_from_source else ("--only-binary", ":all:")
    return ("--python-version", target.full_python, "--python-platform", target.uv_platform, *wheels_only)


def _passwords(environ: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(
        value
        for name, value in environ.items()
        if name.startswith("UV_INDEX_") and name.endswith("_PASSWORD") and value
    )


def _settings_files(environ: Mapping[str, str]) -> Sequence[Path]:
    if environ.get("UV_NO_CONFIG"):
        return ()
    if chosen := environ.get("UV_CONFIG_FILE"):
        return (Path(chosen),)
    home = environ.get("XDG_CONFIG_HOME") or str(Path(environ.get("HOME", "/")) / ".config")
    return Path(home, "uv", "uv.toml"), Path("/etc/uv/uv.toml")


def _content(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
