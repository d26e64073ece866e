"""Between Triton's Python backend and a GPPI model: configuration, tensors, answers."""

from .answering import Answerer
from .completing import complete_config
from .loading import load_described, log_failure

__all__ = ["Answerer", "complete_config", "load_described", "log_failure"]
