"""The output has of each row of the input its first number, without a dimension of its own."""

import triton_python_backend_utils as pb_utils


class TritonPythonModel:
    def execute(self, requests):
        return [pb_utils.InferenceResponse([self.first(request)]) for request in requests]

    def first(self, request):
        return pb_utils.Tensor("FIRST", pb_utils.get_input_tensor_by_name(request, "X").as_numpy()[:, 0])
