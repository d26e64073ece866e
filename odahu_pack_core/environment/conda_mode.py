"""Conda environments: the instructions that make one while an engine builds the image."""

from __future__ import annotations

import re
from typing import Any, Final, Literal

import yaml

from odahu_pack_core.errors import DependencyError
from odahu_pack_core.names import RUNTIME_ROOT
from odahu_pack_core.plan.base import BaseFacts
from odahu_pack_core.plan.environment import CondaWords, Dependencies, EnvironmentLayer
from odahu_pack_core.plan.instruction import Copy, Instruction, Run, User
from odahu_pack_core.plan.match_spec import parse_match_spec
from odahu_pack_core.plan.python_choice import fitting

from .conda.words import (
    DEFAULT_CHANNEL,
    NO_OWN_CHANNELS,
    OWN_CHANNELS,
    PYTHON,
    package_names,
    pip_requirements,
    words_of,
)
from .layer_files import activate_script

_CONDA_FOLDER: Final = re.compile(r"(?i)/(?:mini|ana)?(?:conda|forge|mamba)[^/]*/(?:condabin|bin)/?\Z")
_FOLDER: Final = f"{RUNTIME_ROOT}/conda"

Tool = Literal["micromamba", "conda"]
_COMMANDS: Final[dict[Tool, str]] = {
    "micromamba": "micromamba create --yes --prefix {prefix} --file {file} && micromamba clean --all --yes",
    "conda": "conda env create --quiet --prefix {prefix} --file {file} && conda clean --all --yes",
}


def conda_instructions(
    layer: EnvironmentLayer, base: BaseFacts
) -> tuple[tuple[Instruction, ...], dict[str, bytes]]:
    """Return what makes a conda environment in place of a layer.

    Args:
        layer: The environment.
        base: What was found in the base image: it must hold conda or micromamba.

    Returns:
        The instructions, and the files of the build context that they copy.

    Raises:
        DependencyError: The conda file asks for what only an environment of wheels can have.
    """
    dependencies = layer.dependencies
    if dependencies.wheels or dependencies.find_links:
        path = (*dependencies.wheels, *dependencies.find_links)[0]
        raise DependencyError(
            f"{path} of the artifact cannot be installed into a conda environment that an engine makes, and "
            f"{', '.join(dependencies.conda)} can be had from conda only",
            code="conda-and-wheels",
            hint="have the environment made here: pip install 'odahu-pack-core[conda]'",
        )
    source = f"conda/{layer.name}.yml"
    files = {source: _environment_file(dependencies, base, f"{_FOLDER}/{layer.name}.txt")}
    if dependencies.constraints:
        files[f"conda/{layer.name}.txt"] = "\n".join([*dependencies.constraints, ""]).encode()
    copies = [Copy(name, f"{RUNTIME_ROOT}/{name}") for name in sorted(files)]
    command = _COMMANDS[conda_tool(base)].format(prefix=layer.prefix, file=f"{RUNTIME_ROOT}/{source}")
    after = []
    if layer.activate:
        script = f"conda/{layer.name}.activate"
        files[script] = activate_script(layer.prefix)
        after = [Copy(script, f"{layer.prefix}/bin/activate")]
    # The base's own user may not write to /opt; the packager sets the image's user at the end.
    return (User("0:0"), *copies, Run(("/bin/sh", "-c", command)), *after), files


def conda_tool(base: BaseFacts) -> Tool:
    """Return the program that a base image makes conda environments with, as its variables tell."""
    if "MAMBA_EXE" in base.env:
        return "micromamba"
    folders = base.env.get("PATH", "").split(":")
    has_conda = {"CONDA_EXE", "CONDA_DIR"} & set(base.env) or any(map(_CONDA_FOLDER.search, folders))
    return "conda" if has_conda else "micromamba"


def _environment_file(dependencies: Dependencies, base: BaseFacts, constraints: str) -> bytes:
    words = words_of(dependencies)
    packages: list[Any] = list(words.packages)
    if base.python and not _says_which_python(words):
        packages = [f"python={base.python}", *(p for p in packages if not _is_python(p))]
    if pip := _pip_lines(dependencies, pip_requirements(dependencies), constraints):
        packages += [*([] if "pip" in package_names(words) else ["pip"]), {"pip": pip}]
    content = {"channels": _channels(dependencies.channels), "dependencies": packages}
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True).encode()


def _says_which_python(words: CondaWords) -> bool:
    """Tell whether the user's own words leave one Python X.Y only."""
    specs = [spec for spec in map(parse_match_spec, words.packages) if spec and spec.name == PYTHON]
    return len(fitting(",".join(spec.version for spec in specs if spec.version))) == 1


def _is_python(package: str) -> bool:
    spec = parse_match_spec(package)
    return spec is not None and spec.name == PYTHON


def _channels(written: tuple[str, ...]) -> list[str]:
    """Return the channels written down, else conda-forge; never a tool's own ones unasked."""
    channels = list(written) or [DEFAULT_CHANNEL]
    return channels if {OWN_CHANNELS, NO_OWN_CHANNELS} & set(channels) else [*channels, NO_OWN_CHANNELS]


def _pip_lines(dependencies: Dependencies, requirements: tuple[str, ...], constraints: str) -> list[str]:
    if not requirements:
        return []
    options = [f"--index-url={dependencies.index_url}"] if dependencies.index_url else []
    options += [f"--extra-index-url={url}" for url in dependencies.extra_index_urls]
    options += ["--no-index"] if dependencies.no_index else []
    options += [f"--constraint={constraints}"] if dependencies.constraints else []
    return [*options, *requirements]
