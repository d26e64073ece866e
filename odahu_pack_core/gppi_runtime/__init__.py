"""A runtime for GPPI models that images share: load, predict, read and write JSON, describe.

The standard library of Python 3.6 is all it needs, and it imports itself by relative paths only, so a
packager may copy the folder into an image under any name::

    facts = ModelFacts(name="wine", version="1.0", work_dir="model", entrypoint="entrypoint")
    model = load_model("/opt/artifact", facts)
    answer = predict_json(model, model.signature(), b'{"data": [[1, 2, 3]]}')
"""

from .batching import Outcome, predict_together
from .errors import (
    DocumentError,
    EntrypointError,
    GppiError,
    JsonSyntaxError,
    ModelError,
    PredictionError,
    RowError,
)
from .facts import ModelFacts, read_facts
from .json_reader import Position, read_json, read_json_tolerantly
from .json_writer import plain, write_json
from .model import Model, load_model
from .openapi import swagger
from .prediction import predict_document, predict_json
from .request import MATRIX, OBJECTS, MatrixRequest, ObjectsRequest, Request, parse_request
from .schema import example_request, input_schema, output_schema, printed_output_schema
from .signature import UNKNOWN, Field, Signature, check_request, read_signature
from .streams import take_stdout

__all__ = [
    "MATRIX",
    "OBJECTS",
    "UNKNOWN",
    "DocumentError",
    "EntrypointError",
    "Field",
    "GppiError",
    "JsonSyntaxError",
    "MatrixRequest",
    "Model",
    "ModelError",
    "ModelFacts",
    "ObjectsRequest",
    "Outcome",
    "Position",
    "PredictionError",
    "Request",
    "RowError",
    "Signature",
    "check_request",
    "example_request",
    "input_schema",
    "load_model",
    "output_schema",
    "parse_request",
    "plain",
    "predict_document",
    "predict_json",
    "predict_together",
    "printed_output_schema",
    "read_facts",
    "read_json",
    "read_json_tolerantly",
    "read_signature",
    "swagger",
    "take_stdout",
    "write_json",
]
