"""What Triton's Python backend loads: a GPPI model behind the interface that the backend calls."""

import os
import sys
from typing import Any, Dict, List

_HERE = os.path.dirname(os.path.abspath(__file__))
# Only while our own code is imported: afterwards the model's names come first, and ours do not count.
sys.path.insert(0, _HERE)
from odahu_triton import Answerer, complete_config, load_described, log_failure  # noqa: E402  # as said above

sys.path.remove(_HERE)


class TritonPythonModel:
    """The class that the Python backend looks for."""

    @staticmethod
    def auto_complete_config(auto_complete_model_config: Any) -> Any:
        """Add the tensors that the model's ``info()`` tells of, unless ``config.pbtxt`` has them."""
        return complete_config(auto_complete_model_config, _HERE)

    def initialize(self, args: Dict[str, str]) -> None:
        """Load the model, once in each instance."""
        with log_failure():
            model, signature = load_described(_HERE)
        self._answerer = Answerer(model, signature, args["model_config"])

    def execute(self, requests: List[Any]) -> List[Any]:
        """Answer the requests that Triton hands over together."""
        return self._answerer.answer(requests)

    def finalize(self) -> None:
        """Let the model go, which may not have been loaded."""
        vars(self).pop("_answerer", None)
