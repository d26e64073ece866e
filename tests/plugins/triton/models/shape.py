"""The only output is the shape that the model sees of its first input."""

import json

import numpy as np
import triton_python_backend_utils as pb_utils


class TritonPythonModel:
    def initialize(self, args):
        config = json.loads(args["model_config"])
        self.input, self.output = config["input"][0]["name"], config["output"][0]["name"]
        self.batched = config["max_batch_size"] > 0

    def execute(self, requests):
        return [pb_utils.InferenceResponse([self.shape(request)]) for request in requests]

    def shape(self, request):
        shape = np.array(pb_utils.get_input_tensor_by_name(request, self.input).as_numpy().shape, np.int64)
        return pb_utils.Tensor(self.output, shape[None, :].repeat(shape[0], 0) if self.batched else shape)
