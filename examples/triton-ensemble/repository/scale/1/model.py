"""Measurements scaled to what the model of grades was trained on."""

import attr
import numpy as np
import triton_python_backend_utils as pb_utils


@attr.s(frozen=True)
class Scaler:
    """Means and spreads of the measurements."""

    means = attr.ib(converter=lambda values: np.asarray(values, dtype=np.float32))
    spreads = attr.ib(converter=lambda values: np.asarray(values, dtype=np.float32))

    def scaled(self, measured: np.ndarray) -> np.ndarray:
        """Return rows of measurements in units of their spread."""
        return (measured - self.means) / self.spreads


class TritonPythonModel:
    """What Triton calls."""

    def initialize(self, args: dict) -> None:  # noqa: ARG002  # Triton passes it
        """Make the scaler."""
        self.scaler = Scaler(means=[1, 2, 4], spreads=[0.5, 2, 4])

    def execute(self, requests: list) -> list:
        """Answer each request with as many rows as it has."""
        return [self._answer(request) for request in requests]

    def _answer(self, request: "pb_utils.InferenceRequest") -> "pb_utils.InferenceResponse":
        measured = pb_utils.get_input_tensor_by_name(request, "MEASURED").as_numpy()
        scaled = self.scaler.scaled(measured).astype(np.float32)
        return pb_utils.InferenceResponse(output_tensors=[pb_utils.Tensor("SCALED", scaled)])
