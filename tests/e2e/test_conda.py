"""Models that need conda packages, on a base image without any Python: packaged without conda and run."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.core.environment.conda.channel import PLACEHOLDER, Channel, serving
from tests.core.environment.conda.real_python import add_python
from tests.e2e.parts import call, gppi_project, served
from tests.e2e.test_environment import shared_library

pytestmark = [pytest.mark.engine, pytest.mark.registry]

MODEL = """
    import ctypes, os, subprocess, sys

    def init():
        return "objects"

    def predict_on_objects(objects):
        import native_tool
        with open(os.path.join(sys.prefix, "etc", "tool.conf")) as conf:
            told = conf.read()
        library = ctypes.CDLL(os.path.join(sys.prefix, "lib", "libtool.so"))
        return [{
            "value": native_tool.answer(each["value"]),
            "crc": library.crc32(0, b"abc", 3),
            "conf": told,
            "script": subprocess.run(
                [os.path.join(sys.prefix, "bin", "native-tool")], check=True, stdout=subprocess.PIPE
            ).stdout.decode().strip(),
            "prefix": sys.prefix,
            "program": os.path.realpath(sys.executable),
        } for each in objects]
"""


NATIVE_TOOL = b"""
def answer(value):
    return value * 2

def main():
    print("tool")
"""


def native_channel(folder):
    """Make a channel with a Python, a native library and a package of Python code that needs it."""
    channel = Channel(folder)
    add_python(channel)
    channel.add(
        "libtool-native",
        "2.0",
        {
            "lib/libtool.so": shared_library().read_bytes() + f"\0{PLACEHOLDER}/share\0".encode(),
            "etc/tool.conf": f"share={PLACEHOLDER}/share".encode(),
        },
        prefixes={"lib/libtool.so": "binary", "etc/tool.conf": "text"},
        depends=["__glibc >=2.17"],
    )
    channel.add(
        "native-tool",
        "1.1",
        {"site-packages/native_tool.py": NATIVE_TOOL},
        subdir="noarch",
        noarch="python",
        depends=["python >=3.8", "libtool-native >=2"],
        entry_points=["native-tool = native_tool:main"],
    )
    return channel


@pytest.fixture
def without_python(client, base_python):
    """A base image that has lost its Python; its reference."""
    name = "odahu-test-without-python:1"
    container = client.containers.create(base_python("3.11"), ["rm", "-rf", "/usr/local"])
    try:
        container.start()
        container.wait()
        container.commit("odahu-test-without-python", "1", changes=["ENV PYTHON_VERSION="])
    finally:
        container.remove(force=True)
    yield name
    client.images.remove(name, force=True)


@pytest.fixture
def odahuflowctl(registry, monkeypatch):
    """Package what is in a folder by the command; the image's results and what was told."""
    monkeypatch.setenv("REGISTRY_PASSWORD", registry.password)

    def run(artifact, **arguments):
        packaging = {
            "kind": "ModelPackaging",
            "id": "conda-model",
            "spec": {
                "integrationName": "docker-rest",
                "artifactName": artifact.name,
                "arguments": arguments,
                "targets": [{"name": "docker-push", "connectionName": "press"}],
            },
        }
        spec = {
            "type": "docker",
            "uri": f"{registry.host}/conda",
            "username": registry.username,
            "password": {"env": "REGISTRY_PASSWORD"},
        }
        press = {"kind": "Connection", "id": "press", "spec": spec}
        (artifact.parent / "pack.json").write_text(json.dumps(packaging))
        (artifact.parent / "press.json").write_text(json.dumps(press))
        program = Path(sys.executable).with_name("odahuflowctl")
        command = [
            program,
            "local",
            "pack",
            "run",
            "-d",
            artifact.parent,
            "-o",
            "jsonpath=$[0].status.results[*]",
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return {each["name"]: each["value"] for each in json.loads(done.stdout)}, done.stderr

    return run


def test_a_model_that_needs_conda_predicts(client, registry, without_python, odahuflowctl, tmp_path):
    with serving(native_channel(tmp_path / "channel")) as (url, _):
        model = gppi_project(
            tmp_path / "project",
            MODEL,
            python=f"{sys.version_info[0]}.{sys.version_info[1]}",
            dependencies=["native-tool"],
            channels=[url],
        )
        results, told = odahuflowctl(model, dockerfileBaseImage=without_python)
    assert "no known twin of native-tool" in re.sub(r"\s+", " ", told)
    repository = results["image"].rpartition(":")[0]
    login = {"username": registry.username, "password": registry.password}
    client.images.pull(repository, tag=results["digest"], auth_config=login)
    options = {"read_only": True, "tmpfs": {"/tmp": ""}, "user": "12345:0", "cap_drop": ["ALL"]}
    with served(client, f"{repository}@{results['digest']}", **options) as address:
        status, answer = call(f"{address}/api/model/invoke", {"objects": [{"value": 21}]})
    assert status == 200, answer
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    assert answer["prediction"] == [
        {
            "value": 42,
            "crc": 891568578,
            "conf": "share=/opt/model/share",
            "script": "tool",
            "prefix": "/opt/model",
            "program": f"/opt/model/bin/python{version}",
        }
    ]
