"""Loading a GPPI model and predicting with it, in either of its modes."""

import importlib
import importlib.machinery
import json
import os
import sys
from types import ModuleType
from typing import Any, Callable, List, Optional, Type

from .errors import EntrypointError, PredictionError, describe, model_traceback
from .facts import ModelFacts
from .json_writer import as_list, is_container, is_number_array
from .request import MATRIX, OBJECTS, MatrixRequest, ObjectsRequest, Request
from .signature import UNKNOWN, Signature, read_signature

_PREDICTORS = {MATRIX: "predict_on_matrix", OBJECTS: "predict_on_objects"}


class Model:
    """A loaded model; safe for threads as far as the model's own functions are.

    Attributes:
        facts: its name, version and place.
        mode: ``matrix`` or ``objects``, as its ``init()`` said.
        serializer: its own JSON encoder, if it has one.
    """

    def __init__(
        self, facts: ModelFacts, module: ModuleType, mode: str, serializer: Optional[Type[json.JSONEncoder]]
    ) -> None:
        self.facts = facts
        self.mode = mode
        self.serializer = serializer
        self._module = module
        self._predict = _function(module, _PREDICTORS[mode])

    def signature(self) -> Signature:
        """Ask the model's ``info()`` (``get_info`` in older ones) for its inputs and outputs.

        Returns:
            What it says, or `UNKNOWN` where it has no such function.

        Raises:
            EntrypointError: the function raised, or returned something else than two lists of fields.
        """
        function = getattr(self._module, "info", None) or getattr(self._module, "get_info", None)
        if function is None:
            return UNKNOWN
        try:
            inputs, outputs = function()
            return read_signature(inputs, outputs)
        except (Exception, SystemExit) as error:
            message = f"{function.__name__}() does not describe the model: {describe(error)}"
            raise EntrypointError(message, model_traceback(error)) from error

    def predict(self, request: Request, *, keep_arrays: bool = False) -> Any:
        """Predict, and put the result into its document.

        Args:
            request: rows or objects, as the mode demands.
            keep_arrays: leave rows of numbers in an array of numpy, if the model returned one.

        Returns:
            ``{"prediction": rows, "columns": names}`` or ``{"prediction": objects}``, for `write_json`.

        Raises:
            PredictionError: the model raised, or returned something else than GPPI allows.
        """
        if isinstance(request, MatrixRequest):
            return self._predict_matrix(request, keep_arrays)
        return self._predict_objects(request)

    def _predict_matrix(self, request: MatrixRequest, keep_arrays: bool) -> Any:  # noqa: FBT001  # as it is named
        named = {} if request.columns is None else {"provided_columns_names": request.columns}
        result = _guarded(self._predict, request.rows, **named)
        if not isinstance(result, (tuple, list)) or len(result) != _PAIR:
            raise _unlike("predict_on_matrix", "a matrix and its column names", result)
        matrix, names = result
        rows = matrix if keep_arrays and is_number_array(matrix) else _guarded(_rows, matrix)
        return {"prediction": rows, "columns": _guarded(_names, names)}

    def _predict_objects(self, request: ObjectsRequest) -> Any:
        result = _guarded(self._predict, request.objects)
        objects = _guarded(_records, result)
        if not isinstance(objects, list):
            raise _unlike("predict_on_objects", "a list", result)
        return {"prediction": objects}


_PAIR = 2
_SCALARS = {float, int, str, bool}


def load_model(artifact: str, facts: ModelFacts) -> Model:
    """Import a model's entrypoint and run its ``init()``.

    The model's folder comes first on ``sys.path``, and ``MODEL_LOCATION`` names it. Whoever calls this has
    imported what it needs itself: the folder may hold a ``statistics.py`` of the model's own.

    Args:
        artifact: the folder of the unpacked artifact.
        facts: which folder and module of it.

    Raises:
        EntrypointError: the folder or module is missing, its import or ``init()`` failed, ``init()`` named no
            prediction mode, or the function that the mode needs is missing.
    """
    # Tracebacks name the user's own files, also where the artifact is a link to them.
    folder = os.path.realpath(os.path.join(artifact, facts.work_dir))
    if not os.path.isdir(folder):
        raise EntrypointError(f"the model's folder {folder} does not exist")
    os.environ["MODEL_LOCATION"] = folder
    sys.path.insert(0, folder)
    module = _import(facts.entrypoint, folder)
    mode = _mode(module)
    return Model(facts, module, mode, _serializer(module))


