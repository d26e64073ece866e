"""The command ``predict``: from what the command line says to a run, and a summary of it."""

import argparse
import contextlib
import io
import os
from typing import BinaryIO, Callable, Dict, List, Union

from gppi_runtime import MATRIX

from .console import Console
from .crew import Crew
from .faults import UsageError
from .formats import FormatError, ReadOptions
from .inputs import STANDARD_STREAM
from .interpreter import take_stdin
from .predictor import Predictor
from .results import ResultFile, StandardOutput, check_folder, sweep
from .run import Run
from .tasks import Task, Tasks, find_tasks, is_finished

# Where __main__.py is, for the worker processes.
_PROGRAM = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def predict_files(options: argparse.Namespace, console: Console, out: BinaryIO) -> int:
    """Predict on all inputs that a call names; a fault of one keeps no other from its result.

    Args:
        options: the parsed command line.
        console: where to say what goes wrong.
        out: standard output, for the summary or the result.

    Returns:
        The exit code: 1 where the model failed on an input, else 2 where an input was wrong, else 0.

    Raises:
        CommandError: nothing can be predicted, or no result be written.
        BrokenPipeError: nobody reads standard output any more.
    """
    found = find_tasks(options, os.environ)
    tasks = [task for task in found.tasks if not (options.skip_finished and is_finished(task))]
    _check_writers(tasks)
    if options.output_dir != STANDARD_STREAM:
        check_folder(options.output_dir)
        _sweep(tasks)
    start = _working_folder()
    open_input = _opener(start, options)
    if not tasks:
        _say(out, _nothing_to_do(found, options.output_dir))
        return 0
    hands = _hands(options)
    at_once = True
    try:
        run = Run(hands, _reading(options, hands), console, open_input, _placer(start, out))
        if hands.shape.warning:
            console.warn(hands.shape.warning)
        run.go(tasks)
        at_once = False
    finally:
        hands.close(at_once=at_once)
    if run.failed and not found.single:
        console.complain(f"{run.failed} of {len(tasks)} inputs failed")
    _say(out, _summary(run.done, found, len(tasks), options.output_dir))
    return run.exit_code


def _check_writers(tasks: List[Task]) -> None:
    for task in {task.writes.name: task for task in reversed(tasks)}.values():
        try:
            task.writes.open(io.BytesIO(), MATRIX)
        except FormatError as error:
            raise UsageError(f"{task.path} as {task.writes.name}: {error}") from error


def _sweep(tasks: List[Task]) -> None:
    folders: Dict[str, List[str]] = {}
    for task in tasks:
        folders.setdefault(os.path.dirname(task.result), []).append(task.result)
    for folder, results in folders.items():
        sweep(folder or os.curdir, results)


def _working_folder() -> str:
    try:
        return os.getcwd()
    except OSError:  # removed meanwhile, which absolute paths do not mind
        return ""


def _opener(start: str, options: argparse.Namespace) -> Callable[[str], BinaryIO]:
    if options.inputs == [STANDARD_STREAM]:
        stdin = take_stdin()
        return lambda _: stdin
    return lambda path: open(os.path.join(start, path), "rb")


def _placer(start: str, out: BinaryIO) -> Callable[[Task], Union[ResultFile, StandardOutput]]:
    return lambda task: (
        StandardOutput(out) if task.result == STANDARD_STREAM else ResultFile(task.result, start)
    )


def _hands(options: argparse.Namespace) -> Union[Predictor, Crew]:
    model, arrays = (options.artifact, options.model_json), not options.lists
    if options.workers == 1:
        return Predictor(*model, arrays=arrays)
    return Crew(options.workers, *model, arrays=arrays, program=_PROGRAM)


def _reading(options: argparse.Namespace, hands: Union[Predictor, Crew]) -> ReadOptions:
    return ReadOptions(
        mode=hands.shape.mode,
        fields=hands.shape.inputs,
        chunk_rows=options.chunk_rows,
        header=options.header,
        delimiter=options.delimiter,
        arrays=not options.lists,
    )


def _nothing_to_do(found: Tasks, output_dir: str) -> str:
    if not found.tasks:
        return "Nothing to do: this shard has no input."
    if found.single:
        return f"Nothing to do: {found.tasks[0].result} is finished."
    return f"Nothing to do: all {len(found.tasks)} result files are in {output_dir}."


def _summary(done: int, found: Tasks, tried: int, output_dir: str) -> str:
    if output_dir == STANDARD_STREAM or not done:
        return ""
    if found.single:
        return f"Prediction is successful. Result file: {found.tasks[0].result}"
    before = len(found.tasks) - tried
    told = f" ({before} more were there before)" if before else ""
    if done < tried:
        return f"{done} of {tried} result files are in {output_dir}{told}"
    return f"Prediction is successful. {done} result files are in {output_dir}{told}"


def _say(out: BinaryIO, text: str) -> None:
    if text:
        # The results are there, whether or not anybody hears of it.
        with contextlib.suppress(OSError):
            os.write(out.fileno(), text.encode("utf-8", "surrogateescape") + b"\n")
