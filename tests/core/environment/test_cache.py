"""What is kept, when it is believed, and when it is made again."""

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from odahu_pack_core.blob import kept_layer
from odahu_pack_core.environment.environments import Environments
from odahu_pack_core.errors import EngineError
from odahu_pack_core.folders import cache_folder
from tests.core.environment.conftest import facts, pack, wanted
from tests.core.environment.wheelhouse import HOUSE, build_wheel


def entries(cache_dir, kind, suffix):
    return sorted((cache_dir / "v1" / kind).glob(f"*{suffix}"))


def programs(recorder):
    """What was run, in a few words; interpreters that are asked for their version aside."""
    return [
        f"uv {command.arguments[2]}" if command.program == "uv" else "python"
        for command in recorder.commands
        if "-c" not in command.arguments
    ]


def test_a_second_run_asks_nobody_and_installs_nothing(made, recorder):
    first = made(wanted("greeter")).layers
    asked = len(recorder.commands)
    second = made(wanted("greeter")).layers
    assert (second, len(recorder.commands)) == (first, asked)
    assert programs(recorder) == ["uv compile", "uv install", "python"]


SECOND = """
import os, sys
from pathlib import Path
from odahu_pack_core.environment.environments import Environments
from tests.core.environment.conftest import facts, wanted

def refused(command, on_line=None):
    raise AssertionError(command)
root = Path(sys.argv[1])
before = set(sys.modules)
environments, layer = Environments(root, os.environ, refused), wanted("greeter")
resolved = environments.resolve(layer, facts(), root, lambda _: None)
for part in resolved.parts:
    environments.tar(layer, resolved, part, facts(), root).packed(lambda _: None)
print(*(name for name in set(sys.modules) - before if name.startswith(("odahu", "uv", "packaging"))))
"""


def test_a_second_run_starts_nothing_and_imports_nothing_of_what_makes_layers(made, cache_dir, environ):
    made(wanted("greeter"))
    second = [sys.executable, "-c", SECOND, str(cache_dir)]
    told = subprocess.run(second, env=environ, check=True, capture_output=True, text=True)
    assert told.stdout.split() == []
    cold = subprocess.run(
        [*second[:-1], str(cache_dir / "cold")], env=environ, check=False, capture_output=True
    )
    assert b"AssertionError: Command(" in cold.stderr


def test_refresh_asks_again(made, recorder, cache_dir, environ):
    made(wanted("greeter"))
    again = Environments(cache_dir, environ, recorder, refresh=True)
    asked = len(recorder.commands)
    again.resolve(wanted("greeter"), facts(), cache_dir, recorder.emit)
    assert len(recorder.commands) == asked + 1


def test_another_index_is_another_question(made, recorder, cache_dir, environ, tmp_path):
    made(wanted("greeter"))
    asked = len(recorder.commands)
    elsewhere = {**environ, "UV_FIND_LINKS": str(tmp_path)}
    Environments(cache_dir, elsewhere, recorder).resolve(wanted("greeter"), facts(), cache_dir, recorder.emit)
    assert len(recorder.commands) == asked + 1


def test_the_same_packages_make_the_same_layer_whoever_asks(environments, recorder, tmp_path):
    def key(layer, base=None):
        return environments.resolve(layer, base or facts(), tmp_path, recorder.emit).parts[-1].key

    plain = key(wanted("greeter"))
    assert key(wanted("greeter==1.0")) == plain
    different = {
        key(wanted("greeter", "sharing")),
        key(wanted("greeter", prefix="/opt/other")),
        key(wanted("greeter", layout="site")),
        key(wanted("greeter", activate=True)),
        key(wanted("greeter"), facts("3.9", "/usr/bin/python3.9")),
        key(wanted("greeter"), facts(interpreter="/usr/bin/python3")),
        key(wanted("greeter"), facts(platform="linux/arm64")),
        key(wanted("greeter"), facts(libc="musl")),
    }
    assert len(different | {plain}) == 9


def flipped(content):
    return content[:600] + bytes([content[600] ^ 1]) + content[601:]


@pytest.mark.parametrize("damage", [lambda _: b"", lambda _: b"rubbish", flipped, lambda it: bytes(len(it))])
def test_a_damaged_layer_is_made_again(made, damage):
    first = made(wanted(*HOUSE))
    [blob] = first.paths
    content = blob.read_bytes()
    blob.write_bytes(damage(content))
    assert made(wanted(*HOUSE)).layers == first.layers
    assert blob.read_bytes() == content


@pytest.mark.parametrize(
    "damage", ["", "rubbish", "null", "[]", "{}", '{"digest": 1, "diff_id": "x"}', "[" * 100_000]
)
def test_a_damaged_note_has_its_layer_made_again(made, damage):
    first = made(wanted("greeter"))
    note = first.paths[0].with_suffix(".json")
    note.write_text(damage)
    assert made(wanted("greeter")).layers == first.layers
    assert note.read_text() != damage


