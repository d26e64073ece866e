def init():
    return "matrix"
