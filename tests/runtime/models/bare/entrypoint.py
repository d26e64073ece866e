"""The least that GPPI asks for; tells which names it was given."""


def init():
    return "matrix"


def predict_on_matrix(input_matrix, provided_columns_names=None):
    return [[len(row), provided_columns_names] for row in input_matrix], ["width", "names"]
