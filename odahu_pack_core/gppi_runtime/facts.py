"""What an image says about the model in it, in the small file beside the artifact."""

import json
import os
from typing import NamedTuple


class ModelFacts(NamedTuple):
    """The ``model`` section of a GPPI manifest.

    Args:
        name: the model's name.
        version: its version, always text.
        work_dir: the folder to import from, relative to the artifact.
        entrypoint: the import path of the module with the GPPI functions.
    """

    name: str
    version: str
    work_dir: str
    entrypoint: str


def read_facts(path: str) -> ModelFacts:
    """Read ``{"name", "version", "workDir", "entrypoint"}`` from a JSON file.

    Raises:
        OSError: the file cannot be read.
        ValueError: the file is not such a document.
    """
    with open(path, encoding="utf-8") as file:
        document = json.load(file)
    try:
        return ModelFacts(document["name"], document["version"], document["workDir"], document["entrypoint"])
    except (KeyError, TypeError):
        raise ValueError(
            f"{os.path.abspath(path)}: expected an object with name, version, workDir and entrypoint"
        ) from None
