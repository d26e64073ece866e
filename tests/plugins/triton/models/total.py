"""The only output is the sum of all inputs that a request brings."""

import json

import triton_python_backend_utils as pb_utils


class TritonPythonModel:
    def initialize(self, args):
        config = json.loads(args["model_config"])
        self.inputs = [each["name"] for each in config["input"]]
        self.output = config["output"][0]["name"]

    def execute(self, requests):
        return [pb_utils.InferenceResponse([self.total(request)]) for request in requests]

    def total(self, request):
        tensors = [pb_utils.get_input_tensor_by_name(request, name) for name in self.inputs]
        return pb_utils.Tensor(self.output, sum(each.as_numpy() for each in tensors if each is not None))
