"""Objects in, objects out; without ``info()``."""


def init():
    return "objects"


def predict_on_objects(objects):
    return [{"greeting": "hello " + each["name"], "of": len(objects)} for each in objects]
