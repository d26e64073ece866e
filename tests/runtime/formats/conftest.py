"""The package of formats under the names that it has in images."""

import importlib.util
import sys

import pytest

from tests.runtime.layout import COMMAND, ISLAND

_FORMATS = "odahu_cli.formats"


def _load(name, folder):
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(
            name, folder / "__init__.py", submodule_search_locations=[str(folder)]
        )
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])


_load("gppi_runtime", ISLAND)
_load("odahu_cli", COMMAND / "odahu_cli")
importlib.import_module(_FORMATS)


@pytest.fixture(scope="module")
def small_windows():
    """Let readers look at a few bytes at a time, so that they cut everywhere."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(f"{_FORMATS}.lines._FIRST_WINDOW", 5)
        patch.setattr(f"{_FORMATS}.lines.LARGEST_WINDOW", 40)
        patch.setattr(f"{_FORMATS}.cursor._LITTLE", 3)
        yield
