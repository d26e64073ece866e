"""The command line, and what its exit code says: 0 done, 1 the model failed, 2 usage or input."""

import argparse
import os
import signal
import sys
from typing import Any, List

from gppi_runtime import DocumentError, ModelError, take_stdout

from .describing import describe_model
from .files import FileError
from .predicting import predict_file

_MODEL_FAILED, _WRONG_INPUT = 1, 2
# The folder that holds cli, artifact and model.json.
_HOME = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def main(argv: List[str]) -> int:
    """Run a command of the image.

    Args:
        argv: the arguments; without any the help is printed.

    Returns:
        The exit code.
    """
    parser = _parser()
    options = parser.parse_args(argv)
    if options.run is None:
        parser.print_help()
        return 0
    # Process 1 of a container gets no signal that it does not handle.
    signal.signal(signal.SIGTERM, _interrupt)
    _prepare_interpreter()
    try:
        with take_stdout() as out:
            options.run(options, out)
    except (DocumentError, FileError) as error:
        return _report(str(error), _WRONG_INPUT)
    except ModelError as error:
        return _report((error.details if options.debug else "") + error.message, _MODEL_FAILED)
    except KeyboardInterrupt as interrupt:
        return 128 + (interrupt.args[0] if interrupt.args else signal.SIGINT)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="model", description="Predict with the model of this image.")
    parser.set_defaults(run=None)
    parser.add_argument("--model-json", default=os.path.join(_HOME, "model.json"), help=argparse.SUPPRESS)
    parser.add_argument("--artifact", default=os.path.join(_HOME, "artifact"), help=argparse.SUPPRESS)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    predict = commands.add_parser("predict", help="Make predictions using GPPI model")
    predict.set_defaults(run=predict_file)
    predict.add_argument("input", metavar="INPUT", help="JSON file to predict on")
    predict.add_argument("output_dir", metavar="OUTPUT_DIR", help="folder to write the result into")
    predict.add_argument(
        "--output-file-name",
        "--output_file_name",
        metavar="NAME",
        default="result.json",
        help="name of the result file (default: %(default)s)",
    )
    info = commands.add_parser("info", help="Show model input/output data schema")
    info.set_defaults(run=describe_model)
    for command in (predict, info):
        command.add_argument("--debug", action="store_true", help="show the model's traceback when it fails")
    return parser


def _prepare_interpreter() -> None:
    """Leave the model an interpreter that looks as if it had started the model itself."""
    sys.dont_write_bytecode = True
    # All modules of ours are imported: from here on the model's names come first, and ours do not count.
    del sys.path[0]
    del sys.argv[1:]


def _interrupt(number: int, _frame: Any) -> None:
    # Not SystemExit: that may come from the model, too, and is its fault then.
    raise KeyboardInterrupt(number)


def _report(message: str, code: int) -> int:
    sys.stderr.write(f"error: {message}\n")
    return code
