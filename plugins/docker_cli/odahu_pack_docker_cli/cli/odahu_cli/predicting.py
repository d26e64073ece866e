"""The command ``predict``: one JSON file in, one JSON file out."""

import argparse
import os
import sys
from typing import BinaryIO

from gppi_runtime import (
    UNKNOWN,
    DocumentError,
    EntrypointError,
    Model,
    Signature,
    load_model,
    predict_document,
    read_facts,
    write_json,
)

from .files import FileError, ResultFile, read_document


def predict_file(options: argparse.Namespace, out: BinaryIO) -> None:
    """Predict on a file.

    Args:
        options: the parsed command line.
        out: where to say which file holds the result.

    Raises:
        FileError: the input cannot be read, the result not written, or the input is not what the model takes.
        ModelError: the model cannot be loaded, or failed.
    """
    try:
        document = read_document(options.input)
        with ResultFile(options.output_dir, options.output_file_name) as result:
            if os.path.exists(result.path) and os.path.samefile(options.input, result.path):
                raise FileError(f"{result.path} is the input, choose another --output-file-name")
            model = load_model(options.artifact, read_facts(options.model_json))
            prediction = predict_document(model, _signature(model), document)
            result.commit(write_json(prediction, model.serializer) + b"\n")
    except DocumentError as error:
        raise FileError(f"{options.input}: {error.message}") from error
    out.write(f"Prediction is successful. Result file: {result.path}\n".encode("utf-8", "surrogateescape"))


def _signature(model: Model) -> Signature:
    try:
        return model.signature()
    except EntrypointError as error:
        # A model can predict without describing itself.
        sys.stderr.write(f"warning: {error.message}\n")
        return UNKNOWN
