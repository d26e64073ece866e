"""What a run has to do: which inputs it takes, in which formats, and where their results go."""

import argparse
import os
from typing import Callable, Dict, List, Mapping, NamedTuple, Optional

from .faults import OutputError, UsageError
from .formats import INPUT_FORMATS, OUTPUT_FORMATS, InputFormat, OutputFormat, by_suffix
from .inputs import STANDARD_STREAM, Input, Search, find_inputs, real_folder
from .results import check_name
from .shards import choose_shard

_DEFAULT_FORMAT = "json"


class Task(NamedTuple):
    """One input and its result.

    Args:
        path: the input as the user wrote it, ``-`` for standard input.
        result: the path of the result, ``-`` for standard output.
        reads: the input's format.
        writes: the result's format.
    """

    path: str
    result: str
    reads: InputFormat
    writes: OutputFormat


class Tasks(NamedTuple):
    """The tasks of a run.

    Args:
        tasks: those that this run takes, in their order.
        single: whether the call names one input by its own name.
    """

    tasks: List[Task]
    single: bool


def find_tasks(options: argparse.Namespace, environ: Mapping[str, str]) -> Tasks:
    """Find out what a call asks for; nothing is read or written yet.

    Args:
        options: the parsed command line.
        environ: environment variables, for the shard.

    Raises:
        CommandError: an input is not there, results would have one name, or replace an input.
    """
    search = Search(options.recursive, _taken(options.format), options.output_dir)
    inputs = find_inputs(options.inputs, search)
    single = len(inputs) == 1 and inputs[0].name is None
    _check_options(options, single=single)
    tasks = [_task(each, options) for each in inputs]
    _check_collisions(tasks)
    # One input that is given by its own name may differ from run to run: a Job's index then is its caller's.
    shard = choose_shard(options.shard, {} if single and options.shard is None else environ)
    return Tasks(shard.of(tasks), single)


def is_finished(task: Task) -> bool:
    """Tell whether the result of a task is there, and not older than its input."""
    try:
        return os.stat(task.result).st_mtime >= os.stat(task.path).st_mtime
    except OSError:
        return False


def _taken(name: Optional[str]) -> Callable[[str], bool]:
    def taken(path: str) -> bool:
        format_ = by_suffix(path)
        return format_ is not None and name in (None, format_.name)

    return taken


def _check_options(options: argparse.Namespace, *, single: bool) -> None:
    if options.output_file_name is not None:
        check_name(options.output_file_name)
        if not single:
            raise UsageError(
                "--output-file-name is for one file: results of several have their inputs' names"
            )
        if options.output_dir == STANDARD_STREAM:
            raise UsageError("--output-file-name has no meaning where the result goes to standard output")
    if options.output_dir == STANDARD_STREAM and not single:
        raise UsageError("only the result of one file can go to standard output: give a folder as OUTPUT_DIR")


def _task(given: Input, options: argparse.Namespace) -> Task:
    known = by_suffix(given.path)
    reads = INPUT_FORMATS[options.format] if options.format else known or INPUT_FORMATS[_DEFAULT_FORMAT]
    writes = _written(options, reads)
    if options.output_dir == STANDARD_STREAM:
        return Task(given.path, STANDARD_STREAM, reads, writes)
    if given.name is None:
        name = options.output_file_name or "result" + writes.suffix
    else:
        name = _renamed(given.name, known, writes)
    return Task(given.path, os.path.join(options.output_dir, name), reads, writes)


def _written(options: argparse.Namespace, reads: InputFormat) -> OutputFormat:
    told = by_suffix(options.output_file_name or "")
    return OUTPUT_FORMATS[options.output_format or (told or reads).name]


def _renamed(name: str, known: Optional[InputFormat], writes: OutputFormat) -> str:
    if known is None:
        return name + writes.suffix
    return name if known.name == writes.name else os.path.splitext(name)[0] + writes.suffix


def _check_collisions(tasks: List[Task]) -> None:
    sources: Dict[str, str] = {}
    for task in tasks:
        if task.result in sources:
            both = f"{sources[task.result]} and {task.path}"
            raise UsageError(f"the results of {both} would both be {task.result}")
        sources[task.result] = task.path
        if os.path.isdir(task.result):
            raise OutputError(f"{task.result} is a folder")
    inputs = {entry for task in tasks if task.path != STANDARD_STREAM for entry in _entries(task.path)}
    for task in tasks:
        if task.result != STANDARD_STREAM and _entry(task.result) in inputs:
            mend = "OUTPUT_DIR" if len(tasks) > 1 else "--output-file-name"
            raise UsageError(f"{task.result} is an input, choose another {mend}")


def _entries(path: str) -> List[str]:
    """Name the entries of folders that must stay what they are: the file, and what it is a link to."""
    return [_entry(path), os.path.realpath(path)] if os.path.islink(path) else [_entry(path)]


def _entry(path: str) -> str:
    return os.path.join(real_folder(os.path.dirname(path)), os.path.basename(path))
