"""The whole way of a request through a model, from the caller's bytes to the bytes of the answer."""

from typing import Any

from .json_reader import read_json
from .json_writer import write_json
from .model import Model
from .request import parse_request
from .signature import Signature, check_request


def predict_json(model: Model, signature: Signature, body: bytes) -> bytes:
    """Answer a JSON request.

    Args:
        model: the loaded model.
        signature: what it says about itself.
        body: the request as it came.

    Raises:
        DocumentError: the request is not JSON, or not what the model takes.
        ModelError: the model failed.
    """
    return write_json(predict_document(model, signature, read_json(body)), model.serializer)


def predict_document(model: Model, signature: Signature, document: Any) -> Any:
    """Answer a parsed request.

    Args:
        model: the loaded model.
        signature: what it says about itself.
        document: lists, dictionaries and scalars, as a JSON parser makes them.

    Returns:
        The result document, for `write_json` with the model's serializer.

    Raises:
        DocumentError: the request is not what the model takes.
        ModelError: the model failed.
    """
    request = parse_request(document, model.mode)
    check_request(request, signature)
    return model.predict(request)
