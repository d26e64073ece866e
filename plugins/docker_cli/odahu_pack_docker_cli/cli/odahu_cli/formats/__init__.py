"""Streams of batches: inputs cut into pieces and parsed, answers rendered and written.

A batch prediction is ``pieces → parse → predict → render → write``. The first and the last step belong to one
process; those between may run in others, so pieces and rendered answers can be pickled::

    predictor = BatchPredictor(model, model.signature())
    source = INPUT_FORMATS["csv"].open(file, "in.csv", ReadOptions(model.mode, model.signature().inputs))
    output = OUTPUT_FORMATS["json"]
    sink = output.open(result, model.mode)
    for piece in source.pieces():
        for batch in source.parser.parse(piece):
            sink.write(output.renderer.render(predictor.predict(batch), model.serializer))
    sink.close()
"""

import os
from typing import Dict, Iterable, Optional

from .batch_predictor import BatchPredictor
from .csv_input import CsvFormat
from .csv_results import CsvOutput
from .json_document import JsonFormat
from .json_lines import JsonLinesFormat
from .json_results import JsonLinesOutput, JsonOutput
from .parquet_input import ParquetFormat
from .parquet_results import ParquetOutput
from .reading import (
    AUTO,
    CHUNK_ROWS,
    NO,
    YES,
    Batch,
    InputError,
    InputFormat,
    Parser,
    Piece,
    Place,
    ReadOptions,
    Source,
    located,
)
from .writing import FormatError, OutputFormat, Renderer, Sink

__all__ = [
    "AUTO",
    "CHUNK_ROWS",
    "INPUT_FORMATS",
    "NO",
    "OUTPUT_FORMATS",
    "YES",
    "Batch",
    "BatchPredictor",
    "FormatError",
    "InputError",
    "InputFormat",
    "OutputFormat",
    "Parser",
    "Piece",
    "Place",
    "ReadOptions",
    "Renderer",
    "Sink",
    "Source",
    "by_suffix",
    "located",
]


def _named(formats: Iterable[InputFormat]) -> Dict[str, InputFormat]:
    return {each.name: each for each in formats}


INPUT_FORMATS: Dict[str, InputFormat] = _named(
    (JsonFormat(), JsonLinesFormat(), CsvFormat(), ParquetFormat())
)
OUTPUT_FORMATS: Dict[str, OutputFormat] = {
    each.name: each for each in (JsonOutput(), JsonLinesOutput(), CsvOutput(), ParquetOutput())
}


def by_suffix(path: str) -> Optional[InputFormat]:
    """Return the format that a file's name tells, or None."""
    suffix = os.path.splitext(path)[1].lower()
    return next((each for each in INPUT_FORMATS.values() if suffix in each.suffixes), None)
