"""Predictions on batches, with arrays instead of lists where a model takes both alike."""

import time
from typing import Any, Callable, Optional

from gppi_runtime import MatrixRequest, Model, PredictionError, Signature, check_request, write_json

from .reading import Batch, locating

_SAMPLE, _ROUNDS = 500, 3
# Seconds that a model may take for a batch, and more for each row, so that making lists costs time beside it.
_QUICK, _QUICK_ROW = 1e-2, 5e-5
# An array that is as fast is the better choice: making lists of it takes time, too.
_NOT_SLOWER = 1.2


class BatchPredictor:
    """Asks a model.

    GPPI promises lists of rows. Many models turn them into an array first, which takes longer than all the
    rest. So some rows of the first batch are predicted on again, as lists and as an array: where the answers
    are the same and the array is faster, the model is given arrays from then on, unless it fails on one. A
    slow model is not tried: it would gain nothing.

    Args:
        model: the loaded model.
        signature: what it says about itself.
        arrays: whether arrays may be tried.
        clock: tells seconds; those of the processor, for others may be busy.
    """

    def __init__(
        self,
        model: Model,
        signature: Signature,
        *,
        arrays: bool = True,
        clock: Callable[[], float] = time.process_time,
    ) -> None:
        self._model = model
        self._signature = signature
        self._clock = clock
        self._takes_arrays: Optional[bool] = None if arrays else False

    def predict(self, batch: Batch) -> Any:
        """Predict on a batch.

        Returns:
            The result document, for a `Renderer`; rows of numbers may be an array of numpy.

        Raises:
            InputError: the batch is not what the model takes.
            PredictionError: the model failed.
        """
        with locating(batch.place):
            check_request(batch.request, self._signature)
        if batch.as_lists is None:
            return self._model.predict(batch.request, keep_arrays=True)
        assert isinstance(batch.request, MatrixRequest)  # noqa: S101  # others come as lists only
        if self._takes_arrays:
            try:
                # A copy, for the model may change it before it fails, and lists are made of it then.
                return self._model.predict(_copied(batch.request), keep_arrays=True)
            except PredictionError:
                self._takes_arrays = False
        began = time.monotonic()  # a model may also wait, for an accelerator or another machine
        document = self._model.predict(batch.as_lists(), keep_arrays=True)
        if self._takes_arrays is None and _is_quick(time.monotonic() - began, len(batch.request[0])):
            self._takes_arrays = self._try_array(batch.request, batch.as_lists())
        return document

    def _try_array(self, array: Any, lists: MatrixRequest) -> bool:
        array = array._replace(rows=array.rows[:_SAMPLE])
        lists = lists._replace(rows=lists.rows[:_SAMPLE])
        try:
            expected = write_json(self._model.predict(_copied(lists)))
            if write_json(self._model.predict(_copied(array))) != expected:
                return False
            return self._seconds(array) < self._seconds(lists) * _NOT_SLOWER
        except PredictionError:
            return False

    def _seconds(self, request: MatrixRequest) -> float:
        """Return how long a prediction takes, once the model is warm and nothing interferes."""
        took = []
        for _ in range(_ROUNDS):
            request = _copied(request)
            began = self._clock()
            self._model.predict(request, keep_arrays=True)
            took.append(self._clock() - began)
        return min(took)


def _is_quick(seconds: float, rows: int) -> bool:
    return seconds < _QUICK + _QUICK_ROW * rows


def _copied(request: MatrixRequest) -> MatrixRequest:
    """Copy the rows: a model may change what it is given."""
    rows: Any = request.rows
    return request._replace(rows=[list(row) for row in rows] if isinstance(rows, list) else rows.copy())
