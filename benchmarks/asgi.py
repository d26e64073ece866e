"""The least app of ASGI around a prediction, for servers that are written by hand."""

_APP = """\
HEADERS = [(b"content-type", b"application/json")]


async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    answer = answered(body)
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": answer})
"""


def asgi_app(answered: str) -> str:
    """Write the app's module.

    Args:
        answered: Python that loads the model and defines ``answered(body: bytes) -> bytes``.
    """
    return f"{answered}\n\n{_APP}"
