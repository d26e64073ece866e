"""CSV to CSV with pandas."""

import csv
import os
import sys

import pandas as pd

folder, source, target = sys.argv[1:]
os.environ["MODEL_LOCATION"] = folder
sys.path.insert(0, folder)

import entrypoint  # noqa: E402  # it stands in the model's folder

entrypoint.init()
with open(target, "w", newline="") as result:  # noqa: PTH123  # plain words
    writer = csv.writer(result, lineterminator="\n")  # twice as fast as DataFrame.to_csv
    header = False
    for chunk in pd.read_csv(source, chunksize=10_000):
        predictions, columns = entrypoint.predict_on_matrix(chunk.to_numpy(), list(chunk.columns))
        if not header:
            header = True
            writer.writerow(columns)
        writer.writerows(predictions.tolist())
