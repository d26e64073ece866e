"""Returns the same numbers in the shape that its first cell names."""

import math

import numpy as np

_NAMES = ["a", "b", "c"]


def init():
    return "matrix"


def predict_on_matrix(input_matrix, provided_columns_names=None):
    return _SHAPES[input_matrix[0][0]]()


def info():
    return [{"name": "shape", "type": "string", "required": True, "example": "lists"}], []


def _frame():
    import pandas as pd  # noqa: PLC0415  # not every environment has it

    frame = pd.DataFrame({"a": [1, 2], "b": [0.5, None], "c": [math.inf, 1.5]}, index=["x", "y"])
    return frame, frame.columns


_SHAPES = {
    "lists": lambda: ([[1, 0.5, math.inf], [2, math.nan, 1.5]], _NAMES),
    "tuples": lambda: (((1, 0.5, -math.inf), (2, None, 1.5)), tuple(_NAMES)),
    "pair in a list": lambda: [[(1, 0.5, None), [2, None, 1.5]], _NAMES],
    "rows of arrays": lambda: ([np.array([1, 0.5, np.inf]), np.array([2, np.nan, 1.5])], np.array(_NAMES)),
    "array": lambda: (np.array([[1, 0.5, np.inf], [2, np.nan, 1.5]]), np.array(_NAMES)),
    "single precision": lambda: (np.array([[1, 0.5, -np.inf], [2, np.nan, 1.5]], "float32"), _NAMES),
    "objects of numpy": lambda: (np.array([[1, 0.5, np.nan], [2, None, 1.5]], object), _NAMES),
    "frame": _frame,
    "vector": lambda: (np.array([1.5, np.nan]), "a"),
    "no names": lambda: ([[1]], None),
}
