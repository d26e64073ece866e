"""Parquet to Parquet with pyarrow."""

import os
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet

folder, source, target = sys.argv[1:]
os.environ["MODEL_LOCATION"] = folder
sys.path.insert(0, folder)

import entrypoint  # noqa: E402  # it stands in the model's folder

entrypoint.init()
writer = None
for batch in pa.parquet.ParquetFile(source).iter_batches(batch_size=10_000):
    rows = np.column_stack([column.to_numpy() for column in batch.columns])
    predictions, columns = entrypoint.predict_on_matrix(rows, batch.schema.names)
    table = pa.table(dict(zip(columns, predictions.T, strict=True)))
    writer = writer or pa.parquet.ParquetWriter(target, table.schema)
    writer.write_table(table)
if writer:
    writer.close()
