"""What registries say, made fit to be shown: bodies of bounded size, their errors, clean text."""

from __future__ import annotations

import json
from typing import Any, Final

import httpx

from odahu_pack_core.errors import RegistryError

from .clock import Clock, Deadline

MOST_ERROR_BYTES: Final = 64 * 1024
_MOST_CHARACTERS: Final = 400
_MOST_ERRORS: Final = 3
_BODY_SECONDS: Final = 60.0


def cleaned(text: str) -> str:
    """Return a text without control characters, on one line and of bounded length."""
    printable = "".join(c if c.isprintable() else " " for c in text[: 4 * _MOST_CHARACTERS])
    line = " ".join(printable.split())
    return line if len(line) <= _MOST_CHARACTERS else f"{line[:_MOST_CHARACTERS]}…"


def read_at_most(action: str, response: httpx.Response, most: int, clock: Clock) -> bytes:
    """Read a body, but no more than some bytes and one minute of it.

    Args:
        action: What is tried, in words that follow "cannot".
        response: The answer.
        most: The bytes.
        clock: Time.

    Raises:
        RegistryError: There is more of it.
    """
    content = _start_of(response, most, clock)
    if len(content) > most:
        raise RegistryError(f"cannot {action}: the answer has no end within {most} bytes", code="bad-answer")
    return content


def said(response: httpx.Response, clock: Clock) -> str:
    """Return status and words of an answer that is an error.

    The form of the words: https://github.com/opencontainers/distribution-spec, "Error Codes".
    """
    try:
        content = _start_of(response, MOST_ERROR_BYTES, clock)
    except httpx.TransportError:
        content = b""
    words = cleaned(_words(content[:MOST_ERROR_BYTES]))
    return f"{response.status_code} {response.reason_phrase}".strip() + (f": {words}" if words else "")


def drain(response: httpx.Response, method: str) -> None:
    """Read the rest of a short answer that nobody reads: only then can its connection be used again."""
    stated = response.headers.get("content-length", "0") if method != "HEAD" else "0"
    if not response.is_stream_consumed and stated.isdigit() and int(stated) <= MOST_ERROR_BYTES:
        for _ in response.iter_raw():
            pass


def _start_of(response: httpx.Response, most: int, clock: Clock) -> bytes:
    """Return one byte more than wanted where the body goes on."""
    deadline = Deadline.after(_BODY_SECONDS, clock)
    content = bytearray()
    for chunk in response.iter_raw():
        content += chunk[: most + 1 - len(content)]
        if len(content) > most:
            break
        if deadline.passed:
            raise httpx.ReadTimeout("the body comes too slowly")
    return bytes(content)


def _words(content: bytes) -> str:
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        # A page for people, as proxies send it, says nothing that the status does not.
        return "" if content.lstrip()[:1] == b"<" else content.decode(errors="replace")
    if not isinstance(document, dict):
        return ""
    errors = document.get("errors")
    if not isinstance(errors, list):
        errors = [document]
    return "; ".join(_error(error) for error in errors[:_MOST_ERRORS] if isinstance(error, dict))


def _error(error: dict[str, Any]) -> str:
    """Return one error: code and message of a registry, ``error`` and ``details`` of token servers."""
    code, message = error.get("code") or error.get("error"), error.get("message") or error.get("details")
    return ": ".join(str(part) for part in (code, message) if part)
