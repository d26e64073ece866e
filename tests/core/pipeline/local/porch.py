"""A third party's packager whose program tells what it sees; its argument ``oddity`` makes its plan odd."""

import os

from odahu_pack_core import (
    AddLayer,
    BaseImage,
    Block,
    BuildPlan,
    Cmd,
    Dependencies,
    Entrypoint,
    Env,
    EnvironmentLayer,
    Expose,
    FilesLayer,
    Folder,
    From,
    ImageReference,
    Link,
    PackagerRecord,
    Run,
    StrictModel,
    TextFile,
    User,
    Workdir,
    hookimpl,
)

TELL = b"""\
import json, os, sys
sys.path += [os.environ["MODEL_LOCATION"], os.environ["SIDE"]]
import greeter, mine, model, sharing
told = {"argv": sys.argv, "environ": dict(os.environ), "cwd": os.getcwd(), "prefix": sys.prefix}
told["python"] = "%d.%d" % sys.version_info[:2]
print(json.dumps({**told, "answer": model.answer(), "mine": mine.MINE}))
sys.exit(int(os.environ.get("CODE", "0")))
"""


class PorchArguments(StrictModel):
    host: str = "0.0.0.0"
    port: int = 5000
    python: str | None = None
    oddity: str = ""


class Porch:
    def plan(self, job):
        arguments = job.arguments
        base = ImageReference.parse("python:slim")
        start = Entrypoint(("/opt/model/bin/python3", "-I", "/opt/porch/tell"))
        words = Cmd(("--host", arguments.host, f"--port={arguments.port}", "/volume"))
        files = {
            "/opt/porch/tell.py": TextFile("/opt/porch/tell.py", TELL),
            "/opt/porch/side/mine.py": TextFile("/opt/porch/side/mine.py", b"MINE = 1\n"),
            "/opt/porch/tell": Link("/opt/porch/tell", "/opt/porch/tell.py"),
            "/volume": Folder("/volume", 0o777),
        }
        odd = self._odd(arguments.oddity)
        return BuildPlan(
            packager="porch",
            image=job.image_reference("{{ Name }}"),
            base=BaseImage(
                base, arguments.python, keeps_entrypoint=arguments.oddity == "starts the base's program"
            ),
            blocks=(
                Block("base", (From(str(base)),)),
                Block("layers", tuple(map(AddLayer, ("environment", "side", "program", "model")))),
                Block("settings", (*self._settings(), User("65532:0"))),
                Block("start", (start, words, *odd)),
            ),
            layers=(
                EnvironmentLayer("environment", "/opt/model", "venv", Dependencies(pip=("greeter",))),
                EnvironmentLayer("side", "/opt/porch/side", "site", Dependencies(pip=("sharing",))),
                FilesLayer.of("program", files.values()),
                FilesLayer.of("model", job.artifact.planned("/opt/porch/model")),
            ),
        )

    def _settings(self):
        yield Env("MODEL_LOCATION", "/opt/porch/model")
        yield Env("SIDE", "/opt/porch/side")
        yield Env("MIXED", "--tmp=/tmp:/opt/porch/side,/etc")
        yield Env("HOME", "/tmp")

    def _odd(self, oddity):
        odd = {
            "serves": Expose(5000),
            "works somewhere": Workdir("/work/here"),
            "runs something": Run(("apt-get", "install", "tree")),
            "by name": Entrypoint(("python3", "/opt/porch/tell.py")),
            "a program that is nowhere": Entrypoint(("/opt/porch/nowhere",)),
            "no program": Entrypoint(()),
            "elsewhere": Env("PATH", "/opt/model/bin:" + os.defpath),
        }
        return [odd[oddity]] if oddity in odd else []

    def build_and_push(self, job, plan, build):  # noqa: ARG002  # the protocol's signature
        raise AssertionError("nothing is built")


@hookimpl
def odahu_pack_packagers():
    yield PackagerRecord("porch", "Tells what it sees.", PorchArguments, Porch)
