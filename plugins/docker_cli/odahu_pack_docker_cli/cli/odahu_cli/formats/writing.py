"""What writers of results share: answers are rendered where they were predicted, and joined in one place."""

import json
from abc import ABC, abstractmethod
from typing import Any, BinaryIO, Optional, Type

Serializer = Optional[Type[json.JSONEncoder]]


class FormatError(Exception):
    """A format that cannot be written here."""


class Renderer(ABC):
    """Turns answers of the model into parts of a result, in whatever process; can be pickled."""

    @abstractmethod
    def render(self, document: Any, serializer: Serializer) -> Any:
        """Render the answer to one batch.

        Args:
            document: ``{"prediction": rows, "columns": names}`` or ``{"prediction": objects}``.
            serializer: the model's own encoder.

        Returns:
            A part for `Sink.write`; can be pickled.

        Raises:
            PredictionError: the answer has no form in this format.
        """


class Sink(ABC):
    """A result being written."""

    @abstractmethod
    def write(self, rendered: Any) -> None:
        """Add the answer to the next batch.

        Raises:
            PredictionError: it does not go with what was written before.
            OSError: the file cannot be written.
        """

    @abstractmethod
    def close(self) -> None:
        """Write what ends the result; the file stays open.

        A result without any rows is valid, too.
        """


class OutputFormat(ABC):
    """A format that is written.

    Attributes:
        name: as the command line has it.
        suffix: of file names.
        renderer: for the answers.
    """

    name: str
    suffix: str
    renderer: Renderer

    @abstractmethod
    def open(self, file: BinaryIO, mode: str) -> Sink:
        """Begin to write.

        Args:
            file: where to; need not be seekable.
            mode: the model's prediction mode.

        Raises:
            FormatError: what writes this format is not installed.
        """
