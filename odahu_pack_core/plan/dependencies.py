"""A model's conda file, translated to requirements of PyPI as far as that can be done without guessing."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from odahu_pack_core.errors import SpecError
from odahu_pack_core.events import Decision
from odahu_pack_core.spec.conda_file import WrittenCondaFile, WrittenLine, parse_conda_file

from .artifact import ModelArtifact
from .conda_twins import Twin, needless, twin_of
from .environment import CondaFile, CondaWords, Dependencies
from .match_spec import MatchSpec, parse_match_spec
from .pip_section import PipSection

_PYTHON: Final = "python"
_PUBLIC_CHANNELS: Final = frozenset(
    {"", "anaconda", "conda-forge", "defaults", "free", "main", "pkgs/free", "pkgs/main", "pytorch"}
)
"""Channels whose packages are the projects that PyPI knows by these names."""

_SECRET_CHANNEL: Final = re.compile(r"://[^/\s]*@|/t/[^/\s]+")
_EXACT: Final = re.compile(r"==([0-9]+\.[0-9]+\.[0-9]+)")


def read_conda_file(artifact: ModelArtifact, path: str, *, build_from_source: bool) -> CondaFile:
    """Read and translate a conda file of the artifact.

    Args:
        artifact: The artifact.
        path: The conda file's relative path in it.
        build_from_source: Whether source distributions may be built.

    Raises:
        ArtifactError: The file is not there, or is no text.
        SpecError: Names each fault with file and line.
    """
    written = parse_conda_file(artifact.read_text(path), path)
    packages = _Packages()
    for line in written.packages:
        packages.add(line)
    pip = PipSection(artifact, posixpath.dirname(path))
    pip.read(written.pip)
    faults = [*_secret_channels(written), *packages.faults, *pip.faults]
    if faults:
        raise SpecError("\n".join(faults), code="bad-dependency")
    twins, overridden = _without_overridden(packages.requirements, pip.requirements)
    dependencies = Dependencies(
        pip=(*twins, *pip.requirements),
        conda=tuple(packages.unknown),
        channels=tuple(channel.text for channel in written.channels),
        constraints=tuple(pip.constraints),
        wheels=tuple(pip.wheels),
        index_url=pip.index_url,
        extra_index_urls=tuple(pip.extra_index_urls),
        find_links=tuple(pip.find_links),
        no_index=pip.no_index,
        build_from_source=build_from_source,
        as_written=CondaWords(tuple(line.text for line in written.packages), tuple(pip.requirements)),
    )
    decisions = (*packages.decisions, *overridden, *_ignored(written))
    return CondaFile(dependencies, ",".join(packages.python), decisions)


def requirement_name(line: str) -> str:
    """Return the normalised name in a requirement line, which may end with pip's ``--hash`` options."""
    return canonicalize_name(Requirement(line.partition(" --hash=")[0]).name)


@dataclass
class _Packages:
    """The conda section, translated line by line."""

    requirements: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    python: list[str] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def add(self, line: WrittenLine) -> None:
        """Translate a line."""
        spec = parse_match_spec(line.text)
        if spec is None:
            if not _SECRET_CHANNEL.search(line.text):
                self.faults.append(
                    f"{line.place}: {line.text!r} is not a conda match spec such as 'numpy=1.19'"
                )
        elif spec.name == _PYTHON:
            self._add_python(spec, line)
        elif spec.channel not in _PUBLIC_CHANNELS:
            self._keep(line, f"a package of {spec.channel} need not be the one that PyPI has")
        elif reason := needless(spec.name):
            self.decisions.append(Decision(f"conda package {line.text}", "left out", reason))
        elif (twin := twin_of(spec.name)) is None:
            self._keep(line, "no twin of it is known on PyPI")
        else:
            self._translate(spec, twin, line)

    def _add_python(self, spec: MatchSpec, line: WrittenLine) -> None:
        if spec.version is None:
            self.faults.append(
                f"{line.place}: {line.text!r}: write Python as 'python=3.11' or 'python>=3.8,<3.12'"
            )
        elif spec.version:
            self.python.append(spec.version)

    def _translate(self, spec: MatchSpec, twin: Twin, line: WrittenLine) -> None:
        if twin.counts_otherwise:
            reason = f"{twin.reason}, with versions of its own"
            self._become(line, twin.requirement, reason)
        elif spec.version is None:
            self._keep(line, "its version cannot be said in the words of PyPI")
        else:
            version = _EXACT.sub(r"==\1.*", spec.version) if twin.has_longer_versions else spec.version
            dropped = f"; build {spec.build} is conda's own and left out" if spec.build else ""
            self._become(line, f"{twin.requirement}{version}", twin.reason + dropped)

    def _become(self, line: WrittenLine, requirement: str, reason: str) -> None:
        self.requirements.append(requirement)
        self.decisions.append(Decision(f"conda package {line.text}", requirement, reason))

    def _keep(self, line: WrittenLine, reason: str) -> None:
        self.unknown.append(line.text)
        self.decisions.append(Decision(f"conda package {line.text}", "a real conda package", reason))


def _without_overridden(twins: list[str], pip: list[str]) -> tuple[list[str], list[Decision]]:
    """Leave out twins that the pip section names too: pip runs last in a conda environment, so it wins."""
    asked = {requirement_name(line): line for line in pip}
    kept = [twin for twin in twins if requirement_name(twin) not in asked]
    reason = "the pip section asks for it too, and pip comes last"
    overridden = [
        Decision(f"requirement {twin}", asked[requirement_name(twin)], reason)
        for twin in twins
        if twin not in kept
    ]
    return kept, overridden


def _secret_channels(written: WrittenCondaFile) -> Iterator[str]:
    """Yield a fault for each channel with credentials, which it does not show."""
    mend = "credentials must not be in an artifact; keep them in conda's own settings"
    for line in (*written.channels, *written.packages):
        if _SECRET_CHANNEL.search(line.text):
            yield f"{line.place}: {mend}"


def _ignored(written: WrittenCondaFile) -> Iterator[Decision]:
    if written.variables:
        reason = "they are set when a conda environment is activated, which no image does"
        yield Decision("variables of conda.yaml", "not set", f"{', '.join(written.variables)}: {reason}")
