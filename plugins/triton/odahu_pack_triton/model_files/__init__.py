"""Model files read without the frameworks that wrote them: what their inputs and outputs are."""

from .signature import ModelSignature, TensorSignature

__all__ = ["ModelSignature", "TensorSignature"]
