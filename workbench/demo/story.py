"""The steps of the demo, in their order."""

from __future__ import annotations

import json
import time
import urllib.request
from contextlib import ExitStack

from workbench.demo.bases import MINOR, base_image
from workbench.demo.image import Image
from workbench.demo.installing import install_distributions
from workbench.demo.packaging import WINE, Packaging, own_prediction, train
from workbench.demo.serving import serve
from workbench.demo.stage import ROOT, DemoError, Stage

__all__ = ["tell"]


def tell(stage: Stage) -> None:
    """Go through the steps; whatever ends them, what was started ends too.

    Raises:
        WorkbenchError: A step failed.
    """
    print("odahu-pack: from a trained model to an image that answers\n")  # noqa: T201  # a command prints
    began = time.monotonic()
    with stage.step(f"base image with Python {MINOR}") as done:
        base = base_image(stage)
        done(base.replace(f"{stage.folder}/", ""))
    with stage.step("odahu-pack and scikit-learn") as done:
        done(install_distributions(stage))
    with stage.step("train the wine model") as done:
        done(train(stage, alpha="0.05"))
    packaging = Packaging(stage, base)
    first = _package(packaging, "first", "package it as a REST service")
    with ExitStack() as stack:
        with stage.step("start the image") as done:
            server = serve(packaging, first, stack)
            done(server.how)
        _show_predictions(stage, server.address)
    with stage.step("train it again, with other weights") as done:
        done(train(stage, alpha="0.2"))
    second = _package(packaging, "second", "package it again")
    stage.say("", _comparison(first, second))
    total = time.monotonic() - began
    stage.say(
        "", f"Done in {total:.0f} s; what was started is stopped, {stage.folder} stays for the next time."
    )


def _package(packaging: Packaging, name: str, title: str) -> Image:
    stage = packaging.stage
    if name == "first":
        packaging.prepare()
        stage.say("", packaging.command("type=oci,dest=images/first"))
    with stage.step(title) as done:
        image = packaging.run(name)
        done(f"{len(image.own_layers())} layers of ours, {_size(sum(image.blobs.values()))} with the base's")
    return image


def _show_predictions(stage: Stage, address: str) -> None:
    """Ask the image and the model itself for the same prediction and show both."""
    document = WINE / "predicts.json"
    request = urllib.request.Request(  # noqa: S310  # loopback
        f"{address}/api/model/invoke", document.read_bytes(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310  # loopback
        answer = json.load(response)
    own = own_prediction(stage)
    stage.say(
        "",
        f"curl -X POST -H 'Content-Type: application/json' -d @{document.relative_to(ROOT)} \\",
        f"     {address}/api/model/invoke",
        f"the image answers  {json.dumps(answer)}",
        f"the model itself   {json.dumps(own)}",
        "",
    )
    if answer != own:
        raise DemoError("the image does not predict what the model predicts")


def _comparison(first: Image, second: Image) -> str:
    new = {digest: size for digest, size in second.blobs.items() if digest not in first.blobs}
    shared = len(second.blobs) - len(new)
    return (
        f"{shared} of {len(second.blobs)} blobs are those of the first image;"
        f" new are {_size(sum(new.values()))}, which is all that a registry would be sent"
    )


def _size(number: int) -> str:
    return f"{number / 1e6:.1f} MB" if number >= 1e6 else f"{number / 1e3:.1f} kB"  # noqa: PLR2004  # as it reads
