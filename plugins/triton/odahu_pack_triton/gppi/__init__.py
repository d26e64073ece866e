"""GPPI models as models of Triton's Python backend."""

from .model import decide_gppi

__all__ = ["decide_gppi"]
