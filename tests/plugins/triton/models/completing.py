"""A model that says itself what its inputs and outputs are; it halves."""

import triton_python_backend_utils as pb_utils


class TritonPythonModel:
    @staticmethod
    def auto_complete_config(auto_complete_model_config):
        auto_complete_model_config.set_max_batch_size(0)
        auto_complete_model_config.add_input({"name": "WHOLE", "data_type": "TYPE_FP32", "dims": [-1]})
        auto_complete_model_config.add_output({"name": "HALF", "data_type": "TYPE_FP32", "dims": [-1]})
        return auto_complete_model_config

    def execute(self, requests):
        return [pb_utils.InferenceResponse([self.half(request)]) for request in requests]

    def half(self, request):
        whole = pb_utils.get_input_tensor_by_name(request, "WHOLE").as_numpy()
        return pb_utils.Tensor("HALF", whole / 2)
