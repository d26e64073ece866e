"""Which packages have a layer of their own, and what its key depends on."""

import threading
from dataclasses import replace

import pytest

from odahu_pack_core.environment.compiler import Compiler
from odahu_pack_core.environment.parts import Making
from odahu_pack_core.environment.target import Target
from odahu_pack_core.names import CACHE_ENVIRONMENT
from odahu_pack_core.plan.base import SitePackages
from odahu_pack_core.plan.cache_lock import LOCK_FILE, read_cache_lock
from odahu_pack_core.plan.environment import LockedPackage
from odahu_pack_core.plan.instruction import AddLayer
from tests.core.environment.conftest import Recorder, facts, members, pack, wanted
from tests.core.environment.wheelhouse import build_wheel

MB = 1_000_000


def locked(name, size=0, file=None, digest="a"):
    file = f"{name}-1-py3-none-any.whl" if file is None else file
    return LockedPackage(name, "1", (f"sha256:{digest * 64}",), "", file, size)


def making(layer=None, base=None, compiler=None):
    base = base or facts("3.11", "/usr/bin/python3")
    return Making(layer or wanted(), base, Target.of(base), compiler or Compiler("/x", "3.11.7"))


def parts(*packages, **other):
    return making(**other).parts(packages)


def test_large_wheels_are_alone_and_the_rest_comes_last():
    found = parts(locked("a", MB - 1), locked("b", MB), locked("c"), locked("d", 9 * MB))
    assert [(part.name, [package.name for package in part.packages]) for part in found] == [
        ("environment-d", ["d"]),
        ("environment-b", ["b"]),
        ("environment", ["a", "c"]),
    ]


def test_where_no_size_is_told_wheels_for_one_platform_are_alone():
    compiled = locked("compiled", file="compiled-1-cp311-cp311-manylinux_2_28_x86_64.whl")
    names = [part.name for part in parts(compiled, locked("pure"), locked("built", file=""))]
    assert names == ["environment-compiled", "environment"]


def test_the_largest_are_kept_apart_when_there_are_too_many():
    found = parts(*(locked(f"p{number:03}", number * MB) for number in range(1, 101)))
    assert len(found) == 21
    assert found[0].packages[0].name == "p100"
    assert len(found[-1].packages) == 80


@pytest.mark.parametrize("name", ["x" * 200, "x" * 199 + "y", "zope.interface", "a_b", "A"])
def test_every_package_makes_a_name_that_an_instruction_takes(name):
    [alone, rest] = parts(locked(name.lower(), MB))
    AddLayer(alone.name)
    assert alone.name != rest.name
    others = {parts(locked(other, MB))[0].name for other in ("x" * 200, "x" * 199 + "y") if other != name}
    assert alone.name not in others


def test_a_large_wheel_has_one_key_in_every_model():
    numpy = locked("numpy", 20 * MB)
    first = parts(numpy, locked("a"))
    assert parts(locked("b", 2 * MB), numpy)[0].key == first[0].key
    cached = facts("3.11", "/opt/python3", site_packages=SitePackages("/base", (("x", "1"),)))
    assert parts(numpy, base=cached)[0].key == first[0].key
    assert parts(numpy, layer=wanted("x", activate=True))[0].key == first[0].key
    elsewhere = replace(numpy, wheel="wheels/numpy.whl", file="numpy.whl")
    assert parts(elsewhere)[0].key == first[0].key


def test_what_decides_the_bytes_decides_the_key():
    def key(package=locked("numpy", MB), **other):  # noqa: B008  # a frozen value
        return parts(package, **other)[0].key

    without = replace(making(), compiler=None).parts([locked("numpy", MB)])[0].key
    keys = {
        key(),
        without,
        key(locked("numpy", MB, digest="b")),
        key(replace(locked("numpy", MB), version="2")),
        key(layer=wanted(prefix="/opt/other")),
        key(layer=wanted(layout="site")),
        key(base=facts("3.12", "/usr/bin/python3")),
        key(base=facts("3.11", "/usr/bin/python3", libc="musl")),
        key(base=facts("3.11", "/usr/bin/python3", platform="linux/arm64")),
        key(compiler=Compiler("/x", "3.11.2")),
    }
    assert len(keys) == 10
    assert key(compiler=Compiler("/elsewhere", "3.11.7")) == key()


