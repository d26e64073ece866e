"""Predicts what the documentation of the packagers shows; its columns all have one name."""

import json
import os


def init():
    global _ANSWERS
    with open(os.path.join(os.environ["MODEL_LOCATION"], "answers.json")) as file:
        _ANSWERS = {tuple(row): answer for row, answer in json.load(file)}
    return "matrix"


def predict_on_matrix(input_matrix, provided_columns_names=None):
    return [[_ANSWERS[tuple(row)]] for row in input_matrix], ["predictions"]


def info():
    feature = {"name": "features", "type": "number", "required": True, "example": 0}
    prediction = {"name": "predictions", "type": "number", "required": True, "example": 0}
    return [feature, feature, feature], [prediction]
