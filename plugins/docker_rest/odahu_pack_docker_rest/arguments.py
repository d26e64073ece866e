"""Arguments of docker-rest."""

from __future__ import annotations

import re
from typing import Annotated, Final

from pydantic import Field
from pydantic.functional_validators import AfterValidator

from odahu_pack_core import GppiArguments

_HOST: Final = re.compile(r"[0-9A-Za-z:][0-9A-Za-z:._%-]*")


def _host(value: str) -> str:
    if not _HOST.fullmatch(value):
        raise ValueError("must be a host name or an address, such as 0.0.0.0")
    return value


class RestArguments(GppiArguments):
    """Arguments of docker-rest."""

    port: int = Field(default=5000, ge=1, le=65535, description="Port to bind.")
    timeout: int = Field(
        default=60, ge=1, le=86400, description="Seconds until a prediction is given up with 504."
    )
    workers: int = Field(
        default=1, ge=1, le=1024, description="Processes that predict, each with the model in memory."
    )
    threads: int = Field(default=4, ge=1, le=1024, description="Predictions at once in each worker.")
    max_batch_size: int = Field(
        default=1,
        ge=1,
        le=65536,
        description="Rows of waiting requests in one call of `predict_on_matrix`; 1 keeps requests apart.",
    )
    max_body_bytes: int = Field(
        default=67_108_864, ge=1, le=2**40, description="Size of the largest request; a larger one is a 413."
    )
    drain_timeout: int = Field(
        default=25, ge=1, le=86400, description="Seconds that requests have to finish after SIGTERM."
    )
    host: Annotated[str, Field(min_length=1), AfterValidator(_host)] = Field(
        default="0.0.0.0",  # noqa: S104  # a container is reached from outside
        description="Host to bind.",
    )
