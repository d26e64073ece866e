"""Triton's model repository, seen through an artifact: which models it has and which files are theirs."""

from .folder import ModelFolder, ModelRepository

__all__ = ["ModelFolder", "ModelRepository"]
