"""OpenVINO models: the inputs and outputs that ``model.xml`` names.

Source: https://docs.openvino.ai/2024/documentation/openvino-ir-format.html
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import BinaryIO, Final
from xml.parsers import expat

from .faults import ModelFileError

_CHUNK: Final = 64 * 1024
_MOST_BYTES: Final = 64 * 1024 * 1024
_INPUT: Final = "Parameter"
_OUTPUT: Final = "Result"
_Port = tuple[str, str]


@dataclass(frozen=True)
class OpenVinoModel:
    """What a model calls its inputs and outputs; each may have several names.

    Args:
        inputs: The names of each input.
        outputs: The names of each output.
    """

    inputs: tuple[frozenset[str], ...]
    outputs: tuple[frozenset[str], ...]


def read_openvino(stream: BinaryIO, file: str) -> OpenVinoModel:
    """Read ``model.xml``.

    Args:
        stream: The file.
        file: What errors call it.

    Raises:
        ModelFileError: It is no OpenVINO model, or declares entities, which no such model does.
    """
    network = _Network()
    parser = expat.ParserCreate()
    parser.StartElementHandler = network.start
    parser.EndElementHandler = network.end
    parser.StartDoctypeDeclHandler = _refuse
    stream.seek(0)
    try:
        for _ in range(_MOST_BYTES // _CHUNK):
            chunk = stream.read(_CHUNK)
            parser.Parse(chunk, not chunk)
            if not chunk:
                return network.model(file)
    except expat.ExpatError as error:
        reason = expat.ErrorString(error.code)
        raise ModelFileError(f"no OpenVINO model: line {error.lineno}: {reason}", file) from None
    except _DoctypeError:
        raise ModelFileError("no OpenVINO model: it has a document type", file) from None
    raise ModelFileError(f"larger than {_MOST_BYTES} bytes", file)


class _DoctypeError(Exception):
    """Entities can make a small file endless."""


def _refuse(*_: object) -> None:
    raise _DoctypeError


@dataclass
class _Network:
    """What is met on the way through the file."""

    root: str = ""
    inputs: dict[str, set[str]] = field(default_factory=dict)
    results: dict[str, set[str]] = field(default_factory=dict)
    layers: dict[str, str] = field(default_factory=dict)
    ports: dict[_Port, set[str]] = field(default_factory=dict)
    sources: dict[str, _Port] = field(default_factory=dict)
    places: dict[_Port, int] = field(default_factory=dict)
    layer: str = ""
    place: int = 0
    depth: int = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.root = self.root or name
        self.depth += name == "layers"
        if self.depth > 1:  # the body of a loop has layers of its own
            return
        if name == "layer":
            self._layer(attributes)
        elif name == "port" and self.layer:
            self._port(attributes)
        elif name == "output":
            self.place = 0
        elif name == "edge":
            source = attributes.get("from-layer", ""), attributes.get("from-port", "")
            self.sources[attributes.get("to-layer", "")] = source

    def end(self, name: str) -> None:
        self.depth -= name == "layers"

    def _layer(self, attributes: dict[str, str]) -> None:
        self.layer, called = attributes.get("id", ""), attributes.get("name", "")
        self.layers[self.layer] = called
        if attributes.get("type") == _INPUT:
            self.inputs[self.layer] = {called}
        elif attributes.get("type") == _OUTPUT:
            self.results[self.layer] = {called}

    def _port(self, attributes: dict[str, str]) -> None:
        port = self.layer, attributes.get("id", "")
        names = {called for called in attributes.get("names", "").split(",") if called}
        self.ports[port], self.places[port] = names, self.place
        self.place += 1
        if self.layer in self.inputs:
            self.inputs[self.layer] |= names

    def model(self, file: str) -> OpenVinoModel:
        if self.root != "net" or not self.layers:
            raise ModelFileError("no OpenVINO model: it has no network", file)
        outputs = tuple(frozenset(names | self._source_names(layer)) for layer, names in self.results.items())
        return OpenVinoModel(tuple(map(frozenset, self.inputs.values())), outputs)

    def _source_names(self, result: str) -> set[str]:
        """Return what the layer that makes an output is called, in the manner of old and of new releases."""
        source = layer, port = self.sources.get(result, ("", ""))
        called = self.layers.get(layer, "")
        numbers = {port, str(self.places.get(source, 0))}
        numbered = {f"{called}{mark}{number}" for mark in ".:" for number in numbers}
        return self.ports.get(source, set()) | {called} | numbered
