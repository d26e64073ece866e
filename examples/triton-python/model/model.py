"""A wine's quality from its measurements, as a model for Triton's Python backend."""

import json
from pathlib import Path

import attr
import numpy as np
import triton_python_backend_utils as pb_utils


@attr.s(frozen=True)
class Regression:
    """Coefficients that were learned elsewhere."""

    weights = attr.ib(converter=lambda values: np.asarray(values, dtype=np.float32))
    intercept = attr.ib(converter=float)

    def predict(self, features: np.ndarray) -> np.ndarray:
        """Return a quality for each row of features."""
        return features @ self.weights + np.float32(self.intercept)


class TritonPythonModel:
    """What Triton calls."""

    def initialize(self, args: dict) -> None:  # noqa: ARG002  # Triton passes it
        """Load the coefficients that lie beside this file."""
        learned = json.loads(Path(__file__).with_name("data.json").read_text())
        self.regression = Regression(**learned)

    def execute(self, requests: list) -> list:
        """Answer each request with one row of output for each row of input."""
        return [self._answer(request) for request in requests]

    def _answer(self, request: "pb_utils.InferenceRequest") -> "pb_utils.InferenceResponse":
        features = pb_utils.get_input_tensor_by_name(request, "FEATURES").as_numpy()
        quality = self.regression.predict(features).astype(np.float32).reshape(-1, 1)
        return pb_utils.InferenceResponse(output_tensors=[pb_utils.Tensor("QUALITY", quality)])
