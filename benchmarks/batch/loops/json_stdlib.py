"""The JSON document to a JSON document with the standard library, which reads it whole."""

import json
import os
import sys

folder, source, target = sys.argv[1:]
os.environ["MODEL_LOCATION"] = folder
sys.path.insert(0, folder)

import entrypoint  # noqa: E402  # it stands in the model's folder

entrypoint.init()
with open(source, encoding="utf-8") as file:  # noqa: PTH123  # plain words
    document = json.load(file)
predictions, columns = entrypoint.predict_on_matrix(document["data"], document["columns"])
with open(target, "w", encoding="utf-8") as result:  # noqa: PTH123  # plain words
    # json.dump writes piece by piece, which takes several times as long.
    result.write(json.dumps({"prediction": predictions.tolist(), "columns": columns}) + "\n")
