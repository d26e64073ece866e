"""Requests of Triton's Python backend answered together, each as if it had been asked alone."""

import contextlib
import json
import sys
import traceback
from typing import Any, Dict, List, Sequence

import triton_python_backend_utils as pb_utils  # type: ignore[import-not-found]  # the backend has it
from gppi_runtime import (
    DocumentError,
    GppiError,
    Model,
    ModelError,
    Outcome,
    Request,
    Signature,
    predict_together,
)
from gppi_runtime.tensors import gppi_request, output_tensors

from .arrays import input_tensor, output_array
from .loading import log_error


class Answerer:
    """Answers requests with a model.

    Args:
        model: the loaded model.
        signature: what it says about itself.
        model_config: the model's configuration, as JSON.
    """

    def __init__(self, model: Model, signature: Signature, model_config: str) -> None:
        config = json.loads(model_config)
        self._model = model
        self._signature = signature
        self._declared: Dict[str, str] = {each["name"]: each["data_type"] for each in config["output"]}
        # Where Triton does not batch, it hands over requests one by one.
        self._most_rows = max(1, int(config["max_batch_size"]))

    def answer(self, requests: Sequence[Any]) -> List[Any]:
        """Answer requests, one response for each in their order; a bad one spoils no other."""
        responses: List[Any] = [None] * len(requests)
        places, asked = [], []
        for place, request in enumerate(requests):
            try:
                asked.append(self._read(request))
                places.append(place)
            except Exception as error:  # noqa: BLE001  # the others are to be answered all the same
                responses[place] = _refusal(error)
        for outcomes in predict_together(self._model, asked, self._most_rows):
            for index, outcome in outcomes:
                place = places[index]
                responses[place] = self._response(requests[place], outcome)
        return responses

    def _read(self, request: Any) -> Request:
        tensors = [input_tensor(tensor.name(), tensor.as_numpy()) for tensor in request.inputs()]
        if not tensors:
            raise DocumentError("the request has no tensor: there is nothing to predict")
        return gppi_request(tensors, self._model.mode, self._signature)

    def _response(self, request: Any, outcome: Outcome) -> Any:
        if outcome.error is not None:
            return _refusal(outcome.error)
        try:
            return pb_utils.InferenceResponse(self._outputs(request, outcome.document))
        except Exception as error:  # noqa: BLE001  # as above
            return _refusal(error)

    def _outputs(self, request: Any, document: Any) -> List[Any]:
        asked = frozenset(request.requested_output_names())
        names = [name for name in self._declared if name in asked]
        tensors = output_tensors(document, self._signature, names or None, self._model.serializer)
        return [
            pb_utils.Tensor(tensor.name, output_array(tensor, self._declared.get(tensor.name, "")))
            for tensor in tensors
        ]


def _refusal(error: Exception) -> Any:
    return pb_utils.InferenceResponse([], _triton_error(error))


def _triton_error(error: Exception) -> Any:
    if isinstance(error, DocumentError):
        # Older releases have no codes: there every error is the server's.
        code = getattr(pb_utils.TritonError, "INVALID_ARG", None)
        return pb_utils.TritonError(error.message, *([] if code is None else [code]))
    if isinstance(error, ModelError):
        log_error(error)
    else:
        with contextlib.suppress(BaseException):  # a model may close, replace or break its stderr
            traceback.print_exception(type(error), error, error.__traceback__, file=sys.stderr)
    return pb_utils.TritonError(error.message if isinstance(error, GppiError) else "the server failed")
