"""What the command imports before it does anything."""

import json
import subprocess
import sys

import pytest

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
