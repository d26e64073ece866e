"""The command line of the image, and the help that teaches it."""

import argparse
import os
from typing import List, Optional

from .describing import describe_model
from .formats import AUTO, CHUNK_ROWS, INPUT_FORMATS, NO, OUTPUT_FORMATS, YES
from .predicting import predict_files

# The folder that holds cli, artifact and model.json.
_HOME = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

_PREDICT = """\
Make predictions using GPPI model.

Rows are read and written in parts, so an input may be larger than the memory. A result
appears in OUTPUT_DIR when it is complete. One file becomes result.json, or result.csv and
so on by its format; the files of a folder or of a glob become files of the same names.
When one of several inputs is wrong, the others still get their results."""

_EXAMPLES = """\
examples:
  predict /volume/predicts.json /volume          one file: /volume/result.json
  predict /volume/wines.csv /volume              CSV: /volume/result.csv
  predict wines.csv out --output-format jsonl    another format: out/result.jsonl
  predict /data/in /data/out --workers 4         all files of a folder, in four processes
  predict '/data/in/2024-*.csv' /data/out        a glob, in quotes so that the shell leaves it alone
  predict - - --format jsonl < in > out          from standard input to standard output
  predict /data/in /data/out --shard 0/3         the first of three parts of a folder
  predict /data/in /data/out --skip-finished     go on where an earlier run was ended

In an indexed Job of Kubernetes give --shard auto/N, where N is the Job's completions, or
set the variable JOB_COMPLETIONS to it.

exit codes:
  0  done
  1  the model failed; --debug shows its traceback
  2  the call or an input is wrong, or a result cannot be written
  128 + n  ended by signal n"""


def parse(argv: List[str]) -> Optional[argparse.Namespace]:
    """Parse the arguments; usage errors and ``--help`` end the program.

    Returns:
        The options with ``run``, the command's function; None where no command is given and help is printed.
    """
    parser = _parser()
    options, unknown = parser.parse_known_args(argv)
    if unknown:
        options.parser.error("unknown: " + " ".join(unknown))
    if options.run is None:
        parser.print_help()
        return None
    return options


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="model", description="Predict with the model of this image.")
    parser.set_defaults(run=None, parser=parser)
    parser.add_argument("--model-json", default=os.path.join(_HOME, "model.json"), help=argparse.SUPPRESS)
    parser.add_argument("--artifact", default=os.path.join(_HOME, "artifact"), help=argparse.SUPPRESS)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    predict = commands.add_parser(
        "predict",
        help="Make predictions using GPPI model",
        description=_PREDICT,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    predict.set_defaults(run=predict_files)
    _add_files(predict)
    _add_formats(predict)
    _add_ways(predict)
    info = commands.add_parser("info", help="Show model input/output data schema")
    info.set_defaults(run=describe_model)
    for command in (predict, info):
        command.set_defaults(parser=command)
        command.add_argument("--debug", action="store_true", help="show tracebacks")
    return parser


def _add_files(predict: argparse.ArgumentParser) -> None:
    predict.add_argument(
        "inputs", metavar="INPUT", nargs="+", help="files, folders, globs, or - for standard input"
    )
    predict.add_argument(
        "output_dir",
        metavar="OUTPUT_DIR",
        help="folder to write results into, which must be there; or - for standard output",
    )
    predict.add_argument(
        "--output-file-name",
        "--output_file_name",
        metavar="NAME",
        help="name of the result of a single file (default: result.json, by the format)",
    )
    predict.add_argument("--recursive", action="store_true", help="take the files of subfolders, too")
    predict.add_argument(
        "--skip-finished", action="store_true", help="skip inputs whose results are there and not older"
    )


def _add_formats(predict: argparse.ArgumentParser) -> None:
    formats = predict.add_argument_group("formats")
    formats.add_argument(
        "--format",
        choices=sorted(INPUT_FORMATS),
        help="format of the inputs (default: by their suffixes, json where those say nothing)",
    )
    formats.add_argument(
        "--output-format",
        choices=sorted(OUTPUT_FORMATS),
        help="format of the results (default: by --output-file-name, else as the input)",
    )
    formats.add_argument(
        "--header",
        choices=(AUTO, YES, NO),
        default=AUTO,
        help="whether CSV begins with the columns' names (default: look whether it does)",
    )
    formats.add_argument(
        "--delimiter",
        type=_delimiter,
        metavar="C",
        help="what separates cells of CSV, or the word tab (default: look for , ; tab |)",
    )


def _add_ways(predict: argparse.ArgumentParser) -> None:
    ways = predict.add_argument_group("ways to predict")
    ways.add_argument(
        "--workers", type=_count, default=1, metavar="N", help="processes that predict, each with the model"
    )
    ways.add_argument(
        "--shard", metavar="I/N", help="take every N-th input, beginning at I, which counts from 0"
    )
    ways.add_argument(
        "--chunk-rows",
        type=_count,
        default=CHUNK_ROWS,
        metavar="N",
        help="the most rows that the model is given at once (default: %(default)s)",
    )
    ways.add_argument(
        "--lists", action="store_true", help="give the model lists only, also where it takes arrays of numpy"
    )


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not at least 1")
    return number


def _delimiter(text: str) -> str:
    if text in ("tab", "\\t"):
        return "\t"
    if len(text) != 1 or text in '"\r\n':
        raise argparse.ArgumentTypeError(f"{text!r} is not one character that can separate cells")
    return text
