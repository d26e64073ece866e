"""CSV to CSV with pyarrow."""

import os
import sys

import numpy as np
import pyarrow as pa
import pyarrow.csv

folder, source, target = sys.argv[1:]
os.environ["MODEL_LOCATION"] = folder
sys.path.insert(0, folder)

import entrypoint  # noqa: E402  # it stands in the model's folder

entrypoint.init()
writer = None
with pa.csv.open_csv(source) as reader:
    for batch in reader:
        rows = np.column_stack([column.to_numpy() for column in batch.columns])
        predictions, columns = entrypoint.predict_on_matrix(rows, batch.schema.names)
        table = pa.table(dict(zip(columns, predictions.T, strict=True)))
        writer = writer or pa.csv.CSVWriter(target, table.schema)
        writer.write_table(table)
if writer:
    writer.close()
