"""Configurations made of what model files say."""

from .complete import Completed, complete_config
from .draft import Draft, DraftTensor, IncompleteConfigError
from .sources import Source

__all__ = ["Completed", "Draft", "DraftTensor", "IncompleteConfigError", "Source", "complete_config"]
