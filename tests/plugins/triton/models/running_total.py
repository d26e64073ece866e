"""Each request of a sequence is answered with the sum of what the sequence has brought so far."""

import triton_python_backend_utils as pb_utils


class TritonPythonModel:
    def __init__(self):
        self.totals = {}

    def execute(self, requests):
        return [pb_utils.InferenceResponse([self.add(request)]) for request in requests]

    def add(self, request):
        value = pb_utils.get_input_tensor_by_name(request, "VALUE").as_numpy()
        started = pb_utils.get_input_tensor_by_name(request, "START").as_numpy().item()
        sequence = request.correlation_id()
        self.totals[sequence] = value + (0 if started else self.totals[sequence])
        return pb_utils.Tensor("TOTAL", self.totals[sequence])
