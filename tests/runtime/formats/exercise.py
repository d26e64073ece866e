"""Run by Pythons of images: reads a file and writes answers.

``python exercise.py CLI_FOLDER INPUT OUTPUT_FORMAT [--typed]`` tells rows, commas and peak memory.
"""

import json
import resource
import sys
from pathlib import Path

cli, path, output_format = sys.argv[1:4]
sys.path.insert(0, cli)

from gppi_runtime import Field  # noqa: E402  # as the command of images finds it
from odahu_cli.formats import OUTPUT_FORMATS, InputError, ReadOptions, by_suffix  # noqa: E402  # as above


def main():
    """Answer each row with the sum of its numbers."""
    fields = (
        [Field(name, "number", required=True, example=0) for name in ("a", "b", "c")]
        if "--typed" in sys.argv
        else []
    )
    output = OUTPUT_FORMATS[output_format]
    commas, rows = 0, 0
    with Path(path).open("rb") as file, Path(path + ".out").open("wb") as result:
        source = by_suffix(path).open(file, path, ReadOptions("matrix", fields))
        sink = output.open(result, "matrix")
        for piece in source.pieces():
            for batch in source.parser.parse(piece):
                cells = batch.request.rows
                rows += len(cells)
                commas += len(batch.commas)
                answers = [[sum(cell for cell in row if type(cell) in (int, float))] for row in cells]
                sink.write(output.renderer.render({"prediction": answers, "columns": ["sum"]}, None))
        sink.close()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    sys.stdout.write(
        json.dumps({"rows": rows, "commas": commas + len(source.commas), "peak_kib": peak}) + "\n"
    )


try:
    main()
except InputError as error:
    sys.exit(str(error))
