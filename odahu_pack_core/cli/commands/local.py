"""``local``: everything that works without a server."""

from __future__ import annotations

from typing import Final

from odahu_pack_core.cli.lazy import Deferred, LazyGroup

_COMMANDS: Final = "odahu_pack_core.cli.commands"

_EPILOG: Final = """\b
Examples:
  odahuflowctl local pack validate -d manifests/
  odahuflowctl local pack plan --id docker-rest-packager-example -d manifests/ --dockerfile
  odahuflowctl local pack run --id docker-rest-packager-example -d manifests/
"""

pack = LazyGroup(
    name="pack",
    help="Package a trained model as a container image.",
    epilog=_EPILOG,
    deferred={
        "run": Deferred(f"{_COMMANDS}.pack_run", "run", "Build the image and bring it where it belongs."),
        "plan": Deferred(f"{_COMMANDS}.pack_plan", "plan", "Show what would be built, and why."),
        "validate": Deferred(
            f"{_COMMANDS}.pack_validate", "validate", "Check manifests; report every fault."
        ),
        "cache": Deferred(f"{_COMMANDS}.pack_cache", "cache", "Build a base image with dependencies in it."),
    },
)

_LOCAL_EPILOG: Final = """\b
Examples:
  odahuflowctl local serve --id docker-rest-packager-example -d manifests/
  odahuflowctl local predict --id docker-cli-packager-example -d manifests/ -- predict rows.json out/
  odahuflowctl local pack run --id docker-rest-packager-example -d manifests/
"""

local = LazyGroup(
    name="local",
    help="Work on this machine, without a server.",
    epilog=_LOCAL_EPILOG,
    deferred={
        "pack": Deferred(__name__, "pack", "Package a trained model as a container image."),
        "serve": Deferred(f"{_COMMANDS}.local_serve", "serve", "Serve a model as its image would."),
        "predict": Deferred(f"{_COMMANDS}.local_predict", "predict", "Run a model's image command on files."),
    },
)
