"""Triton's model repository, seen through an artifact: which models it has and which files are theirs."""

from .folder import ModelFolder, ModelRepository, is_version
from .form import Form, form_of
from .layout import CONDA_NAMES, DEFAULT_NAME, DEFAULT_VERSION, MANIFEST_NAMES, is_model_name, read_repository
from .links import without_linked
from .made import MadeFile, with_files, with_version

__all__ = [
    "CONDA_NAMES",
    "DEFAULT_NAME",
    "DEFAULT_VERSION",
    "MANIFEST_NAMES",
    "Form",
    "MadeFile",
    "ModelFolder",
    "ModelRepository",
    "form_of",
    "is_model_name",
    "is_version",
    "read_repository",
    "with_files",
    "with_version",
    "without_linked",
]
