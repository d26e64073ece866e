"""JSON Lines to JSON Lines with the standard library."""

import json
import os
import sys
from itertools import islice

folder, source, target = sys.argv[1:]
os.environ["MODEL_LOCATION"] = folder
sys.path.insert(0, folder)

import entrypoint  # noqa: E402  # it stands in the model's folder

entrypoint.init()
names = entrypoint.LOADED["names"]
with open(source, encoding="utf-8") as file, open(target, "w", encoding="utf-8") as result:  # noqa: PTH123  # plain words
    while rows := [[cells[name] for name in names] for cells in map(json.loads, islice(file, 10_000))]:
        predictions, (column,) = entrypoint.predict_on_matrix(rows, names)
        result.writelines(json.dumps({column: value}) + "\n" for value in predictions[:, 0].tolist())
