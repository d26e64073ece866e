"""A run over its tasks: what is read goes to the model, answers go to the results, faults to the user."""

import os
import stat
from typing import BinaryIO, Callable, Iterator, List, Optional, Tuple, Union

from .assembly import Assembly
from .console import Console, Pace
from .crew import Crew
from .faults import CommandError, InputFileError, explain, internal
from .formats import InputError, ReadOptions
from .predictor import Outcome, Predictor, Step, Work
from .results import ResultFile, StandardOutput
from .signals import end_if_heard, ignore_signals
from .tasks import Task


class Run:
    """The state of a run.

    Args:
        hands: the model in this process, or in several.
        reading: how inputs are read.
        console: where faults and progress are told.
        open_input: opens an input by its path.
        place_result: tells where the result of a task goes.

    Attributes:
        done: how many tasks have their results.
        failed: how many have not.
        exit_code: 1 where the model failed, else 2 where an input was wrong, else 0.
    """

    def __init__(
        self,
        hands: Union[Predictor, Crew],
        reading: ReadOptions,
        console: Console,
        open_input: Callable[[str], BinaryIO],
        place_result: Callable[[Task], Union[ResultFile, StandardOutput]],
    ) -> None:
        self.done = 0
        self.failed = 0
        self.exit_code = 0
        self._hands = hands
        self._reading = reading
        self._console = console
        self._open_input = open_input
        self._place_result = place_result
        self._pace = Pace(0)
        self._assembly: Optional[Assembly] = None
        self._given_up: Optional[Task] = None

    def go(self, tasks: List[Task]) -> None:
        """Predict on every input.

        Raises:
            CommandError: a fault that leaves no sense in going on.
            BrokenPipeError: nobody reads standard output any more.
        """
        self._pace = Pace(len(tasks))
        try:
            for step, outcome in self._hands.answers(self._steps(tasks)):
                end_if_heard()  # the model may have caught it
                if step.task is not self._given_up:
                    self._advance(step, outcome)
        except BaseException:
            ignore_signals()  # what is unfinished is cleared away
            raise
        finally:
            if self._assembly is not None:
                self._assembly.discard()
            self._console.clear()

    def _steps(self, tasks: List[Task]) -> Iterator[Step]:
        for task in tasks:
            try:
                yield from self._pieces(task)
            except InputError as error:
                yield Step(task, error=InputFileError(str(error)))
            except OSError as error:
                yield Step(task, error=InputFileError(explain("cannot read", task.path, error)))
            except Exception as error:  # noqa: BLE001 - the other inputs are to have their results
                yield Step(task, error=internal(error, task.path))

    def _pieces(self, task: Task) -> Iterator[Step]:
        with self._open_input(task.path) as file:
            before = _version(file)
            source = task.reads.open(file, task.path, self._reading)
            for piece in source.pieces():
                yield Step(task, Work(task.path, source.parser, task.writes.renderer, piece))
                if task is self._given_up:
                    return
            if _version(file) != before:
                raise InputError(f"{task.path}: was changed while it was read")
            yield Step(task, commas=source.commas)

    def _advance(self, step: Step, outcome: Outcome) -> None:
        if self._assembly is None:
            self._assembly = Assembly(step.task, self._place_result(step.task), self._hands.shape.mode)
        try:
            self._take(self._assembly, step, outcome)
        except CommandError as error:
            if error.ends_run:
                raise
            self._give_up(self._assembly, error)

    def _take(self, assembly: Assembly, step: Step, outcome: Outcome) -> None:
        if isinstance(outcome, CommandError):
            raise outcome
        if outcome is None:
            assembly.overlook(step.commas)
            self._finish(assembly)
            return
        assembly.add(outcome)
        self._pace.rows += outcome.rows
        self._console.show(lambda: self._pace.line(step.task.path, self.done + self.failed))

    def _finish(self, assembly: Assembly) -> None:
        assembly.finish()
        self._assembly = None
        self.done += 1
        warning = assembly.warning()
        if warning is not None:
            self._console.warn(warning)

    def _give_up(self, assembly: Assembly, error: CommandError) -> None:
        assembly.discard()
        self._assembly, self._given_up = None, assembly.task
        self.failed += 1
        self.exit_code = min(self.exit_code or error.exit_code, error.exit_code)
        self._console.complain(error.message, error.details)


def _version(file: BinaryIO) -> Optional[Tuple[int, int]]:
    """Tell versions of a file apart; streams have none."""
    facts = os.fstat(file.fileno())
    return (facts.st_size, facts.st_mtime_ns) if stat.S_ISREG(facts.st_mode) else None
