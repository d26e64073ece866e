"""The floor: an ASGI app that does nothing but predict in its own process, on uvicorn's fastest parts."""

from pathlib import Path

from benchmarks.peers import environment
from benchmarks.serving.contender import Contender
from benchmarks.serving.model import REQUIREMENTS, ServedModel

TITLE = "bare ASGI app"
PACKAGES = (*REQUIREMENTS, "uvicorn", "uvloop", "httptools", "orjson")
_APP = """\
import orjson
from entrypoint import init, predict_on_matrix

init()
HEADERS = [(b"content-type", b"application/json")]


async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    matrix, columns = predict_on_matrix(orjson.loads(body)["data"])
    answer = orjson.dumps({"prediction": matrix.tolist(), "columns": columns})
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": answer})
"""


def bare_asgi(model: ServedModel, folder: Path) -> Contender:
    """Write the app; it runs the model's own entrypoint, as odahu-pack does.

    Args:
        model: What it predicts with.
        folder: An empty folder.
    """
    (folder / "app.py").write_text(_APP)
    uvicorn = environment("serving-asgi", PACKAGES) / "uvicorn"
    fastest = ("--loop", "uvloop", "--http", "httptools")
    return Contender(
        TITLE,
        lambda port: [uvicorn, "app:app", "--app-dir", folder, "--port", str(port), *fastest],
        "/",
        lambda rows: {"data": rows},
        lambda answer: [row[0] for row in answer["prediction"]],
        model.files,
        {"PYTHONPATH": str(model.files)},
    )
