"""The life of a worker: load the model, tell the front, predict until the front is gone."""

import argparse
import faulthandler
import sys
from typing import List

from gppi_runtime import (
    MATRIX,
    UNKNOWN,
    EntrypointError,
    Model,
    Signature,
    load_model,
    read_facts,
    swagger,
    take_stdout,
    write_json,
)
from gppi_runtime.tensors import model_metadata
from odahu_wire import FAILED, READY, pack

from .channel import Channel
from .dialects import dialects
from .predictor import Predictor


def main(argv: List[str]) -> int:
    """Run a worker until the front closes its end.

    Args:
        argv: the options that the front writes.

    Returns:
        1 when the model cannot be loaded; a worker that could load its model ends with the front, at once.
    """
    options = _parser().parse_args(argv)
    channel = Channel(options.fd)
    _prepare_interpreter()
    try:
        model = load_model(options.artifact, read_facts(options.model_json))
    except EntrypointError as error:
        _log(error)
        channel.send(pack(FAILED, error.message.encode("utf-8", "backslashreplace")))
        return 1
    signature = _signature(model)
    description = write_json(swagger(model.facts, model.mode, signature))
    metadata = write_json(model_metadata(model.facts, model.mode, signature))
    batch_rows = options.batch_rows if model.mode == MATRIX else 1
    channel.send(pack(READY, description + metadata, split=len(description), rows=batch_rows))
    spoken = dialects(model, signature, options.max_body_bytes, numbers=options.numbers)
    Predictor(model, spoken, channel, batch_rows).serve(options.threads)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="worker", description="Predict for the front of this image.")
    parser.add_argument("--fd", type=int, required=True, help="the inherited socket that leads to the front")
    parser.add_argument("--threads", type=int, required=True, help="predictions at the same time")
    parser.add_argument(
        "--batch-rows", type=int, default=1, help="rows of different requests in one call of the model"
    )
    parser.add_argument(
        "--max-body-bytes", type=int, required=True, help="size of the largest request, decompressed"
    )
    parser.add_argument("--numbers", action="store_true", help="the front writes results of many numbers")
    parser.add_argument("--model-json", required=True, help="the file with the model's name and place")
    parser.add_argument("--artifact", required=True, help="the folder of the unpacked artifact")
    return parser


def _prepare_interpreter() -> None:
    """Leave the model an interpreter that looks as if it had started the model itself."""
    take_stdout().close()  # standard output belongs to the front's access log
    faulthandler.enable()
    sys.dont_write_bytecode = True
    # All modules of ours are imported: from here on the model's names come first, and ours do not count.
    del sys.path[0]
    del sys.argv[1:]


def _signature(model: Model) -> Signature:
    try:
        return model.signature()
    except EntrypointError as error:
        # A model can predict without describing itself.
        _log(error)
        return UNKNOWN


def _log(error: EntrypointError) -> None:
    sys.stderr.write(f"{error.details}{error.message}\n")
