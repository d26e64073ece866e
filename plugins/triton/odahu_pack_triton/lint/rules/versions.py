"""TR13x: the folders of versions, and the policy that says which of them are loaded."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from odahu_pack_triton.backends import FILES
from odahu_pack_triton.lint.finding import Severity
from odahu_pack_triton.lint.rule import Fault, Subject, rule

from .facts import shown
from .loaded import VersionFolder, loaded_versions, version_folders

_MEANT: Final = re.compile(r"(?i)(?:v|ver|version)[._-]?0*([1-9][0-9]{0,17})|0+([1-9][0-9]{0,17})", re.ASCII)
_MOST_SHOWN: Final = 8


@rule("TR131", "no-version", Severity.ERROR)
def no_version(subject: Subject) -> Iterator[Fault]:
    """The model has no version: no folder whose name is a number.

    Triton refuses the model: `at least one version must be available under the version policy`
    ([model versions](https://github.com/triton-inference-server/server/blob/main/docs/user_guide/model_repository.md#model-versions)).
    An ensemble, too, needs one, which is empty. The files of a version lie in a folder of its own:

    ```
    wine/config.pbtxt
    wine/1/model.onnx
    ```
    """
    folder = subject.folder
    if not any(True for _ in version_folders(folder)):
        meant = [name for name in folder.names("") if _MEANT.fullmatch(name) and folder.is_folder(name)]
        stray = [name for name in folder.names("") if name in FILES]
        hint = f"rename {meant[0]} to {_number(meant[0])}" if meant else ""
        hint = hint or (f"move {stray[0]} to 1/{stray[0]}" if stray else "put its files into a folder 1")
        yield Fault(f"the model {shown(folder.name)} has no folder with a version", (), hint)


@rule("TR132", "version-ignored", Severity.WARNING)
def version_ignored(subject: Subject) -> Iterator[Fault]:
    """A folder looks like a version, but Triton ignores it for its name.

    Names that begin with `0` or with no digit are passed over
    ([model versions](https://github.com/triton-inference-server/server/blob/main/docs/user_guide/model_repository.md#model-versions)).
    Write `2`, not `v2` or `02`.
    """
    folder = subject.folder
    if not any(True for _ in version_folders(folder)):
        return
    for name in folder.names(""):
        if _MEANT.fullmatch(name) and folder.is_folder(name):
            yield Fault(f"Triton ignores the folder {shown(name)}", (), f"rename it to {_number(name)}", name)


@rule("TR133", "folder-taken-for-version", Severity.ERROR)
def folder_taken_for_version(subject: Subject) -> Iterator[Fault]:
    """A folder whose name only begins with a number is taken for the version of this number.

    Triton reads `2_old` and `2.1` as 2 and `20newsgroups` as 20, and looks for the model in `2/` and `20/`
    ([model_lifecycle.cc](https://github.com/triton-inference-server/core/blob/main/src/model_repository_manager/model_lifecycle.cc)).
    The latest version is the one that is loaded: without its files the model fails to load, and a Python
    model keeps the server waiting for ever. A number beyond 64 bits ends the server. Begin the names of other
    folders with a letter.
    """
    folder = subject.folder
    versions = list(version_folders(folder))
    plain = {version.number for version in versions if version.is_plain}
    loaded = set(loaded_versions(subject))
    for version in versions:
        if version.is_too_large:
            reason = f"Triton takes {shown(version.name)} for a version beyond 64 bits"
            yield Fault(reason, (), "rename it", version.name)
        elif version.number in loaded - plain:
            yield Fault(_taken(version), (), "begin its name with a letter", version.name)


@rule("TR134", "policy-loads-nothing", Severity.ERROR)
def policy_loads_nothing(subject: Subject) -> Iterator[Fault]:
    """The version policy chooses none of the versions that are there.

    Triton refuses the model: `at least one version must be available under the version policy`
    ([version policy](https://github.com/triton-inference-server/server/blob/main/docs/user_guide/model_configuration.md#version-policy)).
    `latest` without a number means 0 of them. Instead of

    ```proto
    version_policy { latest { } }
    ```

    write how many, or leave the policy out, which means one:

    ```proto
    version_policy { latest { num_versions: 2 } }
    ```
    """
    there = [version.number for version in version_folders(subject.folder) if not version.is_too_large]
    if not there or loaded_versions(subject):
        return
    policy = subject.message.version_policy
    if policy.HasField("latest"):
        at = ("version_policy", "latest", "num_versions")
        yield Fault("the version policy loads the latest 0 versions", at, "write num_versions: 1 or more")
        return
    at = ("version_policy", "specific", "versions")
    asked = _listed(policy.specific.versions) or "none"
    yield Fault(f"the version policy asks for {asked}, but there is only {_listed(there)}", at)


@rule("TR135", "version-not-there", Severity.WARNING)
def version_not_there(subject: Subject) -> Iterator[Fault]:
    """The version policy names a version that is not there.

    Triton loads the others, and logs an error for this one
    ([version policy](https://github.com/triton-inference-server/server/blob/main/docs/user_guide/model_configuration.md#version-policy)).
    Name what is there:

    ```proto
    version_policy { specific { versions: [ 1, 3 ] } }
    ```
    """
    loaded = set(loaded_versions(subject))
    if not loaded:
        return
    hint = f"the versions are {_listed(sorted(loaded))}"
    for index, version in enumerate(subject.message.version_policy.specific.versions):
        if version not in loaded:
            at = ("version_policy", "specific", "versions", index)
            yield Fault(f"the version policy asks for version {version}, which is not there", at, hint)


def _number(name: str) -> str:
    meant = _MEANT.fullmatch(name)
    return (meant[1] or meant[2]) if meant else name


def _taken(version: VersionFolder) -> str:
    number = version.number
    return f"Triton takes the folder {shown(version.name)} for version {number}, and looks into {number}/"


def _listed(versions: list[int]) -> str:
    shown_ones = [str(version) for version in versions[:_MOST_SHOWN]]
    return ", ".join([*shown_ones, *(["…"] if len(versions) > _MOST_SHOWN else [])])
