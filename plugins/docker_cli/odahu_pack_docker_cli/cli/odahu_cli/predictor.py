"""Predicting on one piece of an input, in whatever process: parse, check, predict, render."""

from typing import Any, Iterable, Iterator, List, NamedTuple, Optional, Sequence, Tuple, Union

from gppi_runtime import (
    UNKNOWN,
    EntrypointError,
    Field,
    MatrixRequest,
    Model,
    ModelError,
    Position,
    Request,
    Signature,
    load_model,
    read_facts,
)
from gppi_runtime.errors import describe, model_traceback

from .faults import CommandError, InputFileError, Interrupted, ModelFailedError, internal, loading
from .formats import Batch, BatchPredictor, InputError, Parser, Piece, Renderer
from .interpreter import code_of_the_model


class Shape(NamedTuple):
    """What reading an input and writing a result take to know of the model.

    Args:
        mode: its prediction mode.
        inputs: its input columns; empty where it says nothing.
        warning: why it says nothing, if that is a fault.
    """

    mode: str
    inputs: Sequence[Field]
    warning: Optional[str]


class Work(NamedTuple):
    """A piece of an input, and how to read it and write its answer; can be pickled."""

    name: str
    parser: Parser
    renderer: Renderer
    piece: Piece


class Answer(NamedTuple):
    """The answer to a piece.

    Args:
        rows: how many rows or objects it held.
        parts: the rendered answer to each of its batches.
        commas: trailing commas that were overlooked in it.
        uneven: rows and predictions of a batch for which the model returned another number of them.
    """

    rows: int
    parts: List[Any]
    commas: List[Position]
    uneven: Optional[Tuple[int, int]]


class Step(NamedTuple):
    """A step through the inputs of a run, in their order.

    Args:
        task: whose it is.
        work: what is to be predicted; None where the input has ended.
        error: why it has ended before its end.
        commas: trailing commas that were overlooked while it was cut into pieces, told at its end.
    """

    task: Any
    work: Optional[Work] = None
    error: Optional[CommandError] = None
    commas: Sequence[Position] = ()


Outcome = Union[None, Answer, CommandError]


class Predictor:
    """A loaded model that answers pieces.

    Args:
        artifact: the folder of the unpacked artifact.
        model_json: the file of facts about the model.
        arrays: whether the model may be given arrays where it takes them as it takes lists.

    Raises:
        NotLoadedError: the model cannot be loaded.
    """

    def __init__(self, artifact: str, model_json: str, *, arrays: bool) -> None:
        with loading(), code_of_the_model():
            model = load_model(artifact, read_facts(model_json))
            signature, warning = _signature(model)
        self.shape = Shape(model.mode, signature.inputs, warning)
        self._serializer = model.serializer
        self._batches = BatchPredictor(model, signature, arrays=arrays)

    def answers(self, steps: Iterable[Step]) -> Iterator[Tuple[Step, Outcome]]:
        """Answer step by step, and hand each on with what came of it."""
        for step in steps:
            yield step, step.error if step.work is None else self.outcome(step.work)

    def outcome(self, work: Work) -> Outcome:
        """Answer a piece, or say why not."""
        try:
            return self._answer(work)
        except CommandError as error:
            return error
        except InputError as error:
            return InputFileError(str(error))
        except Exception as error:  # noqa: BLE001 - whatever it is, it must reach the user as an error of this piece
            return internal(error, work.name)

    def close(self, *, at_once: bool) -> None:
        """Do nothing: the model ends with this process."""

    def _answer(self, work: Work) -> Answer:
        answer = Answer(0, [], [], None)
        for batch in work.parser.parse(work.piece):
            rows = _count(batch.request)
            part, predictions = self._predicted(batch, rows, work.renderer)
            uneven = answer.uneven or (None if predictions == rows else (rows, predictions))
            answer.parts.append(part)
            answer.commas.extend(batch.commas)
            answer = answer._replace(rows=answer.rows + rows, uneven=uneven)
        return answer

    def _predicted(self, batch: Batch, rows: int, renderer: Renderer) -> Tuple[Any, int]:
        try:
            with code_of_the_model():
                document = self._batches.predict(batch)
                return renderer.render(document, self._serializer), len(document["prediction"])
        except (InputError, Interrupted):
            raise
        except ModelError as error:
            place = rows_at(batch.place.name, batch.place.first_row, rows)
            raise ModelFailedError(f"{place}: {error.message}", error.details) from error
        except BaseException as error:  # a model's KeyboardInterrupt is no signal of ours
            place = rows_at(batch.place.name, batch.place.first_row, rows)
            raise ModelFailedError(f"{place}: {describe(error)}", model_traceback(error)) from error


def rows_at(name: str, first: int, rows: int) -> str:
    """Say where rows stand in an input."""
    return f"{name}, row {first}" if rows == 1 else f"{name}, rows {first} to {first + rows - 1}"


def _count(request: Request) -> int:
    return len(request.rows if isinstance(request, MatrixRequest) else request.objects)


def _signature(model: Model) -> Tuple[Signature, Optional[str]]:
    try:
        return model.signature(), None
    except EntrypointError as error:
        return UNKNOWN, error.message  # a model can predict without describing itself
