"""The command ``info``: the schemas of a model's input and output documents."""

import argparse
from typing import BinaryIO

from gppi_runtime import input_schema, load_model, printed_output_schema, read_facts, write_json

_INDENT = 4


def describe_model(options: argparse.Namespace, out: BinaryIO) -> None:
    """Print the schemas.

    Args:
        options: the parsed command line.
        out: where to print.

    Raises:
        EntrypointError: the model cannot be loaded, or does not describe itself.
    """
    model = load_model(options.artifact, read_facts(options.model_json))
    signature = model.signature()
    described = (
        (b"Input schema:\n", input_schema(model.mode, signature)),
        (b"Output schema:\n", printed_output_schema(model.mode, signature)),
    )
    out.writelines(title + write_json(schema, indent=_INDENT) + b"\n" for title, schema in described)
