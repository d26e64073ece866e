"""A model that asks another one, named by its parameter ``ASKS``, and adds one to each of its numbers."""

import json

import triton_python_backend_utils as pb_utils


class TritonPythonModel:
    def initialize(self, args):
        self.other = json.loads(args["model_config"])["parameters"]["ASKS"]["string_value"]

    def execute(self, requests):
        return [pb_utils.InferenceResponse([self.asked(request)]) for request in requests]

    def asked(self, request):
        given = [pb_utils.get_input_tensor_by_name(request, "X")]
        call = pb_utils.InferenceRequest(model_name=self.other, requested_output_names=["Y"], inputs=given)
        answer = call.exec()
        if answer.has_error():
            raise pb_utils.TritonModelException(answer.error().message())
        return pb_utils.Tensor("Y", pb_utils.get_output_tensor_by_name(answer, "Y").as_numpy() + 1)
