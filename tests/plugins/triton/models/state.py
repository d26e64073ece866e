"""A model whose sum is kept by Triton from one request of a sequence to the next."""

import triton_python_backend_utils as pb_utils


class TritonPythonModel:
    def execute(self, requests):
        return [pb_utils.InferenceResponse(self.add(request)) for request in requests]

    def add(self, request):
        value = pb_utils.get_input_tensor_by_name(request, "VALUE").as_numpy()
        total = value + pb_utils.get_input_tensor_by_name(request, "TOTAL_BEFORE").as_numpy()
        return [pb_utils.Tensor("TOTAL", total), pb_utils.Tensor("TOTAL_AFTER", total)]
