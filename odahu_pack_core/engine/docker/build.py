"""A build: the context streamed to the engine, its output as events, its failure with the last lines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from odahu_pack_core.engine.build_context import DOCKERFILE, BuildContext
from odahu_pack_core.engine.build_log import BuildLog
from odahu_pack_core.errors import EngineError
from odahu_pack_core.events import EventSink, Progress

from .client import ApiError, DockerClient
from .messages import LOG_WORDS

_REPORT_EVERY: Final = 8 * 1024 * 1024


def build_image(client: DockerClient, context: BuildContext, emit: EventSink) -> str:
    """Build an image from a context and return its id; it has no name yet, a build left early has no result.

    Args:
        client: The engine.
        context: What to build from; its base image is in the engine.
        emit: Receives progress and output.

    Raises:
        EngineError: The build failed; the error shows the step and the last lines.
        ArtifactError: A file of the model artifact is gone or changed.
    """
    params = {"dockerfile": DOCKERFILE, "rm": "1", "forcerm": "1", "version": "1"}
    headers = {"Content-Type": "application/x-tar"}
    log, image_id = BuildLog(LOG_WORDS, emit), ""
    try:
        with client.messages("/build", params, headers, _reported(context, emit)) as messages:
            for message in messages:
                log.add(str(message.get("stream", "")))
                image_id = (message.get("aux") or {}).get("ID", image_id)
    except ApiError as error:
        raise log.failed(error.message) from None
    if not image_id:
        raise EngineError("the engine ended the build without an image", code="build-failed")
    return image_id


def _reported(context: BuildContext, emit: EventSink) -> Iterator[bytes]:
    total, done, told = context.size, 0, 0
    for chunk in context.chunks():
        yield chunk
        done += len(chunk)
        if done - told >= _REPORT_EVERY or done == total:
            emit(Progress("build", "build context", done, total))
            told = done
