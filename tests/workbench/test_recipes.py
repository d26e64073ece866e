"""Recipes are values: what decides about an image decides about its mark, and only that goes in."""

import dataclasses
import tarfile

import pytest

from workbench import PartMissingError
from workbench.bases import base_names, recipe_named, references_named
from workbench.recipes import python
from workbench.recipes.debian import DEBIAN, ROOT
from workbench.recipes.python import interpreters, python_recipe
from workbench.recipes.recipe import Kitchen

KEPT = {
    "bin/python": "elf",
    "bin/python3": "elf",
    "bin/python3.6m": "elf",
    "include/python3.6m/Python.h": "c",
    "lib/libpython3.6m.so.1.0": "elf",
    "lib/python3.6/os.py": "py",
    "lib/python3.6/latest.py": "not a test, though its name ends so",
    "lib/python3.6/lib-dynload/_ssl.so": "elf",
}
LEFT_OUT = {
    "bin/pip": "#!/root/.pyenv/versions/3.6.15/bin/python",
    "bin/python3.6-config": "#!/bin/sh",
    "lib/libpython3.6m.a": "archive",
    "lib/python3.6/__pycache__/os.cpython-36.pyc": "pyc",
    "lib/python3.6/test/test_os.py": "py",
    "lib/python3.6/unittest/tests/x.py": "py",
    "lib/python3.6/site-packages/planted.py": "py",
    "share/man/man1/python3.1": "man",
}


@pytest.fixture
def pyenv(tmp_path):
    for version in ("3.6.9", "3.6.15", "2.7.18", "3.13-dev"):
        for name, content in {**KEPT, **LEFT_OUT}.items():
            file = tmp_path / "versions" / version / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content)
    return {"PYENV_ROOT": str(tmp_path)}


def test_the_newest_release_of_each_minor_is_taken(pyenv):
    assert {minor: folder.name for minor, folder in interpreters(pyenv).items()} == {"3.6": "3.6.15"}
    assert base_names(pyenv) == ("debian", "python3.6", "triton")


@pytest.mark.usefixtures("pyenv")
def test_pyenv_is_found_in_the_users_home_and_beside_its_command(tmp_path, home, monkeypatch):
    command = tmp_path / "bin" / "pyenv"
    command.parent.mkdir()
    command.touch(mode=0o755)
    monkeypatch.setattr(python, "own_home", lambda _: home)
    assert interpreters({"PATH": str(home)}) == {}
    assert "3.6" in interpreters({"PATH": str(command.parent)})
    (home / ".pyenv" / "versions" / "3.8.1").mkdir(parents=True)
    assert set(interpreters({"PATH": str(command.parent)})) == {"3.6", "3.8"}


def test_a_python_that_is_not_there_says_what_is(pyenv):
    with pytest.raises(PartMissingError, match=r"no CPython 3\.7 .*: pyenv has 3\.6;"):
        recipe_named("python3.7", pyenv)


@pytest.mark.parametrize("name", ["python2.7", "python3.", "python:3.6", "Debian", ""])
def test_an_unknown_name_is_told_the_known_ones(name):
    with pytest.raises(PartMissingError, match=r"no base is called .* there are debian, .*triton"):
        references_named(name)


def test_a_python_base_gets_the_interpreter_and_nothing_of_the_host(pyenv, tmp_path):
    context = tmp_path / "context"
    context.mkdir()
    python_recipe("3.6", pyenv).prepare(Kitchen(context, tmp_path, {}))
    with tarfile.open(context / "python.tar") as archive:
        members = archive.getmembers()
    assert {member.name for member in members if member.isfile()} == set(KEPT)
    assert "lib/python3.6/site-packages" in {member.name for member in members}
    assert {(member.uid, member.gid) for member in members} == {(0, 0)}


def test_the_tag_and_the_proof_name_the_version_that_is_there(pyenv):
    recipe = python_recipe("3.6", pyenv)
    assert recipe.references == ("python:3.6-slim", "python:3.6")
    assert "PYTHON_VERSION=3.6.15" in recipe.dockerfile
    assert '== "3.6.15"' in recipe.proof[-1]


@pytest.mark.parametrize(
    "changed",
    [
        dataclasses.replace(DEBIAN, dockerfile=DEBIAN.dockerfile + "\n"),
        dataclasses.replace(DEBIAN, proof=("true",)),
        dataclasses.replace(DEBIAN, inputs=("another",)),
        dataclasses.replace(DEBIAN, parent=dataclasses.replace(ROOT, inputs=("another",))),
    ],
)
def test_the_mark_changes_with_what_decides_about_the_image(changed):
    assert changed.mark != DEBIAN.mark
    assert changed.mark.partition(":")[0] == DEBIAN.mark.partition(":")[0]