def _import(entrypoint: str, folder: str) -> ModuleType:
    top = entrypoint.partition(".")[0]
    if importlib.machinery.PathFinder.find_spec(top, [folder]) is None:
        raise EntrypointError(f"there is no module {top} in {folder}")
    if top in sys.modules:
        raise EntrypointError(f"the name of the entrypoint module {top} is taken: rename it")
    try:
        return importlib.import_module(entrypoint)
    except (Exception, SystemExit) as error:
        message = f"importing the entrypoint {entrypoint} failed: {describe(error)}"
        raise EntrypointError(message + _import_hint(error), model_traceback(error)) from error


def _import_hint(error: BaseException) -> str:
    if not isinstance(error, ImportError):
        return ""
    return ". A package that the model imports must stand in its conda.yaml"


def _mode(module: ModuleType) -> str:
    init = _function(module, "init")
    try:
        mode = init()
    except (Exception, SystemExit) as error:
        raise EntrypointError(f"init() failed: {describe(error)}", model_traceback(error)) from error
    for known in _PREDICTORS:
        if mode == known:
            return known
    raise EntrypointError(f'init() returned {mode!r}, expected "matrix" or "objects"')


def _function(module: ModuleType, name: str) -> Callable[..., Any]:
    function = getattr(module, name, None)
    if not callable(function):
        raise EntrypointError(f"the entrypoint {module.__name__} has no function {name}()")
    return function  # type: ignore[no-any-return] # callable() proves no more than Any


def _serializer(module: ModuleType) -> Optional[Type[json.JSONEncoder]]:
    function = getattr(module, "get_output_json_serializer", None)
    if function is None:
        return None
    try:
        serializer = function()
    except (Exception, SystemExit) as error:
        message = f"get_output_json_serializer() failed: {describe(error)}"
        raise EntrypointError(message, model_traceback(error)) from error
    if serializer is None or (isinstance(serializer, type) and issubclass(serializer, json.JSONEncoder)):
        return serializer
    raise EntrypointError("get_output_json_serializer() returned no subclass of json.JSONEncoder")


def _guarded(function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    """Call what runs the model's code; SystemExit too must end neither a worker nor a command."""
    try:
        return function(*arguments, **named)
    except PredictionError:
        raise
    except (Exception, SystemExit) as error:
        raise PredictionError(describe(error), model_traceback(error)) from error


def _rows(matrix: Any) -> List[Any]:
    rows = as_list(matrix)
    if not isinstance(rows, list):
        raise _unlike("predict_on_matrix", "a matrix", matrix)
    # A result of one dimension is a column: GPPI's documents hold rows.
    kinds = set(map(type, rows))
    if kinds == {list}:
        return rows
    if kinds <= _SCALARS:
        return [[cell] for cell in rows]
    return [row if isinstance(row, (list, tuple)) else _row(row) for row in rows]


def _row(row: Any) -> List[Any]:
    return list(as_list(row)) if is_container(row) else [row]


def _names(names: Any) -> List[str]:
    if names is None:
        return []
    if isinstance(names, str):
        return [names]
    listed = as_list(names)
    return [str(name) for name in (listed if isinstance(listed, list) else list(names))]


def _records(result: Any) -> Any:
    if hasattr(result, "itertuples"):
        names = _names(result.columns)
        return [dict(zip(names, row)) for row in as_list(result)]
    return as_list(result)


def _unlike(function: str, expected: str, result: Any) -> PredictionError:
    return PredictionError(f"{function}() returned {type(result).__name__}, expected {expected}")
