"""CSV to CSV with the standard library."""

import csv
import os
import sys
from itertools import islice

folder, source, target = sys.argv[1:]
os.environ["MODEL_LOCATION"] = folder
sys.path.insert(0, folder)

import entrypoint  # noqa: E402  # it stands in the model's folder

entrypoint.init()
with open(source, newline="") as file, open(target, "w", newline="") as result:  # noqa: PTH123  # plain words
    reader, writer = csv.reader(file), csv.writer(result, lineterminator="\n")
    names = next(reader)
    header = False
    while rows := [[float(cell) for cell in row] for row in islice(reader, 10_000)]:
        predictions, columns = entrypoint.predict_on_matrix(rows, names)
        if not header:
            header = True
            writer.writerow(columns)
        writer.writerows(predictions.tolist())
