"""The wine model behind GPPI's functions; runs on Python 3.6 and newer."""

import json
import os
from pathlib import Path

import joblib

HERE = Path(os.environ.get("MODEL_LOCATION") or Path(__file__).parent)
LOADED = {}


def init() -> str:
    """Load the model, once in each process; say that it predicts on rows."""
    LOADED["model"] = joblib.load(str(HERE / "model.joblib"))
    LOADED["features"] = json.loads((HERE / "features.json").read_text())
    return "matrix"


def predict_on_matrix(input_matrix: list, provided_columns_names: "list | None" = None) -> tuple:
    """Predict the cultivar of each row; columns may come in any order when they are named."""
    rows = input_matrix
    if provided_columns_names:
        order = [provided_columns_names.index(feature["name"]) for feature in LOADED["features"]]
        rows = [[row[place] for place in order] for row in input_matrix]
    return LOADED["model"].predict(rows).reshape(-1, 1), ["predictions"]


def info() -> tuple:
    """Describe the columns that go in and come out."""
    return LOADED["features"], [{"name": "predictions", "type": "number", "required": True, "example": 0.0}]
