"""Plugins to install into a folder of the test, and the catalog of just those."""

import sys

import pytest

from odahu_pack_core.plugins.catalog import PluginCatalog
from tests.core.plugins.installed import HEAD, announced_in, install


@pytest.fixture
def distribution(tmp_path, monkeypatch):
    """Install a distribution with a module of the given code; its modules are forgotten afterwards."""
    known = set(sys.modules)
    monkeypatch.syspath_prepend(str(tmp_path))

    def make(name, code, **more):
        return install(tmp_path, name, HEAD + code, **more)

    yield make
    for name in set(sys.modules) - known:
        if getattr(sys.modules[name], "__file__", "") and str(tmp_path) in str(sys.modules[name].__file__):
            del sys.modules[name]


@pytest.fixture
def load(tmp_path):
    """Load the catalog of what `distribution` has installed."""
    return lambda: PluginCatalog.load(announced_in(tmp_path))
