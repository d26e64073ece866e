"""The model of batches behind GPPI's functions: fast, so that reading and writing are what is measured."""

import os
from typing import Any

import joblib
import numpy as np

LOADED: dict[str, Any] = {}


def init() -> str:
    """Load the model; say that it predicts on rows."""
    LOADED.update(joblib.load(os.path.join(os.environ["MODEL_LOCATION"], "model.joblib")))  # noqa: PTH118  # as people write models
    return "matrix"


def predict_on_matrix(
    input_matrix: list[list[float]], provided_columns_names: list[str] | None = None
) -> tuple[Any, list[str]]:
    """Predict on each row; columns may come in any order when they are named."""
    rows = np.asarray(input_matrix, dtype=float)
    if provided_columns_names and list(provided_columns_names) != LOADED["names"]:
        names = list(provided_columns_names)
        rows = rows[:, [names.index(name) for name in LOADED["names"]]]
    return LOADED["model"].predict(rows).reshape(-1, 1), ["prediction"]


def info() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Describe the columns that go in and come out."""
    inputs = [{"name": name, "type": "number", "required": True, "example": 0.5} for name in LOADED["names"]]
    return inputs, [{"name": "prediction", "type": "number", "required": True, "example": 0.5}]
