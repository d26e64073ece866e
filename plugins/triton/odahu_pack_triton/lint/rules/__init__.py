"""The rules, by what they look at; importing this package registers them."""

from . import (
    batching,
    ensembles,
    environments,
    instances,
    model_files,
    naming,
    reading,
    sequences,
    signature_names,
    signature_types,
    tensors,
)

__all__ = [
    "batching",
    "ensembles",
    "environments",
    "instances",
    "model_files",
    "naming",
    "reading",
    "sequences",
    "signature_names",
    "signature_types",
    "tensors",
]
