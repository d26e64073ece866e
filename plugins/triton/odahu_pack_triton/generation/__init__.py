"""Configurations made of what model files say."""

from .complete import Completed, Source, complete_config
from .draft import Draft, DraftTensor, IncompleteConfigError

__all__ = ["Completed", "Draft", "DraftTensor", "IncompleteConfigError", "Source", "complete_config"]
