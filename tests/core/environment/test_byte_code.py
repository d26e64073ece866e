"""Byte code: what it is made of, that Python takes it, and that everybody makes the same."""

import marshal
import os
import subprocess
import sys
from pathlib import Path

import pytest

from odahu_pack_core.command import SubprocessRunner
from odahu_pack_core.environment import byte_code
from odahu_pack_core.environment.byte_code import compile_packages
from odahu_pack_core.environment.compiler import Compiler
from odahu_pack_core.environment.environments import Environments
from odahu_pack_core.environment.uv import HostPython
from odahu_pack_core.errors import DependencyError
from odahu_pack_core.events import Decision, Notice
from tests.core.environment.conftest import facts, members, pack, wanted
from tests.core.environment.wheelhouse import HOUSE, build_wheel

TREE = {
    "one.py": "NAMES = {'b', 'a', 'd', 'c'}\ndef f(x):\n    return x in {'q', 'w', 'e', 'r', 't', 'y'}\n",
    "package/__init__.py": "from .inner import g\n",
    "package/inner.py": "def g():\n    return __file__, g.__code__.co_filename\n",
    "package/tests/test_it.py": "assert True\n",
    "package/old.py": "print 'of another Python'\n",
    "package/null.py": "x = '\0'\n",
    "package/warning.py": "x = '\\d'\n",
    **{f"many/m{number}.py": f"def f{number}(a, b):\n    return 'many', {number}\n" for number in range(200)},
}


def pythons():
    """Every CPython X.Y of this machine, by version."""
    found = {HostPython.own().version: HostPython.own().path}
    for path in Path(os.environ.get("PYENV_ROOT", "/nonexistent")).glob("versions/3.*/bin/python3.?*"):
        minor = path.name.removeprefix("python")
        if minor.replace(".", "").isdigit():
            found[minor] = str(path.resolve())
    return dict(sorted(found.items(), key=lambda item: int(item[0].partition(".")[2])))


def each_python():
    """Every CPython of this machine as a parameter; those that are neither the oldest nor ours are slow."""
    usual = {next(iter(pythons())), HostPython.own().version}
    return [pytest.param(python, marks=[] if python in usual else pytest.mark.slow) for python in pythons()]


