"""The protocols that requests come in: how each is read, answered and refused."""

from functools import partial
from typing import Any, Callable, Dict, NamedTuple, Tuple, Union

from gppi_runtime import Model, Request, Signature, check_request, parse_request, read_json, write_json
from gppi_runtime.tensors import Inference, read_inference, write_error, write_inference
from odahu_wire import COMPRESSED_INFER, INFER, PREDICT, PREDICT_NUMBERS

from .channel import Frame
from .inflating import inflate
from .numbers import read_numbers, write_numbers


class Question(NamedTuple):
    """A request that was read.

    Args:
        request: what to ask the model.
        write: makes the body of the answer from the result document, and tells the size of its JSON where
            tensors follow it, else 0; raises GppiError where that cannot be.
    """

    request: Request
    write: Callable[[Any], Tuple[bytes, int]]


class OdahuDialect:
    """The documents of ODAHU's own route.

    Args:
        model: the loaded model.
        signature: what it says about itself.
        numbers: whether the front makes the text of many numbers.
    """

    def __init__(self, model: Model, signature: Signature, *, numbers: bool) -> None:
        self._model = model
        self._signature = signature
        self._numbers = numbers and model.serializer is None

    def read(self, frame: Frame) -> Question:
        """Read a request; raises DocumentError where it is none."""
        if frame.header.kind == PREDICT_NUMBERS:
            request = read_numbers(frame.body, self._model.mode)
        else:
            request = parse_request(read_json(frame.body), self._model.mode)
        check_request(request, self._signature)
        return Question(request, self._write)

    def _write(self, document: Any) -> Tuple[bytes, int]:
        numbers = write_numbers(document) if self._numbers else None
        return numbers or (write_json(document, self._model.serializer), 0)

    @staticmethod
    def refuse(message: str, code: str) -> bytes:
        """Make the body of an answer that says what is wrong."""
        return write_json({"message": message, "code": code})


class TensorDialect:
    """The Open Inference Protocol.

    Args:
        model: the loaded model.
        signature: what it says about itself.
        most_bytes: the size that a request may have, also once it is decompressed.
    """

    def __init__(self, model: Model, signature: Signature, most_bytes: int) -> None:
        self._model = model
        self._signature = signature
        self._most_bytes = most_bytes

    def read(self, frame: Frame) -> Question:
        """Read a request; raises DocumentError where it is none."""
        header, body = frame
        if header.kind == COMPRESSED_INFER:
            body = inflate(body, self._most_bytes)
        mode, json_size = self._model.mode, header.split or None
        inference = read_inference(body, json_size, mode, self._signature, self._most_bytes)
        return Question(inference.request, partial(self._write, inference))

    def _write(self, inference: Inference, document: Any) -> Tuple[bytes, int]:
        model = self._model
        answer = write_inference(inference, model.facts, self._signature, document, model.serializer)
        return answer.body, answer.json_size or 0

    @staticmethod
    def refuse(message: str, _code: str) -> bytes:
        """Make the body of an answer that says what is wrong."""
        return write_error(message)


Dialect = Union[OdahuDialect, TensorDialect]


def dialects(model: Model, signature: Signature, most_bytes: int, *, numbers: bool) -> Dict[int, Dialect]:
    """Return the dialect of each kind of request frame."""
    documents = OdahuDialect(model, signature, numbers=numbers)
    tensors = TensorDialect(model, signature, most_bytes)
    return {
        PREDICT: documents,
        PREDICT_NUMBERS: documents,
        INFER: tensors,
        COMPRESSED_INFER: tensors,
    }
