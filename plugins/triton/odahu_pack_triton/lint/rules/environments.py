"""TR50x: the environments of Python models."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from odahu_pack_triton.config import ENVIRONMENT_PARAMETER, FieldPath
from odahu_pack_triton.lint.finding import Severity
from odahu_pack_triton.lint.rule import Fault, Subject, rule
from odahu_pack_triton.python_environments import ArchiveError
from odahu_pack_triton.releases import RELEASES, Release

from .environment_place import (
    MODEL_FOLDER,
    contents_of,
    is_read,
    names_environment,
    place_of,
    readable_contents,
)
from .facts import shown

_AT: Final[FieldPath] = ("parameters", ENVIRONMENT_PARAMETER, "value", "string_value")
_STUB: Final = "triton_python_backend_stub"
_OURS: Final = ("/opt/model", "/opt/models/", "/models/")
"""Where this packager puts environments and models."""


@rule("TR501", "environment-ignored", Severity.ERROR)
def environment_ignored(subject: Subject) -> Iterator[Fault]:
    """The release ignores `EXECUTION_ENV_PATH`, so that the model runs without its environment.

    The parameter came with 21.06; older releases run all Python models in one environment
    ([python_backend, pull request 57](https://github.com/triton-inference-server/python_backend/pull/57)).
    Choose a newer release.
    """
    if names_environment(subject) and subject.release.environment == "python-runtime":
        first = _first_with("archive")
        reason = f"Triton {subject.release.version} ignores {ENVIRONMENT_PARAMETER}"
        yield Fault(reason, _AT, f"choose release {first.version} or newer")


@rule("TR502", "environment-path", Severity.ERROR)
def environment_path(subject: Subject) -> Iterator[Fault]:
    """`EXECUTION_ENV_PATH` is not an absolute path.

    A relative one is taken from where the server was started, and the model fails to load:
    `Failed to get the canonical path`
    ([python_backend](https://github.com/triton-inference-server/python_backend#creating-custom-execution-environments)).
    The model's own folder is `$$TRITON_MODEL_DIRECTORY`, with two dollars and at the begin alone:

    ```proto
    parameters {
      key: "EXECUTION_ENV_PATH"
      value { string_value: "$$TRITON_MODEL_DIRECTORY/environment.tar.gz" }
    }
    ```
    """
    value = subject.config.environment
    if is_read(subject) and not value.startswith(("/", MODEL_FOLDER)):
        below = value.rpartition("TRITON_MODEL_DIRECTORY")[2].lstrip("})/.")
        yield Fault(f"the path {shown(value)} is relative", _AT, f"write {MODEL_FOLDER}/{below[:60]}")


@rule("TR503", "environment-missing", Severity.ERROR)
def environment_missing(subject: Subject) -> Iterator[Fault]:
    """`EXECUTION_ENV_PATH` points at nothing in the model's folder.

    The model fails to load: `Failed to get the canonical path`
    ([python_backend](https://github.com/triton-inference-server/python_backend#creating-custom-execution-environments)).
    `$$TRITON_MODEL_DIRECTORY/environment.tar.gz` is the file beside `config.pbtxt`.
    """
    place = place_of(subject)
    if place is not None and not place.is_outside and not subject.folder.has(place.path):
        there = [name for name in subject.folder.names("") if "env" in name or name.endswith((".gz", ".tgz"))]
        hint = f"the model's folder has {', '.join(map(shown, there[:3]))}" if there else ""
        yield Fault(f"the model's folder has no {shown(place.path)}", _AT, hint)


@rule("TR504", "environment-unseen", Severity.WARNING)
def environment_unseen(subject: Subject) -> Iterator[Fault]:
    """`EXECUTION_ENV_PATH` points out of the model's folder, at something that nobody can check here.

    It must be in the image, or be mounted, wherever the model is loaded
    ([python_backend](https://github.com/triton-inference-server/python_backend#creating-custom-execution-environments)).
    Write a `conda.yaml` and the packager makes the environment, or put it into the model's folder.
    """
    value, place = subject.config.environment, place_of(subject)
    is_absolute = is_read(subject) and value.startswith("/") and not value.startswith(_OURS)
    if is_absolute or (place is not None and place.is_outside):
        yield Fault(f"{shown(value)} is not in the model's folder", _AT, "make sure that the image has it")


@rule("TR505", "environment-folder", Severity.ERROR)
def environment_folder(subject: Subject) -> Iterator[Fault]:
    """The environment is a folder, but the release unpacks archives only.

    Folders came with 23.07
    ([python_backend, pull request 266](https://github.com/triton-inference-server/python_backend/pull/266));
    before, the model fails to load. Pack it, with `bin` at the top of the archive:

    ```
    tar -C environment -czf environment.tar.gz .
    ```
    """
    place = place_of(subject)
    if place and subject.folder.is_folder(place.path) and subject.release.environment == "archive":
        hint = f"pack it as a tar.gz, or choose release {_first_with('folder').version} or newer"
        yield Fault(f"Triton {subject.release.version} takes no folder as an environment", _AT, hint)


@rule("TR506", "environment-no-archive", Severity.ERROR)
def environment_no_archive(subject: Subject) -> Iterator[Fault]:
    """The environment is a file that Triton cannot unpack.

    It unpacks tar archives, plain or compressed by gzip, and nothing else:
    `archive_read_open_filename() failed`
    ([pb_env.cc](https://github.com/triton-inference-server/python_backend/blob/main/src/pb_env.cc)). Pack it
    with `conda-pack --format tar.gz`, or `tar -czf`.
    """
    try:
        contents_of(subject)
    except ArchiveError as error:
        yield Fault(f"the environment is {error}", _AT, "pack it as a tar.gz")


@rule("TR507", "environment-without-activate", Severity.ERROR)
def environment_without_activate(subject: Subject) -> Iterator[Fault]:
    """The environment has no `bin/activate` at its top.

    Triton sources this script before it starts the model, and fails to load the model without it
    ([python_backend](https://github.com/triton-inference-server/python_backend#creating-custom-execution-environments)).
    conda-pack and venv write it. Where everything lies in one folder of the archive, pack what is in there:

    ```
    tar -C environment -czf environment.tar.gz .
    ```
    """
    contents = readable_contents(subject)
    if contents is not None and contents.is_whole and not contents.has_activate:
        inside = (
            f"everything lies in {shown(contents.wrapper)}; pack what is in it" if contents.wrapper else ""
        )
        yield Fault(
            "the environment has no bin/activate", _AT, inside or "pack it with conda-pack or from a venv"
        )


@rule("TR508", "environment-python", Severity.ERROR)
def environment_python(subject: Subject) -> Iterator[Fault]:
    """The environment is for another Python than Triton runs models with.

    A model runs in `triton_python_backend_stub`, which has the Python of its release: 3.6 until 20.11, 3.8
    until 23.04, 3.10 until 24.10, then 3.12
    ([python_backend](https://github.com/triton-inference-server/python_backend#building-custom-python-backend-stub)).
    Make the environment for that one, or put a stub of the other Python into the model's folder.
    """
    contents, stubs = readable_contents(subject), subject.release.python
    if contents is None or subject.folder.has(_STUB):
        return
    if contents.pythons and stubs not in contents.pythons:
        found = ", ".join(sorted(contents.pythons, key=lambda version: int(version[2:])))
        hint = f"make it with python={stubs}{_fitting(contents.pythons)}"
        reason = f"the environment is for Python {found}, but Triton {subject.release.version} runs {stubs}"
        yield Fault(reason, _AT, hint)


def _first_with(means: str) -> Release:
    return next(release for release in RELEASES.values() if release.environment == means)


def _fitting(pythons: frozenset[str]) -> str:
    newest = next((r.version for r in reversed(tuple(RELEASES.values())) if r.python in pythons), "")
    return f", or choose release {newest}" if newest else ""
