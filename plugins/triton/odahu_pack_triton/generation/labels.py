"""Names of classes: the label file that a draft's output is sure to mean."""

from __future__ import annotations

from dataclasses import replace
from math import prod
from typing import Final

from odahu_pack_core import ArtifactError
from odahu_pack_triton.repository import ModelFolder

from .draft import Draft

_LABELS: Final = "labels.txt"


def with_labels(draft: Draft, folder: ModelFolder) -> Draft:
    """Return a draft whose only output has the model's label file, where that has a line for each element.

    Args:
        draft: The draft.
        folder: The model's folder.
    """
    if len(draft.outputs) != 1 or not folder.has(_LABELS) or folder.is_folder(_LABELS):
        return draft
    output = draft.outputs[0]
    try:
        count = len(folder.read_text(_LABELS).splitlines())
    except ArtifactError:
        return draft
    if min(output.dims) < 1 or prod(output.dims) != count:
        return draft
    reason = f"label_filename {_LABELS}: it names as many classes as {output.name!r} has elements, {count}"
    outputs = (replace(output, label_file=_LABELS),)
    return replace(draft, outputs=outputs, reasons=(*draft.reasons, reason))