def test_the_rest_depends_on_its_base():
    def key(*packages, **other):
        return parts(*packages, **other)[-1].key

    assert key(locked("numpy", MB)) == key(locked("scipy", MB)) == key()
    cached = facts("3.11", "/usr/bin/python3", site_packages=SitePackages("/base", ()))
    cache = wanted(prefix=CACHE_ENVIRONMENT)
    keys = {
        key(),
        key(base=cached),
        key(base=facts("3.11", "/opt/python3")),
        key(layer=wanted(activate=True)),
        key(layer=cache),
        key(locked("numpy", MB), layer=cache),
    }
    assert len(keys) == 6


def test_a_part_is_made_when_it_is_first_asked_for_and_once(environments, recorder, tmp_path):
    layer, base = wanted("greeter"), facts()
    resolved = environments.resolve(layer, base, tmp_path, recorder.emit)
    source = environments.tar(layer, resolved, resolved.parts[0], base, tmp_path)
    asked = len(recorder.commands)
    made = []
    threads = [threading.Thread(target=lambda: made.append(source.packed(recorder.emit))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(layer) for layer in made}) == 1
    assert len(recorder.commands) == asked + 2
    assert source.size == sum(map(len, source.chunks()))


@pytest.fixture
def _large_wheels(tmp_path, environ):
    """Wheels, of which two are large, one of them with a script and data."""
    house = tmp_path / "large"
    noise = "".join(f"x{number} = {number * 7919}\n" for number in range(1000))
    build_wheel(house, "heavy", "1.0", {"heavy.py": noise}, scripts={"lift": "heavy:x1"})
    build_wheel(house, "weighty", "1.0", {"weighty/__init__.py": noise, "weighty-1.0.data/data/share/w": "w"})
    build_wheel(house, "light", "1.0", requires=("heavy", "weighty"))
    environ["UV_FIND_LINKS"] = str(house)


def with_sizes(resolved, environments, layer, base):
    """As if an index had told the sizes, which folders of wheels do not."""
    packages = [replace(p, size=MB if p.name in {"heavy", "weighty"} else 9) for p in resolved.packages]
    compiler = environments._compilers.of(resolved.python)
    parts = Making(layer, base, Target.of(base), compiler).parts(packages)
    return replace(resolved, packages=tuple(packages), parts=parts)


@pytest.mark.usefixtures("_large_wheels")
def test_parts_hold_together_what_one_layer_would(environments, recorder, tmp_path):
    layer, base = wanted("light"), facts()
    resolved = environments.resolve(layer, base, tmp_path, recorder.emit)
    together = pack(environments, layer, resolved, base, tmp_path, recorder.emit)
    apart_ = with_sizes(resolved, environments, layer, base)
    apart = pack(environments, layer, apart_, base, tmp_path, recorder.emit)
    assert apart.names == ["environment-heavy", "environment-weighty", "environment"]
    assert together.names == ["environment"]
    assert apart.files == together.files
    plain = [m.name for m in members(apart) if not m.isdir()]
    assert len(plain) == len(set(plain))


@pytest.mark.usefixtures("_large_wheels")
def test_many_runs_at_once_make_each_part_once(environments, recorder, environ, tmp_path):
    layer, base = wanted("light"), facts()
    resolved = environments.resolve(layer, base, tmp_path, recorder.emit)
    resolved = with_sizes(resolved, environments, layer, base)
    recorders = [Recorder() for _ in range(20)]
    made = []

    def work(own):
        others = type(environments)(environments._cache.folder, environ, own)
        made.append(pack(others, layer, resolved, base, tmp_path, own.emit).digests)

    threads = [threading.Thread(target=work, args=(own,)) for own in recorders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 20
    assert len({tuple(digests) for digests in made}) == 1
    installed = [c for own in recorders for c in own.commands if "install" in c.arguments]
    assert len(installed) == 3


def test_a_cache_carries_its_lock(made):
    base = facts(site_packages=SitePackages("/base", (("greeter", "0.1"), ("held", "3"))))
    files = made(wanted("space-two", "greeter", prefix=CACHE_ENVIRONMENT), base).files
    assert read_cache_lock(files[f"{CACHE_ENVIRONMENT[1:]}/{LOCK_FILE}"]) == (
        ("greeter", "1.0"),
        ("held", "3"),
        ("space-one", "1.0"),
        ("space-two", "1.0"),
    )


def test_a_model_carries_none(made):
    assert not [name for name in made(wanted("greeter")).files if LOCK_FILE in name]
