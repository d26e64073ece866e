"""Predicts on objects: the sentiment of a text by its punctuation."""


def init():
    return "objects"


def predict_on_objects(objects):
    return [
        {"mood": "glad" if "!" in text["text"] else "calm", "weight": text.get("weight")} for text in objects
    ]


def info():
    return (
        [
            {"name": "text", "type": "string", "required": True, "example": "hi!"},
            {"name": "weight", "type": "number", "required": False, "example": 1},
        ],
        [{"name": "mood", "type": "string", "required": True, "example": "glad"}],
    )
