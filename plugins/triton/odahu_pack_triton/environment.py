"""The environment of a Python model: what is in it, and how the release is told of it."""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from odahu_pack_core import (
    MODEL_ENVIRONMENT,
    CondaFile,
    Decision,
    Dependencies,
    EnvironmentLayer,
    ModelArtifact,
    PlanError,
    TextFile,
    read_conda_file,
)

from .releases import RELEASES, Release

LAYER: Final = "environment"
_ARCHIVE: Final = "environment.tar.gz"
_NUMPY: Final = "numpy"
_MOST_PATCHES: Final = 50


@dataclass(frozen=True)
class EnvironmentPlace:
    """Where an environment lies in an image.

    Args:
        layer: Name of its layer.
        prefix: Absolute path of its folder.
    """

    layer: str = LAYER
    prefix: str = MODEL_ENVIRONMENT


ALONE: Final = EnvironmentPlace()
"""The place of the only environment."""


@dataclass(frozen=True)
class EnvironmentNeeds:
    """What a Python model's environment holds.

    Args:
        dependencies: What the conda file asks for, and what the Python backend needs.
        python_pin: The conda file's Python pin as a version specifier; empty without one.
        decisions: Choices made, with their reasons.
    """

    dependencies: Dependencies
    python_pin: str
    decisions: tuple[Decision, ...]


@dataclass(frozen=True)
class ModelEnvironment:
    """A Python model's environment and how Triton finds it.

    Args:
        conda_path: The conda file that asks for it.
        layer: The environment's layer.
        python_pin: The conda file's Python pin as a version specifier; empty without one.
        options: Options of the server.
        parameter: Value of ``EXECUTION_ENV_PATH``; empty for releases that do not know it.
        files: More files of the model's folder.
        decisions: Choices made, with their reasons.
    """

    conda_path: str
    layer: EnvironmentLayer
    python_pin: str
    options: tuple[str, ...]
    parameter: str
    files: tuple[TextFile, ...]
    decisions: tuple[Decision, ...]


def plan_environment(
    artifact: ModelArtifact, conda_path: str, release: Release, folder: str, *, build_from_source: bool
) -> ModelEnvironment:
    """Decide the environment of a Python model that is alone in its image.

    Args:
        artifact: The artifact.
        conda_path: Its conda file.
        release: The Triton release.
        folder: The model's folder in the image.
        build_from_source: Whether source distributions may be built.

    Raises:
        SpecError: The conda file is wrong.
        PlanError: The release has another Python, or cannot work with the NumPy that is asked for.
    """
    needs = read_needs(artifact, conda_path, release, build_from_source=build_from_source)
    return place_environment(needs, conda_path, release, folder, ALONE)


def read_needs(
    artifact: ModelArtifact, conda_path: str, release: Release, *, build_from_source: bool
) -> EnvironmentNeeds:
    """Return what an environment holds.

    Args:
        artifact: The artifact.
        conda_path: The conda file in it.
        release: The Triton release.
        build_from_source: Whether source distributions may be built.

    Raises:
        SpecError: The conda file is wrong.
        PlanError: The release has another Python, or cannot work with the NumPy that is asked for.
    """
    conda = read_conda_file(artifact, conda_path, build_from_source=build_from_source)
    _check_python(conda, conda_path, release)
    dependencies, added = _with_needs(conda.dependencies, release)
    return EnvironmentNeeds(dependencies, conda.python, (*conda.decisions, *added))


def place_environment(
    needs: EnvironmentNeeds, conda_path: str, release: Release, folder: str, place: EnvironmentPlace
) -> ModelEnvironment:
    """Return an environment as a model in an image uses it.

    Args:
        needs: What it holds.
        conda_path: The conda file that asks for it.
        release: The Triton release.
        folder: The model's folder in the image.
        place: Where the environment lies.
    """
    layer = EnvironmentLayer(place.layer, place.prefix, "venv", needs.dependencies, activate=True)
    options, parameter, files = _means(release, folder, place.prefix)
    return ModelEnvironment(conda_path, layer, needs.python_pin, options, parameter, files, needs.decisions)


def _check_python(conda: CondaFile, conda_path: str, release: Release) -> None:
    """Check that the stub, which runs the model, has the Python that is asked for."""
    if not conda.python or _admits(conda.python, release.python):
        return
    fitting = (r for r in reversed(tuple(RELEASES.values())) if _admits(conda.python, r.python))
    other = next((f", or choose triton_base_image_tag {r.version}-py3" for r in fitting), "")
    raise PlanError(
        f"{conda_path} asks for Python {conda.python}, but the Python backend of Triton {release.version} "
        f"runs Python {release.python}",
        code="python-mismatch",
        hint=f"write python={release.python} in {conda_path}{other}",
    )


