"""Inputs read and results written in memory, by the way of images."""

import io
import pickle
from typing import NamedTuple

from odahu_cli.formats import INPUT_FORMATS, OUTPUT_FORMATS, ReadOptions


class Trickle(io.BytesIO):
    """A stream that gives a few bytes at a time, and cannot be read twice."""

    def __init__(self, raw, step=3):
        super().__init__(raw)
        self._step = step

    def read(self, size=-1):
        return super().read(min(size, self._step) if size >= 0 else self._step)

    def seekable(self):
        return False


class Read(NamedTuple):
    """All rows or objects of an input, and what was told about them."""

    rows: list
    columns: object
    commas: list
    lines: list
    sizes: list


def read(name, raw, mode="matrix", **options):
    """Read an input whole, its pieces and parser sent through pickle as to another process."""
    file = raw if hasattr(raw, "read") else io.BytesIO(raw)
    source = INPUT_FORMATS[name].open(file, "in", ReadOptions(mode=mode, **options))
    parser = pickle.loads(pickle.dumps(source.parser))
    rows, columns, commas, lines, sizes, next_row = [], None, [], [], [], 1
    for piece in source.pieces():
        batches = list(parser.parse(pickle.loads(pickle.dumps(piece))))
        assert piece.rows == sum(map(rows_of, batches)) or name == "jsonl"
        for batch in batches:
            assert batch.place.first_row == next_row or name == "jsonl"
            next_row += rows_of(batch)
            request = batch.request if batch.as_lists is None else batch.as_lists()
            part = request.rows if mode == "matrix" else request.objects
            rows += part
            columns = getattr(request, "columns", None)
            commas += batch.commas
            lines += batch.place.lines[: len(part)] if batch.place.lines is not None else []
            sizes.append(len(part))
    return Read(rows, columns, sorted([*source.commas, *commas]), lines, sizes)


def rows_of(batch):
    """Count the rows or objects of a batch."""
    return len(batch.request[0])


def written(name, documents, mode="matrix", serializer=None):
    """Write answers to a result."""
    output, file = OUTPUT_FORMATS[name], io.BytesIO()
    sink = output.open(file, mode)
    for document in documents:
        sink.write(pickle.loads(pickle.dumps(output.renderer.render(document, serializer))))
    sink.close()
    return file.getvalue()