def test_a_layer_that_was_only_copied_is_believed(made, recorder):
    first = made(wanted("greeter"))
    os.utime(first.paths[0], (1, 1))
    asked = len(recorder.commands)
    assert made(wanted("greeter")).layers == first.layers
    assert len(recorder.commands) == asked


def test_a_layer_from_before_the_machine_was_started_is_looked_at_once(made, monkeypatch, tmp_path):
    boot = tmp_path / "boot_id"
    monkeypatch.setattr(kept_layer, "_BOOT_ID", boot)
    boot.write_text("first")
    first = made(wanted(*HOUSE))
    content, there = first.paths[0].read_bytes(), first.paths[0].stat()
    lost = bytes(len(content))  # as some file systems have it after a power cut
    first.paths[0].write_bytes(lost)
    os.utime(first.paths[0], ns=(there.st_atime_ns, there.st_mtime_ns))
    boot.write_text("second")
    assert made(wanted(*HOUSE)).paths[0].read_bytes() == content
    boot.write_text("third")
    made(wanted(*HOUSE))
    digested = []
    monkeypatch.setattr(kept_layer, "digest_of_stream", digested.append)
    boot.write_text("fourth")
    assert made(wanted(*HOUSE)).layers == first.layers
    assert digested == []


def test_a_layer_is_believed_though_that_cannot_be_noted(made, monkeypatch):
    first = made(wanted("greeter"))
    os.utime(first.paths[0], (1, 1))

    def refused(*_):
        raise OSError(errno.EROFS, "read-only")

    monkeypatch.setattr(kept_layer, "put", refused)
    assert made(wanted("greeter")).layers == first.layers


@pytest.mark.parametrize(
    "damage", ["", "rubbish", '[{"name": "x"}]', "{}", "null", "[]", "[1]", "[" * 100_000, '{"packages": []}']
)
def test_a_damaged_lock_is_made_again(environments, recorder, cache_dir, tmp_path, damage):
    first = environments.resolve(wanted("greeter"), facts(), tmp_path, recorder.emit)
    [lock] = entries(cache_dir, "locks", ".json")
    lock.write_text(damage)
    assert environments.resolve(wanted("greeter"), facts(), tmp_path, recorder.emit) == first
    assert lock.read_text() != damage


def test_a_lock_that_lost_a_package_is_made_again(environments, recorder, cache_dir, tmp_path):
    first = environments.resolve(wanted("greeter", "sharing"), facts(), tmp_path, recorder.emit)
    [lock] = entries(cache_dir, "locks", ".json")
    content = json.loads(lock.read_text())
    lock.write_text(json.dumps({**content, "packages": content["packages"][:1]}))
    assert environments.resolve(wanted("greeter", "sharing"), facts(), tmp_path, recorder.emit) == first


def test_a_folder_in_the_place_of_an_entry_makes_room(made):
    first = made(wanted("greeter"))
    for path in (first.paths[0], first.paths[0].with_suffix(".json")):
        path.unlink()
        path.mkdir()
    assert made(wanted("greeter")).layers == first.layers


def test_a_lock_without_its_layer_is_enough(made):
    first = made(wanted("greeter"))
    first.paths[0].unlink()
    assert made(wanted("greeter")).layers == first.layers


def test_folders_may_be_relative(environ, recorder, tmp_path, monkeypatch):
    build_wheel(tmp_path / "artifact" / "house", "homely", "1.0")
    monkeypatch.chdir(tmp_path)
    environments = Environments(Path("cache"), environ, recorder)
    layer = wanted("homely", find_links=("house",), no_index=True)
    resolved = environments.resolve(layer, facts(), Path("artifact"), recorder.emit)
    made = pack(environments, layer, resolved, facts(), Path("artifact"), recorder.emit)
    assert made.paths[0].is_relative_to(tmp_path / "cache")


def test_a_lost_layer_is_told_when_it_is_read(made):
    first = made(wanted("greeter"))
    first.paths[0].unlink()
    with pytest.raises(EngineError, match="run again") as told:
        first.content  # noqa: B018  # reading is the point
    assert told.value.code == "layer-lost"


@pytest.mark.parametrize(
    ("environ", "folder"),
    [
        ({"ODAHU_PACK_CACHE_DIR": "/c", "XDG_CACHE_HOME": "/x", "HOME": "/h"}, "/c"),
        ({"XDG_CACHE_HOME": "/x", "HOME": "/h"}, "/x/odahu-pack"),
        ({"XDG_CACHE_HOME": "relative", "HOME": "/h"}, "/h/.cache/odahu-pack"),
        ({"HOME": "/h"}, "/h/.cache/odahu-pack"),
        ({"ODAHU_PACK_CACHE_DIR": "", "HOME": "/h"}, "/h/.cache/odahu-pack"),
    ],
)
def test_where_the_cache_is(environ, folder):
    assert str(cache_folder(environ)) == folder
