"""Reorders columns by name and returns a pandas frame."""

import pandas as pd


def init():
    return "matrix"


def predict_on_matrix(input_matrix, provided_columns_names=None):
    frame = pd.DataFrame(input_matrix, columns=provided_columns_names or ["name", "day"])
    frame = frame.reindex(columns=["name", "day"])
    frame["day"] = pd.to_datetime(frame["day"])
    frame["count"] = range(len(frame))
    return frame, frame.columns


def info():
    columns = [{"name": name, "type": "string", "required": True, "example": ""} for name in ("name", "day")]
    return columns, columns