def _admits(specifier: str, python: str) -> bool:
    specifiers = SpecifierSet(specifier)
    return any(specifiers.contains(f"{python}.{patch}") for patch in range(_MOST_PATCHES))


def _with_needs(dependencies: Dependencies, release: Release) -> tuple[Dependencies, tuple[Decision, ...]]:
    """Add what the Python backend itself imports in the model's environment, and the bounds it has."""
    present = {canonicalize_name(r.name): r for r in _requirements(dependencies.pip)}
    _check_numpy(present.get(canonicalize_name(_NUMPY)), release)
    needs = tuple(map(Requirement, (_NUMPY + release.numpy, *release.python_needs)))
    missing = tuple(str(need) for need in needs if canonicalize_name(need.name) not in present)
    bounds = tuple(str(need) for need in needs if need.specifier and str(need) not in missing)
    backend = f"the Python backend of Triton {release.version}"
    decisions = [Decision("dependency", need, f"{backend} imports it beside the model") for need in missing]
    decisions += [Decision("constraint", bound, f"{backend} works with nothing newer") for bound in bounds]
    pip = (*dependencies.pip, *missing)
    constraints = (*dependencies.constraints, *bounds)
    changed = replace(dependencies, pip=pip, constraints=constraints)
    return _with_conda_words(changed, needs, release), tuple(decisions)


def _with_conda_words(
    dependencies: Dependencies, needs: Sequence[Requirement], release: Release
) -> Dependencies:
    """Say the same in words of a conda environment, which brings a Python of its own: the stub's."""
    words = dependencies.as_written
    if words is None:
        return dependencies
    from_pip = {canonicalize_name(requirement.name) for requirement in _requirements(words.pip)}
    specs = (str(need) for need in needs if canonicalize_name(need.name) not in from_pip)
    packages = (*words.packages, f"python={release.python}", *specs)
    return replace(dependencies, as_written=replace(words, packages=packages))


def _requirements(lines: Iterable[str]) -> Iterator[Requirement]:
    for line in lines:
        try:
            yield Requirement(line.partition(" --")[0])
        except InvalidRequirement:  # the resolver words it better
            continue


def _check_numpy(numpy: Requirement | None, release: Release) -> None:
    """Refuse a NumPy that is pinned to what the release cannot work with."""
    bound = SpecifierSet(release.numpy)
    specifiers = numpy.specifier if numpy else SpecifierSet()
    for pin in (s.version for s in specifiers if s.operator == "==" and not s.version.endswith("*")):
        if not bound.contains(pin, prereleases=True):
            raise PlanError(
                f"the model asks for numpy=={pin}, but the Python backend of Triton {release.version} "
                f"works with numpy{release.numpy} only",
                code="numpy-mismatch",
                hint=f"ask for numpy{release.numpy}{_newer_for(pin, release)}",
            )


def _newer_for(numpy: str, release: Release) -> str:
    """Say which newer release works with a NumPy, if one does."""
    newer = (other for other in RELEASES.values() if other.version > release.version)
    fitting = next((o for o in newer if SpecifierSet(o.numpy).contains(numpy, prereleases=True)), None)
    if fitting is None:
        return ""
    return f", or choose triton_base_image_tag {fitting.version}-py3 or newer, with Python {fitting.python}"


def _means(release: Release, folder: str, prefix: str) -> tuple[tuple[str, ...], str, tuple[TextFile, ...]]:
    """Return the server's options, the value of ``EXECUTION_ENV_PATH``, and files that go with it."""
    if release.environment == "python-runtime":
        return (f"--backend-config=python,python-runtime={prefix}/bin/python3",), "", ()
    if release.environment == "archive":
        archive = TextFile(f"{folder}/{_ARCHIVE}", pointing_archive(prefix))
        return (), archive.path, (archive,)
    return (), prefix, ()


def pointing_archive(prefix: str) -> bytes:
    """Return an environment archive that holds nothing but the way to the real environment.

    Releases that know archives only unpack them at every start and source their ``bin/activate``; so the
    environment stays a layer of the image, and what is unpacked has a few bytes.

    Args:
        prefix: The environment's folder in the image.
    """
    script = f". {prefix}/bin/activate\n".encode()
    plain, packed = io.BytesIO(), io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        folder = tarfile.TarInfo("bin")
        folder.type, folder.mode = tarfile.DIRTYPE, 0o755
        tar.addfile(folder)
        member = tarfile.TarInfo("bin/activate")
        member.size, member.mode = len(script), 0o644
        tar.addfile(member, io.BytesIO(script))
    # Stored, not deflated: the bytes must not depend on the host's zlib.
    with gzip.GzipFile(filename="", mode="wb", compresslevel=0, fileobj=packed, mtime=0) as stream:
        stream.write(plain.getvalue())
    return packed.getvalue()
