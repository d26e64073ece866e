"""GPPI models behind the Open Inference Protocol: tensors in, a GPPI request; a GPPI result, tensors out.

Both forms of tensors are known: JSON, and the binary data extension that ``tritonclient.http`` uses. What a
model's tensors are follows from its signature alone, so that every server of a model shows the same ones::

    model_metadata(facts, model.mode, signature)
    inference = read_inference(body, json_size, model.mode, signature)
    answer = write_inference(inference, facts, signature, model.predict(inference.request))
"""

from .asking import InputTensor, gppi_request
from .layout import Layout, input_layout, model_metadata, output_layout
from .reading import TOO_LARGE, Inference, RequestedOutput, read_inference
from .results import OutputTensor, output_tensors
from .writing import Answer, write_error, write_inference

__all__ = [
    "TOO_LARGE",
    "Answer",
    "Inference",
    "InputTensor",
    "Layout",
    "OutputTensor",
    "RequestedOutput",
    "gppi_request",
    "input_layout",
    "model_metadata",
    "output_layout",
    "output_tensors",
    "read_inference",
    "write_error",
    "write_inference",
]
