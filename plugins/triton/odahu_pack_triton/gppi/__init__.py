"""GPPI models as models of Triton's Python backend."""

from .model import GppiModel, decide_gppi

__all__ = ["GppiModel", "decide_gppi"]
