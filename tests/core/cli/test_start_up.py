"""What the command imports before it does anything."""

import json
import subprocess
import sys

import pytest

from tests.core.artifact.archives import MODEL, zipped

SLOW = ("boto3", "docker", "httpx", "jinja2", "jsonpath_ng", "pydantic", "rich", "yaml")
PROBE = """\
import json, os, sys
from odahu_pack_core.cli.entry import run
codes = [run(words, os.environ) for words in json.loads(sys.argv[1])]
print(json.dumps([codes, sorted(sys.modules)]), file=sys.stderr)
"""


def modules_after(*lines):
    """Return the modules that are loaded after these command lines, in a process of their own."""
    probe = [sys.executable, "-c", PROBE, json.dumps(lines)]
    finished = subprocess.run(probe, capture_output=True, text=True, check=True, timeout=60)
    codes, modules = json.loads(finished.stderr.splitlines()[-1])
    assert set(codes) == {0}, finished.stdout
    return modules


@pytest.mark.parametrize("words", [["--help"], ["local", "pack", "--help"], ["--version"]], ids=" ".join)
def test_it_imports_nothing_slow_and_no_plugin(words):
    modules = modules_after(words)
    assert "click" in modules
    assert [name for name in modules if name in SLOW or name.startswith("odahu_pack_docker")] == []


def test_the_help_of_packaging_commands_imports_no_client_and_no_display():
    commands = ("run", "plan", "validate", "cache")
    modules = modules_after(*(["local", "pack", command, "--help"] for command in commands))
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
