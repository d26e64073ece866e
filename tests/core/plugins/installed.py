"""Distributions that pip might have installed: a module, and a ``*.dist-info`` that announces it."""

from importlib.metadata import distributions

HEAD = "from odahu_pack_core import *\nfrom pydantic import BaseModel\n\n"
PACKAGER = """
class Packager:
    def plan(self, job): ...
    def build_and_push(self, job, plan, build): ...

@hookimpl
def odahu_pack_packagers():
    return [PackagerRecord({name!r}, "A packager.", BaseModel, Packager)]
"""


def install(folder, name, code, *, version="1.0", entry_points=None):
    """Lay out a distribution with one module, as pip does, and return the module's name."""
    module = name.replace("-", "_")
    (folder / f"{module}.py").write_text(code)
    info = folder / f"{module}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    announced = entry_points or {name: module}
    lines = [f"{entry} = {value}\n" for entry, value in announced.items()]
    (info / "entry_points.txt").write_text("[odahu_pack]\n" + "".join(lines))
    return module


def announced_in(folder):
    """Return the entry points that the distributions of a folder announce."""
    return [
        point
        for one in distributions(path=[str(folder)])
        for point in one.entry_points
        if point.group == "odahu_pack"
    ]
