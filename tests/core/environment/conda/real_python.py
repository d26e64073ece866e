"""A conda package of a real Python: the one that runs the tests, as pyenv built it."""

import os
import re
from pathlib import Path

from odahu_pack_core.environment.uv import HostPython

_LEFT_OUT = re.compile(
    r"lib/python3\.\d+/(site-packages|test|idlelib|tkinter|ensurepip|lib2to3|turtledemo|pydoc_data|config-.*)(/.*)?"
    r"|.*/tests?(/.*)?"
)


def add_python(channel):
    """Add it to a channel, byte code included, and return its X.Y.

    The folder that it was built for is its placeholder: by a prefix in its program it finds its library.
    """
    python = HostPython.own()
    root = Path(python.path).parents[1]
    program = f"bin/python{python.version}"
    library = f"lib/python{python.version}"
    found = [Path(python.path), *root.glob(f"lib/libpython{python.version}*.so.1.0")]
    for folder, folders, names in os.walk(root / library):
        inside = Path(folder).relative_to(root)
        folders[:] = [name for name in folders if not _LEFT_OUT.fullmatch(f"{inside}/{name}")]
        found += [Path(folder, name) for name in names]
    files = {path.relative_to(root).as_posix(): path.read_bytes() for path in found}
    channel.add(
        "python",
        f"{python.version}.0",
        files,
        links=[(f"bin/{name}", Path(program).name) for name in ("python", "python3")],
        modes={program: 0o755},
        conda=True,
        prefixes={path: _mode(path) for path, content in files.items() if _holds(path, content, root)},
        placeholder=str(root),
    )
    return python.version


def _holds(path, content, root):
    return not path.endswith(".pyc") and str(root).encode() in content


def _mode(path):
    return "text" if path.endswith(".py") else "binary"
