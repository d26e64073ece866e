import pytest

from tests.core.environment.conda.channel import PLACEHOLDER, Channel
from tests.core.environment.conftest import facts, wanted

PYTHON_FILES = {"bin/python3.11": b"\x7fELF", "lib/python3.11/os.py": b"sep = '/'\n"}
PYTHON_LINKS = [("bin/python3", "python3.11"), ("bin/python", "python3.11")]


@pytest.fixture
def channel(tmp_path):
    """A channel with what passes for a Python, and packages of each kind."""
    made = Channel(tmp_path / "channel")
    for subdir in ("linux-64", "linux-aarch64"):
        made.add(
            "python",
            "3.11.9",
            PYTHON_FILES,
            subdir=subdir,
            links=PYTHON_LINKS,
            modes={"bin/python3.11": 0o755},
            conda=True,
        )
    made.add(
        "tool",
        "2.0",
        {
            "etc/tool.conf": f"share = {PLACEHOLDER}/share\n".encode(),
            "lib/libtool.so": f"\x7fELF\0{PLACEHOLDER}/share\0end".encode(),
            "bin/tool": f"#!{PLACEHOLDER}/bin/python\nprint('tool')\n".encode(),
        },
        prefixes={"etc/tool.conf": "text", "lib/libtool.so": "binary", "bin/tool": "text"},
        modes={"bin/tool": 0o775},
        depends=["__glibc >=2.17"],
    )
    made.add(
        "speaker",
        "1.5",
        {
            "site-packages/speaker/__init__.py": b"def main():\n    print('hello')\n",
            "site-packages/speaker-1.5.dist-info/METADATA": b"Name: speaker\nVersion: 1.5\n",
            "python-scripts/whisper": b"#!/bin/sh\necho psst\n",
        },
        subdir="noarch",
        noarch="python",
        build="py_0",
        depends=["python >=3.8", "tool"],
        entry_points=["speak = speaker:main"],
        modes={"python-scripts/whisper": 0o755},
    )
    return made


@pytest.fixture
def layer(channel):
    """Return an environment of conda packages from the channel."""

    def ask(*packages, channels=(), pip=(), **other):
        channels = channels or (channel.url,)
        return wanted(*pip, conda=packages, channels=tuple(channels), **other)

    return ask


@pytest.fixture
def bare():
    """A base image without any Python; the environment is to have 3.11."""
    return facts("3.11", platform="linux/amd64")
