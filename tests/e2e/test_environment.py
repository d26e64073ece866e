"""The model's environment in a real image: everything that a wheel may bring works there."""

import zipfile
import zlib
from pathlib import Path

import pytest

from odahu_pack_core import package_model
from odahu_pack_core.command import SubprocessRunner
from tests.e2e.parts import call, connection, gppi_project, packaging, pull_by_digest, served

pytestmark = [pytest.mark.engine, pytest.mark.registry]

EVERYTHING = """
    import multiprocessing, os, statistics, subprocess, sys, sysconfig

    def init():
        return "objects"

    def _child(queue):
        import kitchen_sink
        queue.put(kitchen_sink.__file__)

    def spawned():
        context = multiprocessing.get_context("spawn")
        queue = context.Queue()
        process = context.Process(target=_child, args=(queue,))
        process.start()
        found = queue.get(timeout=20)
        process.join(20)
        return found

    def output(*command):
        return subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout.decode().strip()

    def predict_on_objects(objects):
        import kitchen_sink, namespaced.part, from_pth
        with open(os.path.join(sys.prefix, "share", "kitchen", "recipe.txt")) as recipe:
            text = recipe.read()
        return [{
            "script": output(os.path.join(sys.prefix, "bin", "kitchen-sink")),
            "module": output(sys.executable, "-m", "kitchen_sink"),
            "spawned": spawned(),
            "data": text,
            "namespace": namespaced.part.NAME,
            "pth": from_pth.NAME,
            "bundled": kitchen_sink.bundled(),
            "statistics": statistics.mean([1, 3]),
            "prefix": sys.prefix,
        }]
"""


def shared_library():
    """Return a shared library that needs nothing but the C library: the zlib of this very process."""
    mapped = (line.split()[-1] for line in Path("/proc/self/maps").read_text().splitlines())
    return next(Path(path) for path in mapped if "/libz.so" in path)


def kitchen_sink_wheel(folder):
    """Write a wheel with a script, data, a .pth, a namespace, bundled libraries and ``statistics``."""
    files = {
        "kitchen_sink/__init__.py": (
            "import ctypes, os\n"
            "def main(): print('from the script')\n"
            "def bundled():\n"
            "    folder = os.path.join(os.path.dirname(os.path.dirname(__file__)), 'kitchen_sink.libs')\n"
            "    library = ctypes.CDLL(os.path.join(folder, 'libbundled.so'))\n"
            "    return library.crc32(0, b'abc', 3)\n"
        ),
        "kitchen_sink/__main__.py": "print('from the module')\n",
        "kitchen_sink.libs/libbundled.so": shared_library().read_bytes(),
        "kitchen_sink.pth": "hidden_folder\n",
        "hidden_folder/from_pth.py": "NAME = 'found through .pth'\n",
        "namespaced/part.py": "NAME = 'part of a namespace'\n",
        "statistics.py": "raise ImportError('the standard library comes first')\n",
        "kitchen_sink-1.0.data/data/share/kitchen/recipe.txt": "boil it",
        "kitchen_sink-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: kitchen-sink\nVersion: 1.0\n",
        "kitchen_sink-1.0.dist-info/WHEEL": (
            "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        ),
        "kitchen_sink-1.0.dist-info/entry_points.txt": (
            "[console_scripts]\nkitchen-sink = kitchen_sink:main\n"
        ),
    }
    record = "kitchen_sink-1.0.dist-info/RECORD"
    files[record] = "".join(f"{path},,\n" for path in [*files, record])
    wheel = folder / "kitchen_sink-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    return wheel


def test_everything_that_a_wheel_brings_works(client, registry, base_python, tmp_path):
    base_python("3.11")
    wheel = kitchen_sink_wheel(tmp_path)
    project = gppi_project(
        tmp_path / "project", EVERYTHING, pip=[f"../{wheel.name}"], **{wheel.name: wheel.read_bytes()}
    )
    published = package_model(
        packaging("docker-rest"), artifact=project, connections=[connection(registry)]
    ).image
    with served(
        client, pull_by_digest(client, registry, published), read_only=True, tmpfs={"/tmp": ""}
    ) as address:
        status, answer = call(f"{address}/api/model/invoke", {"objects": [{}]})
    assert status == 200, answer
    assert answer["prediction"] == [
        {
            "script": "from the script",
            "module": "from the module",
            "spawned": "/opt/model/lib/python3.11/site-packages/kitchen_sink/__init__.py",
            "data": "boil it",
            "namespace": "part of a namespace",
            "pth": "found through .pth",
            "bundled": zlib.crc32(b"abc"),
            "statistics": 2,
            "prefix": "/opt/model",
        }
    ]


def test_the_model_may_pin_what_the_server_uses(client, registry, base_python, tmp_path):
    base_python("3.11")
    pins = ["click==7.1.2", "h11==0.9.0", "starlette==0.13.6", "typing-extensions==3.7.4.3"]
    model = """
        import click, h11, starlette
        from importlib.metadata import version

        def init():
            return "objects"

        def predict_on_objects(objects):
            return [{name: version(name) for name in ("click", "h11", "starlette", "typing-extensions")}]
    """
    project = gppi_project(tmp_path / "project", model, pip=pins)
    published = package_model(
        packaging("docker-rest"), artifact=project, connections=[connection(registry)]
    ).image
    with served(client, pull_by_digest(client, registry, published)) as address:
        status, answer = call(f"{address}/api/model/invoke", {"objects": [{}]})
    assert status == 200, answer
    assert answer["prediction"] == [dict(pin.split("==") for pin in pins)]


def test_new_weights_resolve_and_install_nothing(client, registry, base_python, tmp_path, monkeypatch):
    base_python("3.11")
    model = """
        import os, tabulate

        def init():
            return "objects"

        def predict_on_objects(objects):
            with open(os.path.join(os.environ["MODEL_LOCATION"], "..", "weights")) as weights:
                return [{"weights": weights.read()}]
    """

    def refuse(_runner, command, _on_line=None):
        raise AssertionError(f"{command.program} was started")

    for weights in (b"first", b"second"):
        folder = tmp_path / weights.decode()
        project = gppi_project(folder, model, dependencies=["tabulate=0.9.0"], weights=weights)
        published = package_model(
            packaging("docker-rest"), artifact=project, connections=[connection(registry)]
        ).image
        monkeypatch.setattr(SubprocessRunner, "__call__", refuse)
    with served(client, pull_by_digest(client, registry, published)) as address:
        answer = call(f"{address}/api/model/invoke", {"objects": [{}]})[1]
    assert answer["prediction"] == [{"weights": "second"}]
