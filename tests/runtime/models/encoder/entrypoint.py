"""Returns values that only its own encoder knows."""

import decimal
import json


class Encoder(json.JSONEncoder):
    def default(self, value):
        if isinstance(value, decimal.Decimal):
            return str(value)
        return super().default(value)


def init():
    return "matrix"


def predict_on_matrix(input_matrix, provided_columns_names=None):
    return [[decimal.Decimal("0.10"), float("nan")] for _ in input_matrix], ("price", "rest")


def get_output_json_serializer():
    return Encoder


def info():
    raise RuntimeError("no samples at hand")
