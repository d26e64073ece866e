"""The Pythons of this machine beside the one that runs the tests: pyenv's, wherever the user has it."""

import os
from pathlib import Path

from workbench.recipes.python import pyenv_roots

PYENV_ROOT = next((root for root in pyenv_roots(os.environ) if root.is_dir()), Path("/nonexistent"))
"""As the user has it: tests see another home."""


def pyenv_pythons(release):
    """Return the interpreters of releases such as ``3.6.*``, sorted."""
    return sorted(PYENV_ROOT.glob(f"versions/{release}/bin/python"))
