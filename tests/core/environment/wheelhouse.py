"""Wheels made by the tests, each with something that a naive installation gets wrong."""

import base64
import hashlib
import zipfile
from pathlib import Path


def build_wheel(
    folder,
    name,
    version,
    files=None,
    *,
    requires=(),
    requires_python="",
    scripts=None,
    tag="py3-none-any",
    executable=(),
):
    """Write a wheel and return its path; ``files`` maps paths in it to text."""
    stem = f"{name.replace('-', '_')}-{version}"
    metadata = [f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"]
    metadata += [f"Requires-Dist: {line}\n" for line in requires]
    metadata += [f"Requires-Python: {requires_python}\n"] if requires_python else []
    members = dict(files or {f"{name.replace('-', '_')}.py": f"VERSION = {version!r}\n"})
    members[f"{stem}.dist-info/METADATA"] = "".join(metadata)
    members[f"{stem}.dist-info/WHEEL"] = (
        f"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: {tag}\n"
    )
    if scripts:
        lines = [f"{command} = {place}\n" for command, place in scripts.items()]
        members[f"{stem}.dist-info/entry_points.txt"] = "[console_scripts]\n" + "".join(lines)
    record = "".join(f"{path},{_digest(text)},{len(text.encode())}\n" for path, text in members.items())
    members[f"{stem}.dist-info/RECORD"] = record + f"{stem}.dist-info/RECORD,,\n"
    path = Path(folder) / f"{stem}-{tag}.whl"
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for member, text in members.items():
            entry = zipfile.ZipInfo(member)
            entry.external_attr = (0o755 if member in executable else 0o644) << 16
            archive.writestr(entry, text)
    return path


def build_house(folder):
    """Fill a folder with one wheel of each kind."""
    build_wheel(
        folder,
        "greeter",
        "1.0",
        {"greeter.py": "import sys\n\ndef main():\n    print('hello from', sys.prefix)\n"},
        scripts={"greet": "greeter:main"},
    )
    build_wheel(
        folder,
        "scripted",
        "1.0",
        {
            "scripted.py": "",
            "scripted-1.0.data/scripts/shout": "#!python\nprint('SHOUT')\n",
            "scripted-1.0.data/scripts/shelled": "#!/bin/sh\necho shelled\n",
            "scripted-1.0.data/headers/scripted.h": "int x;\n",
        },
    )
    build_wheel(
        folder,
        "sharing",
        "1.0",
        {"sharing.py": "", "sharing-1.0.data/data/share/sharing/table.txt": "table\n"},
    )
    build_wheel(
        folder,
        "pathed",
        "1.0",
        {"pathed.pth": "import sys; sys.pathed = True\n", "pathed-folder/inside.py": "HERE = 1\n"},
    )
    build_wheel(folder, "space-one", "1.0", {"space/one.py": "ONE = 1\n"})
    build_wheel(folder, "space-two", "1.0", {"space/two.py": "TWO = 2\n"}, requires=("space-one>=1",))
    build_wheel(
        folder,
        "bundling",
        "1.0",
        {"bundling/__init__.py": "", "bundling.libs/libbundled-1a2b.so.1": "not really\n"},
        executable=("bundling.libs/libbundled-1a2b.so.1",),
    )
    build_wheel(folder, "hiding", "1.0", {"statistics.py": "MINE = True\n"})
    return folder


HOUSE = ("greeter", "scripted", "sharing", "pathed", "space-two", "bundling", "hiding")
"""What to ask for to get every wheel of the house."""


def _digest(text):
    digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
    return f"sha256={digest}"
