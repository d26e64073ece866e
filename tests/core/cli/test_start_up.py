"""What the command imports before it does anything."""

import hashlib
import json
import os
import subprocess
import sys

import pytest

from odahu_pack_core import FilesLayer, Link, TextFile
from odahu_pack_core.testing import KnownRegistry
from tests.core.artifact.archives import MODEL, zipped

SLOW = ("boto3", "docker", "httpx", "jinja2", "jsonpath_ng", "pydantic", "rich", "yaml")
PROBE = """\
import json, os, sys
from odahu_pack_core.cli.entry import run
codes = [run(words, os.environ) for words in json.loads(sys.argv[1])]
print(json.dumps([codes, sorted(sys.modules)]), file=sys.stderr)
"""


def modules_after(*lines, **environ):
    """Return the modules that are loaded after these command lines, in a process of their own."""
    probe = [sys.executable, "-c", PROBE, json.dumps(lines)]
    finished = subprocess.run(
        probe, capture_output=True, text=True, check=True, timeout=60, env={**os.environ, **environ}
    )
    *said, last = finished.stderr.splitlines()
    codes, modules = json.loads(last)
    assert set(codes) == {0}, "\n".join(said)
    return modules


@pytest.mark.parametrize("words", [["--help"], ["local", "pack", "--help"], ["--version"]], ids=" ".join)
def test_it_imports_nothing_slow_and_no_plugin(words):
    modules = modules_after(words)
    assert "click" in modules
    assert [name for name in modules if name in SLOW or name.startswith("odahu_pack_docker")] == []


def test_a_plugin_with_commands_costs_help_nothing_but_their_names():
    modules = modules_after(["--help"], ["triton", "--help"])
    assert [name for name in modules if name.startswith("odahu_pack_triton")] == [
        "odahu_pack_triton",
        "odahu_pack_triton.commands",
        "odahu_pack_triton.commands.plugin",
    ]
    assert [name for name in modules if name in {*SLOW, "google.protobuf", "grpc", "tritonclient"}] == []
    assert "odahu_pack_core.plugins.catalog" not in modules


def test_the_help_of_packaging_commands_imports_no_client_and_no_display():
    commands = ("run", "plan", "validate", "cache")
    packing = (["local", "pack", command, "--help"] for command in commands)
    modules = modules_after(*packing, ["local", "serve", "--help"], ["local", "predict", "--help"])
    assert [name for name in modules if name in {"boto3", "docker", "httpx", "rich", "jsonpath_ng"}] == []


PACKAGING = """\
kind: ModelPackaging
id: wine
spec:
  integrationName: docker-rest
  targets: [{name: docker-push, connectionName: registry}]
---
kind: Connection
id: registry
spec: {type: docker, uri: 127.0.0.1:5000/models}
"""
NOT_FOR_A_PLAN = (
    *(name for name in SLOW if name not in {"pydantic", "yaml"}),
    *(
        "concurrent",
        "http",
        "isal",
        "jsonschema",
        "rattler",
        "requests",
        "ssl",
        "tenacity",
        "uv",
        "zstandard",
    ),
    *(f"odahu_pack_core.{room}" for room in ("blob", "environment", "gppi_runtime", "pipeline.assembly")),
    "odahu_pack_core.registry.distribution",
    *(f"odahu_pack_{name}.packager" for name in ("docker_cli", "triton")),
)


def test_a_plan_imports_what_it_stands_on_and_nothing_else(tmp_path):
    model, packaging = tmp_path / "model.zip", tmp_path / "pack.yaml"
    model.write_bytes(zipped(MODEL))
    packaging.write_text(PACKAGING)
    modules = modules_after(["local", "pack", "plan", "-f", str(packaging), "--artifact", str(model)])
    assert "odahu_pack_docker_rest.packager" in modules
    assert [name for name in modules if name.startswith(NOT_FOR_A_PLAN)] == []


NOT_FOR_NOTHING = (
    *(
        "boto3",
        "botocore",
        "docker",
        "jinja2",
        "jsonpath_ng",
        "jsonschema",
        "pygments",
        "rattler",
        "requests",
    ),
    *("rich", "tenacity", "trio", "urllib3"),
    *(
        "odahu_pack_core.cli.commands.pack_plan",
        "odahu_pack_core.gppi_runtime",
        "odahu_pack_docker_rest.packager",
    ),
    "odahu_pack_triton.packager",
)
"""What a run imports for nothing where nothing changed."""


def python_image():
    """Return config and layer of an image that holds no more of Python 3.6 than its name."""
    python = TextFile("/usr/local/bin/python3.6", b"", 0o755)
    link = Link("/usr/local/bin/python3", "python3.6")
    layer = b"".join(FilesLayer.of("python", [python, link]).tar(open).chunks())
    config = {
        "os": "linux",
        "architecture": "amd64",
        "config": {"Env": ["PATH=/usr/local/bin", "PYTHON_VERSION=3.6.15"]},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(layer).hexdigest()}"]},
    }
    return json.dumps(config).encode(), (layer,)


@pytest.mark.registry
def test_a_run_that_finds_nothing_to_do(tmp_path, anonymous_registry):
    host = anonymous_registry.host
    KnownRegistry(host).push("start-up/python", "3.6", *python_image())
    model, packaging = tmp_path / "model.zip", tmp_path / "pack.yaml"
    model.write_bytes(zipped(MODEL))
    arguments = f"arguments: {{imageName: nothing:1, dockerfileBaseImage: '{host}/start-up/python:3.6'}}"
    text = PACKAGING.replace("docker-rest", f"docker-cli\n  {arguments}").replace("127.0.0.1:5000", host)
    packaging.write_text(text)
    run = ["local", "pack", "run", "--engine", "oci", "-f", str(packaging), "--artifact", str(model)]
    modules_after(run)
    modules = modules_after(run)
    assert [name for name in modules if name.startswith(NOT_FOR_NOTHING)] == []
