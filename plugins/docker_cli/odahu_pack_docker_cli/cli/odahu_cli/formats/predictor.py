"""Predictions on batches, with arrays instead of lists where a model takes both alike."""

import time
from typing import Any, Callable, Optional

from gppi_runtime import MatrixRequest, Model, PredictionError, Signature, check_request, write_json

from .reading import Batch, locating

_SAMPLE = 500


class BatchPredictor:
    """Asks a model.

    GPPI promises lists of rows. Many models turn them into an array first, which takes longer than all the
    rest. So the first rows are predicted on as lists and as an array: where the answers are the same and the
    array is faster, the model is given arrays from then on, unless it fails on one.

    Args:
        model: the loaded model.
        signature: what it says about itself.
        arrays: whether arrays may be tried.
        clock: tells seconds.
    """

    def __init__(
        self,
        model: Model,
        signature: Signature,
        *,
        arrays: bool = True,
        clock: Callable[[], float] = time.perf_counter,
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
        if self._takes_arrays is None:
            self._takes_arrays = self._try_array(batch.request, batch.as_lists())
        if self._takes_arrays:
            try:
                return self._model.predict(batch.request, keep_arrays=True)
            except PredictionError:
                self._takes_arrays = False
        return self._model.predict(batch.as_lists(), keep_arrays=True)

    def _try_array(self, array: Any, lists: MatrixRequest) -> bool:
        sample = lists.rows[:_SAMPLE]
        try:
            # The first call of a model may load things: it is not measured.
            expected = write_json(self._model.predict(lists._replace(rows=[list(row) for row in sample])))
            began = self._clock()
            answer = self._model.predict(array._replace(rows=array.rows[:_SAMPLE].copy()))
            array_took = self._clock() - began
            if write_json(answer) != expected:
                return False
            began = self._clock()
            self._model.predict(lists._replace(rows=sample))
        except PredictionError:
            return False  # Whatever it is, the whole batch will show it.
        return array_took < self._clock() - began
