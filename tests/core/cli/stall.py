"""A packager whose images serve, or with ``opens: false`` work on stdin, with nothing but Python."""

import sys

from odahu_pack_core import (
    AddLayer,
    BaseImage,
    Block,
    BuildPlan,
    Cmd,
    Entrypoint,
    Env,
    Expose,
    FilesLayer,
    From,
    ImageReference,
    PackagerRecord,
    StrictModel,
    TextFile,
    hookimpl,
)

SERVE = b"""\
import http.server, os, signal, sys

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        with open(os.environ["NOTE"]) as note:
            body = repr([os.getpid(), self.server.server_address[0], note.read()]).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

def leave(number, frame):
    sys.exit(70 + number)

signal.signal(signal.SIGINT, leave)
signal.signal(signal.SIGTERM, leave)
http.server.HTTPServer((sys.argv[1], int(sys.argv[2])), Handler).serve_forever()
"""
WORK = b"""\
import sys
print(sys.argv[1:], sys.stdin.read())
sys.exit(5)
"""


class StallArguments(StrictModel):
    """Arguments of the packager."""

    host: str = "0.0.0.0"
    port: int = 5000
    opens: bool = True


class Stall:
    """Puts a script and the model on a base with the Python that runs the tests."""

    def plan(self, job):
        """Return base, script and model."""
        arguments = job.arguments
        base = "python:slim"
        words = (
            (Cmd((arguments.host, str(arguments.port))), Expose(arguments.port)) if arguments.opens else ()
        )
        return BuildPlan(
            packager="stall",
            image=job.image_reference("{{ Name }}:1"),
            base=BaseImage(ImageReference.parse(base), "{}.{}".format(*sys.version_info)),
            blocks=(
                Block("base", (From(base),)),
                Block(
                    "files",
                    (AddLayer("script"), AddLayer("model"), Env("NOTE", "/model/model/entrypoint.py")),
                ),
                Block("start", (Entrypoint(("python3", "/stall/script.py")), *words)),
            ),
            layers=(
                FilesLayer.of("script", [TextFile("/stall/script.py", SERVE if arguments.opens else WORK)]),
                FilesLayer.of("model", job.artifact.planned("/model")),
            ),
        )

    def build_and_push(self, job, plan, build):  # noqa: ARG002  # the protocol's signature
        """Refuse: nothing is to be built."""
        raise AssertionError


@hookimpl
def odahu_pack_packagers():
    """Offer the packager."""
    yield PackagerRecord("stall", "Serves a note.", StallArguments, Stall)
