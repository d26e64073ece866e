"""The floor: an ASGI app that does nothing but predict in its own process, on uvicorn's fastest parts."""

from pathlib import Path

from benchmarks.asgi import asgi_app
from benchmarks.peers import environment
from benchmarks.serving.contender import Contender
from benchmarks.serving.model import REQUIREMENTS, ServedModel

TITLE = "bare ASGI app"
PACKAGES = (*REQUIREMENTS, "uvicorn", "uvloop", "httptools", "orjson")
_ANSWERED = """\
import orjson
from entrypoint import init, predict_on_matrix

init()


def answered(body):
    matrix, columns = predict_on_matrix(orjson.loads(body)["data"])
    return orjson.dumps({"prediction": matrix.tolist(), "columns": columns})
"""


def bare_asgi(model: ServedModel, folder: Path) -> Contender:
    """Write the app; it runs the model's own entrypoint, as odahu-pack does.

    Args:
        model: What it predicts with.
        folder: An empty folder.
    """
    (folder / "app.py").write_text(asgi_app(_ANSWERED))
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
