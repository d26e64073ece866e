"""The command ``info``: the schemas of a model's input and output documents."""

import argparse
from typing import BinaryIO

from gppi_runtime import input_schema, load_model, printed_output_schema, read_facts, write_json

from .console import Console
from .faults import OutputError, explain, loading

_INDENT = 4


def describe_model(options: argparse.Namespace, _console: Console, out: BinaryIO) -> int:
    """Print the schemas.

    Args:
        options: the parsed command line.
        out: where to print.

    Returns:
        The exit code.

    Raises:
        NotLoadedError: the model cannot be loaded, or does not describe itself.
        OutputError: standard output cannot be written.
        BrokenPipeError: nobody reads standard output any more.
    """
    with loading():
        model = load_model(options.artifact, read_facts(options.model_json))
        signature = model.signature()
        given = write_json(input_schema(model.mode, signature), indent=_INDENT)
        returned = write_json(printed_output_schema(model.mode, signature), indent=_INDENT)
    try:
        out.writelines((b"Input schema:\n", given, b"\nOutput schema:\n", returned, b"\n"))
        out.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError(explain("cannot write", "standard output", error)) from error
    return 0
