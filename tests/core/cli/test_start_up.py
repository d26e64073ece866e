"""What the command imports before it does anything."""

import json
import subprocess
import sys

import pytest

SLOW = ("boto3", "docker", "httpx", "jinja2", "jsonpath_ng", "pydantic", "rich", "yaml")
PROBE = """\
import json, os, sys
from odahu_pack_core.cli.entry import run
code = run(sys.argv[1:], os.environ)
print(json.dumps([code, sorted(sys.modules)]), file=sys.stderr)
"""


def modules_after(*words):
    finished = subprocess.run(
        [sys.executable, "-c", PROBE, *words], capture_output=True, text=True, check=True, timeout=60
    )
    code, modules = json.loads(finished.stderr.splitlines()[-1])
    assert code == 0, finished.stdout
    return modules


@pytest.mark.parametrize(
    "words", [["--help"], ["local", "--help"], ["local", "pack", "--help"], ["--version"]]
)
def test_help_imports_nothing_slow(words):
    modules = modules_after(*words)
    assert "click" in modules
    assert [name for name in modules if name in SLOW] == []


def test_help_imports_no_plugin():
    assert [name for name in modules_after("--help") if name.startswith("odahu_pack_docker")] == []


@pytest.mark.parametrize("command", ["run", "plan", "validate", "cache"])
def test_the_help_of_a_packaging_command_imports_no_client_and_no_display(command):
    modules = modules_after("local", "pack", command, "--help")
    assert [name for name in modules if name in {"boto3", "docker", "httpx", "rich", "jsonpath_ng"}] == []
