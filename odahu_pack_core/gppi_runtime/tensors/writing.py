"""Answers of the protocol: JSON, with binary tensors behind it where the caller asks for them."""

from typing import Any, Dict, List, NamedTuple, Optional

from ..facts import ModelFacts
from ..json_writer import write_json
from ..signature import Signature
from .datatypes import pack
from .reading import Inference
from .results import OutputTensor, Serializer, output_tensors


class Answer(NamedTuple):
    """The body of an answer.

    Args:
        body: JSON, and perhaps binary tensors behind it.
        json_size: the size of the JSON for the header ``Inference-Header-Content-Length``; None where
            the body is nothing but JSON.
    """

    body: bytes
    json_size: Optional[int]


def write_inference(
    inference: Inference,
    facts: ModelFacts,
    signature: Signature,
    prediction: Dict[str, Any],
    serializer: Serializer = None,
) -> Answer:
    """Write the answer to an inference request.

    JSON has no NaN and no infinity: they are ``null`` there, and themselves in binary data. A missing text is
    ``null`` in JSON, and empty in binary data.

    Args:
        inference: the request.
        facts: the model's name and version.
        signature: what the model says about itself.
        prediction: what `Model.predict` returned for it.
        serializer: the model's own JSON encoder.

    Raises:
        DocumentError: the caller asks for an output that the model has not.
        PredictionError: a result that tensors cannot hold.
    """
    names = None if inference.outputs is None else [each.name for each in inference.outputs]
    outputs: List[Dict[str, Any]] = []
    parts: List[bytes] = []
    for index, tensor in enumerate(output_tensors(prediction, signature, names, serializer)):
        if inference.binary if inference.outputs is None else inference.outputs[index].binary:
            parts.append(pack(tensor.datatype, tensor.elements))
            outputs.append(_description(tensor, parameters={"binary_data_size": len(parts[-1])}))
        else:
            outputs.append(_description(tensor, data=tensor.elements))
    head = write_json(_document(inference, facts, outputs))
    return Answer(b"".join([head, *parts]), len(head) if parts else None)


def write_error(message: str) -> bytes:
    """Write an error as the protocol has it."""
    return write_json({"error": message})


def _document(inference: Inference, facts: ModelFacts, outputs: List[Dict[str, Any]]) -> Dict[str, Any]:
    document: Dict[str, Any] = {"model_name": facts.name, "model_version": facts.version}
    if inference.id is not None:
        document["id"] = inference.id
    document["outputs"] = outputs
    return document


def _description(tensor: OutputTensor, **contents: Any) -> Dict[str, Any]:
    shape = [tensor.rows, tensor.width]
    return dict({"name": tensor.name, "shape": shape, "datatype": tensor.datatype}, **contents)
