"""Names that are promised to the outside: hooks, labels, paths in images, environment variables."""

from __future__ import annotations

from typing import Final

PROJECT: Final = "odahu_pack"
"""The pluggy project and the entry-point group in which distributions announce plugins."""

MODEL_ENVIRONMENT: Final = "/opt/model"
"""The model's virtual environment inside an image."""

MODEL_PYTHON: Final = f"{MODEL_ENVIRONMENT}/bin/python3"
"""The interpreter of that environment: a link to the base image's own."""

RUNTIME_ROOT: Final = "/opt/odahu"
"""What odahu-pack itself puts into an image."""

ARTIFACT_ROOT: Final = f"{RUNTIME_ROOT}/artifact"
"""The unpacked model artifact inside an image."""

CACHE_ENVIRONMENT: Final = "/opt/odahu-cache"
"""The virtual environment of a dependency-cache image built by odahu-pack."""

CONDA_ENVIRONMENT_VARIABLE: Final = "ODAHU_CONDA_ENV_NAME"
"""Names the conda environment of a dependency-cache image written by hand."""

IMAGE_USER: Final = "65532:0"
"""Numeric uid:gid that images run as; any other uid works as well, with gid 0."""

LABEL_PREFIX: Final = "org.odahu.pack"
"""Prefix of the product's own image labels."""

CACHE_LABEL: Final = f"{LABEL_PREFIX}.cache"
"""Marks a dependency-cache image built by odahu-pack."""

PYTHON_LABEL: Final = f"{LABEL_PREFIX}.python"
"""Tells the Python of an image, so that nobody has to look for it there."""

MIRRORS_VARIABLE: Final = "ODAHU_PACK_MIRRORS"
"""Names registries to pull base images from in place of others: ``docker.io=HOST/prefix``, between blanks."""

CONFIG_FILE_VARIABLE: Final = "ODAHU_PACK_CONFIG"
"""Overrides where the user's configuration file is."""

CACHE_FOLDER_VARIABLE: Final = "ODAHU_PACK_CACHE_DIR"
"""Overrides where resolved locks and finished layers are kept."""

INTEGRATION_OF_ENTRYPOINT: Final = {
    "/usr/local/bin/odahu-flow-pack-to-cli": "docker-cli",
    "/usr/local/bin/odahu-flow-pack-to-flask": "docker-rest",
    "/usr/local/bin/odahu-flow-pack-to-triton": "docker-triton",
}
"""ODAHU's three known integration entrypoints and the packagers that take their place."""

DEFAULT_IMAGE_NAME: Final = "{{ Name }}-{{ Version }}:{{ RandomUUID }}"
"""The image-name template of every packager unless the user gives another."""
