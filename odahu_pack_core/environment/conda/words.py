"""What a conda file asks for, in the words of conda: packages, channels and the pip section."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from packaging.utils import canonicalize_name

from odahu_pack_core.plan.conda_twins import twin_of
from odahu_pack_core.plan.dependencies import requirement_name
from odahu_pack_core.plan.environment import CondaWords, Dependencies
from odahu_pack_core.plan.match_spec import parse_match_spec

DEFAULT_CHANNEL: Final = "conda-forge"
PYTHON: Final = "python"
OWN_CHANNELS: Final = "defaults"
NO_OWN_CHANNELS: Final = "nodefaults"


def words_of(dependencies: Dependencies) -> CondaWords:
    """Return the conda file's own words; what they would be, where there is no such file."""
    return dependencies.as_written or CondaWords(dependencies.conda, dependencies.pip)


def package_names(words: CondaWords) -> set[str]:
    """Return the names of the conda packages that are asked for."""
    return {spec.name for spec in map(parse_match_spec, words.packages) if spec}


def pip_requirements(dependencies: Dependencies) -> tuple[str, ...]:
    """Return the pip section, and the requirements that a packager added."""
    words = words_of(dependencies)
    return (*words.pip, *_added(dependencies, words))


def name_on_pypi(conda_name: str) -> str:
    """Return the normalised name by which pip would know a conda package."""
    twin = twin_of(conda_name)
    return requirement_name(twin.requirement) if twin else canonicalize_name(conda_name)


def _added(dependencies: Dependencies, words: CondaWords) -> Iterator[str]:
    """Yield requirements that neither section of the conda file asks for: a packager added them."""
    twins = {requirement_name(twin.requirement) for twin in map(twin_of, package_names(words)) if twin}
    for line in dependencies.pip:
        if line not in words.pip and requirement_name(line) not in twins:
            yield line
