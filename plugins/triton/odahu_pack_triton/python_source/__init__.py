"""Python source read without running it: what a function returns, as far as the source alone tells."""

from .module import SourceModule, read_module
from .values import CannotTellError, ForeignValue, Unknown

__all__ = ["CannotTellError", "ForeignValue", "SourceModule", "Unknown", "read_module"]
