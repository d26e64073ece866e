"""Runs a packaged GPPI model without Triton, for releases that cannot be had here: ``driver.py MODEL_PY``.

It loads ``model.py`` as the first releases of the Python backend do, and answers lines of JSON.
"""

import importlib.util
import json
import sys
import types

import numpy as np


class Tensor:
    """As the Python backend had it when it was Python still."""

    def __init__(self, name, array):
        self._name, self._array = name, array

    def name(self):
        return self._name

    def as_numpy(self):
        return self._array


class Request:
    """What Triton hands over of one request."""

    def __init__(self, inputs, outputs):
        self._inputs, self._outputs = inputs, outputs

    def inputs(self):
        return self._inputs

    def requested_output_names(self):
        return self._outputs


class Response:
    """What the model makes of it."""

    def __init__(self, output_tensors, error=None):
        self.tensors, self.error = output_tensors, error


class TritonError(Exception):
    """The oldest ones have no codes."""

    def __init__(self, message):
        super().__init__(message)
        self.message = message


class Config:
    """Collects what ``auto_complete_config`` adds; like the first of its kind it knows no optional inputs."""

    def __init__(self, written):
        self.written = written

    def as_dict(self):
        return self.written

    def add_input(self, tensor):
        if "optional" in tensor:
            raise ValueError("property other than name, data_type and dims")
        self.written["input"].append(tensor)

    def add_output(self, tensor):
        self.written["output"].append(tensor)


def main():
    """Load the model, and obey each line of standard input."""
    utils = types.ModuleType("triton_python_backend_utils")
    utils.Tensor, utils.InferenceResponse, utils.TritonError = Tensor, Response, TritonError
    sys.modules[utils.__name__] = utils
    spec = importlib.util.spec_from_file_location("TritonPythonModel", sys.argv[1])
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    model = module.TritonPythonModel()
    for line in sys.stdin:
        command, argument = json.loads(line)
        print(json.dumps(_COMMANDS[command](model, argument)), flush=True)  # noqa: T201


def _complete(model, config):
    return model.auto_complete_config(Config(config)).as_dict()


def _initialize(model, config):
    model.initialize({"model_config": json.dumps(config)})


def _execute(model, requests):
    responses = model.execute([_request(**request) for request in requests])
    return [_told(response) for response in responses]


def _request(inputs, outputs):
    return Request([_tensor(*each) for each in inputs], outputs)


def _tensor(name, dtype, rows):
    if dtype == "text":  # which the oldest releases hand over as arrays of bytes
        return Tensor(name, np.array([[cell.encode() for cell in row] for row in rows]))
    return Tensor(name, np.array(rows, dtype))


def _told(response):
    if response.error is not None:
        return {"error": response.error.message}
    arrays = {each.name(): each.as_numpy() for each in response.tensors}
    return {name: [str(array.dtype), _cells(array.tolist())] for name, array in arrays.items()}


def _cells(rows):
    return [[None if cell != cell else cell for cell in row] for row in rows]  # noqa: PLR0124  # NaN


_COMMANDS = {"complete": _complete, "initialize": _initialize, "execute": _execute}

if __name__ == "__main__":
    main()
