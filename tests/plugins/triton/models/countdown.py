"""A decoupled model: as many answers as the request's number says, counting down."""

import numpy as np
import triton_python_backend_utils as pb_utils


class TritonPythonModel:
    def execute(self, requests):
        for request in requests:
            sender = request.get_response_sender()
            start = int(pb_utils.get_input_tensor_by_name(request, "FROM").as_numpy().flatten()[0])
            for number in range(start, 0, -1):
                value = np.array([number], np.int32)
                sender.send(pb_utils.InferenceResponse([pb_utils.Tensor("NUMBER", value)]))
            sender.send(flags=pb_utils.TRITONSERVER_RESPONSE_COMPLETE_FINAL)
