"""The inputs and outputs of a configuration, as the model describes itself."""

from typing import Any, Dict, List

from gppi_runtime import Model, Signature
from gppi_runtime.tensors import Layout, input_layout, output_layout

from .loading import load_described, log_failure


def complete_config(config: Any, folder: str) -> Any:
    """Add to a configuration what it lacks.

    Args:
        config: a ``ModelConfig`` of Triton's Python backend.
        folder: the version's folder in Triton's model repository.

    Returns:
        The same configuration. The model is loaded only where something is missing.

    Raises:
        EntrypointError: the model cannot be loaded.
    """
    written = config.as_dict()
    if written["input"] and written["output"]:
        return config
    with log_failure():
        model, signature = load_described(folder)
    batched = written["max_batch_size"] > 0
    if not written["input"]:
        for tensor in _inputs(model, signature, batched=batched):
            _add_input(config, tensor)
    if not written["output"]:
        for layout in output_layout(model.mode, signature):
            config.add_output(_tensor(layout, batched=batched))
    return config


def _inputs(model: Model, signature: Signature, *, batched: bool) -> List[Dict[str, Any]]:
    tensors = []
    for layout in input_layout(model.mode, signature):
        tensor = _tensor(layout, batched=batched)
        if layout.columns and not any(_is_required(signature, column) for column in layout.columns):
            tensor["optional"] = True
        tensors.append(tensor)
    return tensors


def _is_required(signature: Signature, column: int) -> bool:
    return column >= len(signature.inputs) or signature.inputs[column].required


def _tensor(layout: Layout, *, batched: bool) -> Dict[str, Any]:
    data_type = "TYPE_STRING" if layout.datatype == "BYTES" else "TYPE_" + layout.datatype
    # Triton adds the batch to the dimensions itself where it batches.
    dims = layout.shape[1:] if batched else layout.shape
    return {"name": layout.name, "data_type": data_type, "dims": dims}


def _add_input(config: Any, tensor: Dict[str, Any]) -> None:
    try:
        config.add_input(tensor)
    except ValueError:
        # The first releases with this interface know no optional inputs.
        if not tensor.pop("optional", False):
            raise
        config.add_input(tensor)
