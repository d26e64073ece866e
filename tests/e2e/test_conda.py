"""Models that need conda packages, on a base image without any Python: packaged without conda and run."""

import contextlib
import json
import re
import subprocess
import sys
import time
import urllib.request
from dataclasses import replace
from pathlib import Path

import pytest

from odahu_pack_core import package_model
from odahu_pack_triton import releases
from tests.core.environment.conda.channel import PLACEHOLDER, Channel, serving
from tests.core.environment.conda.real_python import add_python
from tests.e2e.parts import call, connection, container, gppi_project, packaging, pull_by_digest, served
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
        request = {
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
        (artifact.parent / "pack.json").write_text(json.dumps(request))
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


TRITON_MODEL = """
import sys
import native_tool
import numpy as np
import triton_python_backend_utils as pb_utils

assert sys.prefix == "/opt/model", sys.prefix

class TritonPythonModel:
    @staticmethod
    def auto_complete_config(config):
        config.add_input({"name": "X", "data_type": "TYPE_FP32", "dims": [-1]})
        config.add_output({"name": "Y", "data_type": "TYPE_FP32", "dims": [-1]})
        config.set_max_batch_size(0)
        return config

    def execute(self, requests):
        values = [pb_utils.get_input_tensor_by_name(request, "X").as_numpy() for request in requests]
        return [pb_utils.InferenceResponse([pb_utils.Tensor("Y", native_tool.answer(v))]) for v in values]
"""


@pytest.mark.triton
def test_triton_runs_a_model_in_a_conda_environment(client, registry, triton_base, tmp_path, monkeypatch):
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    tag = triton_base.rpartition(":")[2]
    release = replace(releases.RELEASES[tag.removesuffix("-py3")], python=version)
    monkeypatch.setitem(releases.RELEASES, release.version, release)  # the workbench's has another Python
    (tmp_path / "model").mkdir()
    (tmp_path / "model/model.py").write_text(TRITON_MODEL)
    with serving(native_channel(tmp_path / "channel")) as (url, _):
        listed = [f"python={version}", "native-tool", {"pip": ["numpy<2"]}]
        conda = {"channels": [url], "dependencies": listed}
        (tmp_path / "model/conda.yaml").write_text(json.dumps(conda))
        request = packaging("docker-triton", triton_base_image_tag=tag)
        image = package_model(request, artifact=tmp_path / "model", connections=[connection(registry)]).image
    options = {"read_only": True, "tmpfs": {"/tmp": ""}, "user": "12345:0", "cap_drop": ["ALL"]}
    ports = {"8000/tcp": ("127.0.0.1", None)}
    with container(client, pull_by_digest(client, registry, image), ports=ports, **options) as started:
        assert inferred(started, "model", [1.0, 2.5]) == [2.0, 5.0]


def inferred(started, model, values, seconds=60):
    """Return what a model makes of numbers, once the server is ready."""
    started.reload()
    address = f"http://127.0.0.1:{started.ports['8000/tcp'][0]['HostPort']}/v2"
    end = time.monotonic() + seconds
    while True:
        started.reload()
        assert started.status != "exited", "the server ended"
        with contextlib.suppress(OSError):
            urllib.request.urlopen(f"{address}/health/ready", timeout=5).close()
            break
        assert time.monotonic() < end, "the server is not ready"
        time.sleep(0.1)
    tensor = {"name": "X", "shape": [len(values)], "datatype": "FP32", "data": values}
    status, answer = call(f"{address}/models/{model}/infer", {"inputs": [tensor]})
    assert status == 200, answer
    return answer["outputs"][0]["data"]
