"""The environments of an image with several Python models: each distinct one is there once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from odahu_pack_core import PlanError

from .environment import (
    ALONE,
    LAYER,
    EnvironmentNeeds,
    EnvironmentPlace,
    ModelEnvironment,
    place_environment,
    read_needs,
)
from .names import MODELS
from .releases import RELEASES, Release
from .repository import ModelFolder
from .slugs import slugs_of

_SEVERAL: Final = "/opt/models"
"""The folder of the environments where there are several."""


def plan_environments(
    models: Mapping[str, ModelFolder], release: Release, *, build_from_source: bool
) -> Mapping[str, ModelEnvironment]:
    """Decide the environment of each Python model that has a conda file.

    Models that ask for the same share one. The first of them, by name, names it.

    Args:
        models: Python models with a conda file, by their names.
        release: The Triton release.
        build_from_source: Whether source distributions may be built.

    Raises:
        SpecError: A conda file is wrong.
        PlanError: The release has another Python, cannot work with the NumPy that is asked for, or knows one
            environment only.
    """
    needs = {
        name: read_needs(model.artifact, model.conda_file, release, build_from_source=build_from_source)
        for name, model in sorted(models.items())
    }
    _check_one(needs, models, release)
    users: dict[EnvironmentNeeds, list[str]] = {}
    for name, wanted in needs.items():
        users.setdefault(wanted, []).append(name)
    places = dict(zip(users, _places([names[0] for names in users.values()]), strict=True))
    return {
        name: place_environment(wanted, models[name].conda_file, release, f"{MODELS}/{name}", places[wanted])
        for name, wanted in needs.items()
    }


def _check_one(
    needs: Mapping[str, EnvironmentNeeds], models: Mapping[str, ModelFolder], release: Release
) -> None:
    """Check that a release that has one Python for all models is asked for one environment."""
    if release.environment != "python-runtime":
        return
    for name, wanted in needs.items():
        first = next(iter(needs))
        if wanted.dependencies != needs[first].dependencies:
            since = next(r.version for r in RELEASES.values() if r.environment != "python-runtime")
            raise PlanError(
                f"{models[first].conda_file} and {models[name].conda_file} ask for different environments, "
                f"but Triton {release.version} runs all Python models in one",
                code="several-environments",
                hint=f"ask for the same in both, or choose triton_base_image_tag {since}-py3 or newer",
            )


def _places(names: Sequence[str]) -> Iterator[EnvironmentPlace]:
    """Yield where each environment lies, given the models that name them."""
    if len(names) == 1:
        yield ALONE
        return
    for slug in slugs_of(names).values():
        yield EnvironmentPlace(f"{LAYER}-{slug}", f"{_SEVERAL}/{slug}")
