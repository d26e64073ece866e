"""The pip section of a conda file: requirements, and the few of pip's options that an artifact may use."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from odahu_pack_core.errors import ArtifactError, did_you_mean
from odahu_pack_core.spec.conda_file import WrittenLine

from .artifact import ModelArtifact

_COMMENT: Final = re.compile(r"(?:^|\s)#.*$")
_OPTION: Final = re.compile(r"(--[A-Za-z][A-Za-z-]*)(?:[=\s]\s*(.*))?|(-[A-Za-z])\s*=?\s*(.*)")
_HASHES: Final = re.compile(r"(?:\s+--hash[=\s]\s*sha256:[0-9a-fA-F]{64})+\Z")
_HASH: Final = re.compile(r"sha256:[0-9a-fA-F]{64}")
_ELSEWHERE: Final = re.compile(r"(?:git|hg|svn|bzr)\+|[a-z]+://", re.IGNORECASE)
_PLAIN: Final = re.compile(r"https?://[^\s'\"\\<>`]+", re.IGNORECASE)
_MOST_FILES: Final = 100

_WHEEL_MEND: Final = "build a wheel of it, put that into the artifact and write its path"
_OPTION_NAMES: Final = {
    "-r": "--requirement",
    "-c": "--constraint",
    "-i": "--index-url",
    "-f": "--find-links",
    "-e": "--editable",
}


@dataclass
class PipSection:
    """What the pip section asks for, gathered line by line.

    Args:
        artifact: The artifact, for the files that it refers to.
        folder: The conda file's folder in the artifact, from which paths count.
    """

    artifact: ModelArtifact
    folder: str
    requirements: list[str] = field(default_factory=list)
    constraints: list[str] = field(default_factory=list)
    wheels: list[str] = field(default_factory=list)
    index_url: str = ""
    extra_index_urls: list[str] = field(default_factory=list)
    find_links: list[str] = field(default_factory=list)
    no_index: bool = False
    faults: list[str] = field(default_factory=list)
    _files: set[tuple[str, bool]] = field(default_factory=set)

    def read(self, lines: Sequence[WrittenLine]) -> None:
        """Read the section; what is wrong goes to ``faults``."""
        for line in lines:
            self._line(line, self.folder, constraints=False)

    def _line(self, line: WrittenLine, folder: str, *, constraints: bool) -> None:
        text = _COMMENT.sub("", line.text).strip()
        if "${" in text:
            self._fault(
                line, "environment variables are not filled in; keep credentials in the user's own settings"
            )
        elif text.startswith("-"):
            self._option(WrittenLine(text, line.place), folder, constraints=constraints)
        elif text:
            self._requirement(WrittenLine(text, line.place), constraints=constraints)

    def _option(self, line: WrittenLine, folder: str, *, constraints: bool) -> None:
        match = _OPTION.fullmatch(line.text)
        name = (match[1] or match[3]) if match else line.text.split()[0]
        value = ((match[2] or match[4]) if match else "") or ""
        name, value = _OPTION_NAMES.get(name, name), value.strip().strip("'\"")
        take = self._takers(folder, constraints=constraints).get(name)
        if take is not None:
            take(line, value)
        elif name == "--editable":
            self._fault(line, f"an editable project cannot be packaged; {_WHEEL_MEND}")
        else:
            known = (
                "--requirement",
                "--constraint",
                "--index-url",
                "--extra-index-url",
                "--find-links",
                "--no-index",
            )
            self._fault(line, f"unknown option {name}; {did_you_mean(name, known)}")

    def _takers(self, folder: str, *, constraints: bool) -> dict[str, Callable[[WrittenLine, str], None]]:
        return {
            "--requirement": lambda line, value: self._file(line, value, folder, constraints=constraints),
            "--constraint": lambda line, value: self._file(line, value, folder, constraints=True),
            "--index-url": self._main_index,
            "--extra-index-url": self._extra_index,
            "--find-links": self._links,
            "--no-index": self._only_links,
            "--prefer-binary": self._nothing,
        }

    def _requirement(self, line: WrittenLine, *, constraints: bool) -> None:
        hashes = _HASHES.search(line.text)
        text = line.text[: hashes.start()] if hashes else line.text
        if _ELSEWHERE.match(text) or "@" in text:
            self._fault(line, f"only packages of an index can be named here; {_WHEEL_MEND}", quote=False)
            return
        if text.endswith(".whl"):
            self._wheel(line, text)
            return
        if "/" in text:
            self._fault(line, f"only packages of an index can be named here; {_WHEEL_MEND}", quote=False)
            return
        try:
            requirement = Requirement(text)
        except InvalidRequirement:
            self._fault(line, "not a requirement; write a name and version such as 'numpy==1.19.5'")
            return
        digests = "".join(f" --hash={digest}" for digest in _HASH.findall(hashes[0])) if hashes else ""
        (self.constraints if constraints else self.requirements).append(f"{requirement}{digests}")

    def _wheel(self, line: WrittenLine, text: str) -> None:
        path = self._inside(line, text, self.folder)
        if path is None:
            return
        try:
            parse_wheel_filename(posixpath.basename(path))
        except InvalidWheelFilename:
            self._fault(line, "its name is not that of a wheel")
            return
        if path not in self.wheels:
            self.wheels.append(path)

    def _file(self, line: WrittenLine, value: str, folder: str, *, constraints: bool) -> None:
        path = self._inside(line, value, folder)
        if path is None or (path, constraints) in self._files:
            return
        if len(self._files) >= _MOST_FILES:
            self._fault(line, f"more than {_MOST_FILES} requirement files")
            return
        self._files.add((path, constraints))
        try:
            text = self.artifact.read_text(path)
        except ArtifactError as error:
            self._fault(line, error.message)
            return
        for inner in _lines(text, path):
            self._line(inner, posixpath.dirname(path), constraints=constraints)

    def _main_index(self, line: WrittenLine, url: str) -> None:
        if self._is_index(line, url):
            self.index_url = url

    def _extra_index(self, line: WrittenLine, url: str) -> None:
        if self._is_index(line, url) and url not in self.extra_index_urls:
            self.extra_index_urls.append(url)

    def _is_index(self, line: WrittenLine, url: str) -> bool:
        try:
            parts = urlsplit(url)
        except ValueError:
            self._fault(line, "not the URL of an index", quote=False)
            return False
        if "@" in url:
            self._fault(
                line,
                "credentials must not be in an artifact; give them in the environment variables "
                "UV_INDEX_<NAME>_USERNAME and UV_INDEX_<NAME>_PASSWORD, or in a netrc file",
                quote=False,
            )
        elif not _PLAIN.fullmatch(url) or not parts.netloc or parts.query or parts.fragment:
            self._fault(line, "an index is a plain http or https URL", quote=False)
        else:
            return True
        return False

    def _links(self, line: WrittenLine, value: str) -> None:
        path = self._inside(line, value, self.folder, of_folder=True)
        if path is not None and path not in self.find_links:
            self.find_links.append(path)

    def _only_links(self, line: WrittenLine, value: str) -> None:
        self._nothing(line, value)
        self.no_index = True

    def _nothing(self, line: WrittenLine, value: str) -> None:
        if value:
            self._fault(line, "this option has no value; write one option a line", quote=False)

    def _inside(self, line: WrittenLine, written: str, folder: str, *, of_folder: bool = False) -> str | None:
        """Return the path of a file or folder of the artifact; None, with a fault, when it is none."""
        path = posixpath.normpath(posixpath.join(folder, written))
        if not written or ":" in written or path.startswith(("/", "../")) or path == "..":
            self._fault(line, "must be a path inside the artifact", quote=":" not in written)
            return None
        entry = next((entry for entry in self.artifact.entries if entry.path == path), None)
        is_there = (path == "." and of_folder) or (entry is not None and entry.is_folder == of_folder)
        if not is_there:
            self._fault(line, f"the artifact has no {'folder' if of_folder else 'file'} {path}")
            return None
        return path

    def _fault(self, line: WrittenLine, message: str, *, quote: bool = True) -> None:
        """Note a fault; a line that may hold a secret is not quoted."""
        secretive = not quote or "@" in line.text or "${" in line.text
        self.faults.append(
            f"{line.place}: {message}" if secretive else f"{line.place}: {line.text!r}: {message}"
        )


def _lines(text: str, file: str) -> Iterator[WrittenLine]:
    """Yield the logical lines of a requirements file, those that end with a backslash joined."""
    joined, start = "", 1
    for number, physical in enumerate([*text.splitlines(), ""], 1):
        if not joined:
            start = number
        if physical.endswith("\\"):
            joined += physical[:-1] + " "
            continue
        line, joined = (joined + physical).strip(), ""
        if line:
            yield WrittenLine(line, f"{file}, line {start}")
