"""The result of one task, put together of its answers as they come in."""

from typing import List, Optional, Sequence, Tuple, Union

from gppi_runtime import Position, PredictionError

from .faults import ModelFailedError, OutputError, explain
from .formats import Sink
from .predictor import Answer
from .results import ResultFile, StandardOutput
from .tasks import Task

_PLACES_SHOWN = 5


class Assembly:
    """A result that is opened with its first answer.

    Args:
        task: whose it is.
        target: where it goes.
        mode: the model's prediction mode.
    """

    def __init__(self, task: Task, target: Union[ResultFile, StandardOutput], mode: str) -> None:
        self.task = task
        self._target = target
        self._mode = mode
        self._sink: Optional[Sink] = None
        self._batches = 0
        self._commas: List[Position] = []
        self._comma_count = 0
        self._uneven: Optional[Tuple[int, int]] = None

    def add(self, answer: Answer) -> None:
        """Write the answer to the next piece.

        Raises:
            ModelFailedError: it does not go with those before.
            OutputError: the result cannot be written.
            BrokenPipeError: nobody reads standard output any more.
        """
        self._batches += len(answer.parts)
        self._uneven = self._uneven or answer.uneven
        self._check_even()
        self.overlook(answer.commas)
        try:
            sink = self._opened()
            for part in answer.parts:
                sink.write(part)
        except PredictionError as error:
            raise ModelFailedError(f"{self.task.path}: {error.message}", error.details) from error
        except OSError as error:
            raise self._unwritten(error) from error

    def finish(self) -> None:
        """Write the end and let the result appear.

        Raises:
            OutputError: the result cannot be written.
            BrokenPipeError: nobody reads standard output any more.
        """
        try:
            self._opened().close()
            self._target.commit()
        except OSError as error:
            raise self._unwritten(error) from error

    def discard(self) -> None:
        """Leave no part of the result behind."""
        self._target.discard()
        self._sink = None

    def overlook(self, commas: Sequence[Position]) -> None:
        """Remember trailing commas for one warning about them all."""
        self._comma_count += len(commas)
        self._commas = sorted([*self._commas, *commas])[:_PLACES_SHOWN]

    def warning(self) -> Optional[str]:
        """Tell of what was overlooked."""
        if not self._commas:
            return None
        places = ", ".join(f"{self.task.path}:{place.line}:{place.column}" for place in self._commas)
        more = self._comma_count - len(self._commas)
        return f"trailing comma overlooked at {places}" + (f" and {more} more" if more else "")

    def _opened(self) -> Sink:
        if self._sink is None:
            self._sink = self.task.writes.open(self._target.open(), self._mode)
        return self._sink

    def _check_even(self) -> None:
        # A model may sum up what it is given, but only where it is given all at once does that mean anything.
        if self._uneven is not None and self._batches > 1:
            rows, predictions = self._uneven
            raise ModelFailedError(
                f"{self.task.path}: the model returned {predictions} predictions for {rows} rows, and it was"
                " given this input in several parts: --chunk-rows makes them larger"
            )

    def _unwritten(self, error: OSError) -> Exception:
        if isinstance(error, BrokenPipeError):
            return error
        path = "standard output" if self._target.path == "-" else self._target.path
        return OutputError(explain("cannot write", path, error))