def plant(folder, tree):
    for name, text in tree.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def compiled(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*.pyc"))}


OWN = HostPython.own().path


@pytest.fixture
def compile_tree(tmp_path):
    """Compile a tree for an image, with the interpreter of the tests or another."""

    def run(tree, path=OWN, place="/opt/model/site", name="tree"):
        folder = plant(tmp_path / name, tree)
        compile_packages(folder, place, Compiler(path, "any"), SubprocessRunner())
        return compiled(folder)

    return run


def test_tests_and_what_does_not_compile_stay_without(compile_tree):
    modules = {Path(name).name.partition(".")[0] for name in compile_tree(TREE)}
    assert modules >= {"one", "__init__", "inner", "warning", "m0", "m199"}
    assert not modules & {"test_it", "old", "null"}


def test_it_is_never_compared_with_its_source(compile_tree, tmp_path):
    for content in compile_tree(TREE).values():
        assert content[4:8] == b"\1\0\0\0"
    (tmp_path / "tree" / "one.py").write_text("NAMES = 'changed'\n")
    code = f"import sys; sys.path.insert(0, {str(tmp_path / 'tree')!r}); import one; print(len(one.NAMES))"
    told = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "4"


def test_paths_are_those_of_the_image(compile_tree):
    content = compile_tree(TREE)[f"package/__pycache__/inner.{sys.implementation.cache_tag}.pyc"]
    assert marshal.loads(content[16:]).co_filename == "/opt/model/site/package/inner.py"


def test_byte_code_of_the_wheel_is_replaced_and_its_other_name_is_not(compile_tree, tmp_path):
    name = f"__pycache__/one.{sys.implementation.cache_tag}.pyc"
    planted = plant(tmp_path / "tree", {name: "of the wheel"}) / name
    other = tmp_path / "of uv"
    other.hardlink_to(planted)
    assert marshal.loads(compile_tree(TREE)[name][16:]).co_filename == "/opt/model/site/one.py"
    assert other.read_text() == "of the wheel"


@pytest.mark.parametrize("python", each_python())
def test_it_is_the_same_whoever_makes_it(compile_tree, python, monkeypatch):
    path = pythons()[python]
    first = compile_tree(TREE, path)
    monkeypatch.setenv("PYTHONHASHSEED", "7")
    monkeypatch.setenv("LC_ALL", "C")
    monkeypatch.setattr(byte_code.os, "sched_getaffinity", lambda _: range(7))
    before = os.umask(0o077)
    try:
        assert compile_tree(TREE, path, name="another folder with a longer name") == first
    finally:
        os.umask(before)
    monkeypatch.setattr(byte_code.os, "sched_getaffinity", lambda _: range(1))
    assert compile_tree(dict(reversed(TREE.items())), path, name="b") == first
    assert len(first) == 204


@pytest.mark.parametrize("python", each_python())
def test_every_python_takes_its_byte_code(compile_tree, python, tmp_path):
    path = pythons()[python]
    made = compile_tree(TREE, path)
    folder = tmp_path / "tree"
    for source in (*folder.glob("many/*.py"), folder / "one.py"):
        source.write_bytes(b"!" * source.stat().st_size)
        os.utime(source, (0, 0))  # as in an image
    code = (
        f"import sys; sys.path.insert(0, {str(folder)!r}); import one, many.m7\n"
        "print(one.f('q'), many.m7.f7(1, 2))"
    )
    told = subprocess.run([path, "-I", "-B", "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "True ('many', 7)"
    assert compiled(folder) == made


@pytest.mark.slow
def test_a_source_that_crashes_the_compiler_stays_without(compile_tree):
    path = pythons().get("3.8")
    if path is None:
        pytest.skip("there is no Python here that can be crashed")
    deep = "1" + "+1" * 200_000
    crashed = subprocess.run(
        [path, "-c", "compile('1' + '+1' * 200_000, 'x', 'exec')"], check=False, capture_output=True
    )
    assert crashed.returncode < 0
    made = compile_tree({**TREE, "many/m100.py": deep, "crash.py": deep}, path)
    without = compile_tree(
        {name: text for name, text in TREE.items() if name != "many/m100.py"}, path, name="b"
    )
    assert made.keys() == without.keys()
    assert made == without


def test_how_far_it_is_is_told_and_it_can_be_broken_off(tmp_path):
    folder, told = plant(tmp_path / "tree", TREE), []

    def note(done, total):
        told.append((done, total))

    compile_packages(folder, "/opt", Compiler(OWN, "any"), SubprocessRunner(), note)
    total = len(TREE) - 1
    assert told[0] == (0, total)
    assert told[-1] == (total, total)
    assert told == sorted(told)

    def interrupted(*_):
        raise KeyboardInterrupt

    other = plant(tmp_path / "other", TREE)
    with pytest.raises(KeyboardInterrupt):
        compile_packages(other, "/opt", Compiler(OWN, "any"), SubprocessRunner(), interrupted)


def test_a_disk_that_is_full_is_told(compile_tree, tmp_path):
    small = tmp_path / "tree"
    small.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1200k", "tmpfs", small]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("a small disk cannot be mounted here")
    try:
        with pytest.raises(DependencyError) as told:
            compile_tree(TREE)
        assert told.value.code == "disk-full"
    finally:
        subprocess.run(["umount", small], check=True)


def test_a_compiler_that_fails_is_told(compile_tree):
    with pytest.raises(DependencyError) as told:
        compile_tree(TREE, "/bin/false")
    assert told.value.code == "byte-code"
    assert "exit code 1" in told.value.message


def test_an_environment_has_byte_code(unpacked):
    prefix = unpacked(*HOUSE)
    tag = sys.implementation.cache_tag
    [greeter] = prefix.glob(f"lib/python*/site-packages/__pycache__/greeter.{tag}.pyc")
    [source] = prefix.glob("lib/python*/site-packages/greeter.py")
    assert marshal.loads(greeter.read_bytes()[16:]).co_filename == str(source)
    assert not list(prefix.glob("bin/__pycache__"))
    assert not any("pyc" in record.read_text() for record in prefix.rglob("RECORD"))


def test_a_site_folder_has_byte_code(made):
    files = made(wanted("greeter", layout="site", prefix="/opt/front")).files
    content = files[f"opt/front/__pycache__/greeter.{sys.implementation.cache_tag}.pyc"]
    assert marshal.loads(content[16:]).co_filename == "/opt/front/greeter.py"


def test_it_can_be_left_out(cache_dir, environ, recorder, tmp_path, made):
    environments = Environments(cache_dir, environ, recorder, byte_code=False)
    layer = wanted("greeter")
    resolved = environments.resolve(layer, facts(), tmp_path, recorder.emit)
    without = pack(environments, layer, resolved, facts(), tmp_path, recorder.emit)
    assert not [name for name in without.files if "pyc" in name]
    assert not recorder.of(Notice)
    with_it = made(layer)
    assert with_it.digests != without.digests
    assert {name for name in with_it.files if "pyc" not in name} == set(without.files)


def test_without_a_python_of_the_images_version_there_is_none_which_is_told_once(
    environments, recorder, tmp_path
):
    base = facts("3.99", "/usr/bin/python3")
    for layer in (wanted("greeter"), wanted("greeter", "scripted")):
        resolved = environments.resolve(layer, base, tmp_path, recorder.emit)
        found = members(pack(environments, layer, resolved, base, tmp_path, recorder.emit))
        assert not [m.name for m in found if "pyc" in m.name]
    [told] = recorder.of(Notice)
    assert "uv python install 3.99" in told.message


def test_whose_byte_code_it_is_is_told_once(environments, recorder, tmp_path):
    for layer in (wanted("greeter"), wanted("scripted")):
        environments.resolve(layer, facts(), tmp_path, recorder.emit)
    own = HostPython.own().version
    [told] = [event for event in recorder.of(Decision) if event.subject.startswith("byte code")]
    assert told.subject == f"byte code for Python {own}"
    assert told.choice.startswith(f"CPython {own}.")


def test_a_wheel_of_the_host_is_not_run(made, tmp_path, environ):
    house = tmp_path / "hostile"
    trap = f"open({str(tmp_path / 'trapped')!r}, 'w').close()\n"
    files = dict.fromkeys(("sitecustomize.py", "usercustomize.py", "marshal.py", "typing.py"), trap)
    build_wheel(house, "hostile", "1.0", {**files, "importlib/util.py": trap, "importlib/__init__.py": trap})
    environ["UV_FIND_LINKS"] = str(house)
    made(wanted("hostile"))
    assert not (tmp_path / "trapped").exists()
