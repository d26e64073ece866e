"""Real parts for tests, demo and benchmarks: an engine, registries, base images.

Standard library only, so that any Python from 3.10 on can start the parts with nothing installed:
``python3 -m workbench --help``. It is no part of any distribution.
"""

from workbench.bases import BaseImages
from workbench.engine import DockerEngine
from workbench.errors import PartMissingError, WorkbenchError
from workbench.registry import Registry

__all__ = ["BaseImages", "DockerEngine", "PartMissingError", "Registry", "WorkbenchError"]
