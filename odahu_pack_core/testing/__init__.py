"""A kit for the tests of plugins: the engine contract, jobs for packagers, images to look into.

It needs pytest: ``pip install 'odahu-pack-core[testing]'``.
"""

try:
    import pytest
except ImportError as error:
    raise ImportError(
        "odahu_pack_core.testing needs pytest: pip install 'odahu-pack-core[testing]'"
    ) from error

_ASSERTING = ("contract_image", "contract_outputs", "contract_faults", "contract_ground")
for _module in (*_ASSERTING, "image", "jobs", "known_registry"):
    pytest.register_assert_rewrite(f"{__name__}.{_module}")

from .build_requests import base_image, build_request, files_tar  # noqa: E402  # after assertions are set up
from .engine_contract import EngineContract  # noqa: E402  # as above
from .image import ImageContent, read_archive, read_layout  # noqa: E402  # as above
from .jobs import UUID, job, plan_of, write_files  # noqa: E402  # as above
from .known_registry import FixedAccess, KnownRegistry  # noqa: E402  # as above
from .tree import ImageTree, TreeEntry  # noqa: E402  # as above

__all__ = [
    "UUID",
    "EngineContract",
    "FixedAccess",
    "ImageContent",
    "ImageTree",
    "KnownRegistry",
    "TreeEntry",
    "base_image",
    "build_request",
    "files_tar",
    "job",
    "plan_of",
    "read_archive",
    "read_layout",
    "write_files",
]
