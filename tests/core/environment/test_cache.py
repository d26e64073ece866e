"""What is kept, and what happens when things break or run at the same time."""

import errno
import fcntl
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from odahu_pack_core.blob import kept_layer
from odahu_pack_core.environment.cache import Cache
from odahu_pack_core.environment.environments import Environments
from odahu_pack_core.errors import DependencyError, EngineError
from odahu_pack_core.events import Notice, Progress
from odahu_pack_core.folders import cache_folder
from tests.core.environment.conftest import Recorder, facts, pack, wanted
from tests.core.environment.wheelhouse import HOUSE, build_wheel


def entries(cache_dir, kind, suffix):
    return sorted((cache_dir / "v1" / kind).glob(f"*{suffix}"))


def leftovers(cache_dir):
    return [path for path in (cache_dir / "v1" / "scratch").iterdir() if path.is_dir()]


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


def test_two_threads_make_one_layer(cache_dir, environ, tmp_path):
    recorders = [Recorder() for _ in range(3)]
    base, layer = facts(), wanted("greeter", "sharing")
    tars = []

    def work(recorder):
        environments = Environments(cache_dir, environ, recorder)
        resolved = environments.resolve(layer, base, tmp_path, recorder.emit)
        tars.append(pack(environments, layer, resolved, base, tmp_path, recorder.emit))

    threads = [threading.Thread(target=work, args=(recorder,)) for recorder in recorders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({tuple(tar.digests) for tar in tars}) == 1
    installed = [c for r in recorders for c in r.commands if "install" in c.arguments]
    assert len(installed) == 1


def test_who_has_to_wait_is_told(environments, recorder, cache_dir, tmp_path):
    resolved = environments.resolve(wanted("greeter"), facts(), tmp_path, recorder.emit)
    lock = cache_dir / "v1" / "layers" / f"{resolved.parts[0].key}.blob.lock"
    lock.parent.mkdir(parents=True)
    with lock.open("wb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        made = []
        thread = threading.Thread(
            target=lambda: made.append(
                pack(environments, wanted("greeter"), resolved, facts(), tmp_path, recorder.emit)
            )
        )
        told = threading.Event()
        emit = recorder.emit
        recorder.emit = lambda event: (emit(event), told.set() if isinstance(event, Notice) else None)
        thread.start()
        assert told.wait(30)
        assert not made
    thread.join()
    assert made
    assert "waiting" in recorder.of(Notice)[0].message


def test_a_failure_leaves_nothing_behind(environments, recorder, cache_dir, tmp_path):
    with pytest.raises(DependencyError):
        environments.resolve(wanted("greeter==9"), facts(), tmp_path, recorder.emit)
    assert not entries(cache_dir, "locks", ".json")
    assert not leftovers(cache_dir)


def test_an_interrupt_leaves_nothing_behind(cache_dir, environ, recorder, tmp_path):
    def interrupted(event):
        if isinstance(event, Progress) and event.unit == "bytes":
            raise KeyboardInterrupt

    environments = Environments(cache_dir, environ, recorder)
    big = tmp_path / "house"
    _build_big(big)
    environments._environ = {**environ, "UV_FIND_LINKS": str(big)}
    resolved = environments.resolve(wanted("big"), facts(), tmp_path, recorder.emit)
    with pytest.raises(KeyboardInterrupt):
        pack(environments, wanted("big"), resolved, facts(), tmp_path, interrupted)
    assert not entries(cache_dir, "layers", ".blob")
    assert not leftovers(cache_dir)
    tar = pack(environments, wanted("big"), resolved, facts(), tmp_path, recorder.emit)
    assert tar.layers[0].size > 2_000_000
    done = [event.done for event in recorder.of(Progress) if event.unit == "bytes"]
    assert done == sorted(done)
    assert done


def test_what_a_killed_run_left_is_swept(tmp_path):
    cache = Cache(tmp_path)
    code = (
        "import os, signal, sys\nfrom pathlib import Path\n"
        "from odahu_pack_core.environment.cache import Cache\n"
        "with Cache(Path(sys.argv[1])).scratch() as folder:\n"
        "    (folder / 'half').write_text('made')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False)
    [left] = leftovers(tmp_path)
    with cache.scratch() as mine:
        assert not left.exists()
        with cache.scratch() as other:
            assert mine.exists()
            assert other != mine
    assert not leftovers(tmp_path)


def test_a_run_that_finds_all_it_needs_sweeps_too(made, cache_dir):
    made(wanted("greeter"))
    code = (
        "import os, signal, sys\nfrom pathlib import Path\n"
        "from odahu_pack_core.environment.cache import Cache\n"
        "with Cache(Path(sys.argv[1])).scratch():\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run([sys.executable, "-c", code, str(cache_dir)], check=False)
    assert leftovers(cache_dir)
    made(wanted("greeter"))
    assert not leftovers(cache_dir)


def test_a_full_disk_is_told_and_leaves_nothing(cache_dir, environ, recorder, tmp_path):
    size = "size=600k"
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", size, "tmpfs", cache_dir], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip("a small disk cannot be mounted here")
    try:
        _build_big(tmp_path / "house")
        environments = Environments(
            cache_dir, {**environ, "UV_FIND_LINKS": str(tmp_path / "house")}, recorder
        )
        resolved = environments.resolve(wanted("big"), facts(), tmp_path, recorder.emit)
        with pytest.raises(DependencyError) as told:
            pack(environments, wanted("big"), resolved, facts(), tmp_path, recorder.emit)
        assert told.value.code == "disk-full"
        assert not entries(cache_dir, "layers", ".blob")
        assert not leftovers(cache_dir)
    finally:
        subprocess.run(["umount", cache_dir], check=True)


def test_a_cache_that_cannot_be_written_is_told(environ, recorder, tmp_path):
    (tmp_path / "file").write_text("")
    environments = Environments(tmp_path / "file", environ, recorder)
    with pytest.raises(DependencyError, match="cannot write to the cache") as told:
        environments.resolve(wanted("greeter"), facts(), tmp_path, recorder.emit)
    assert told.value.code == "cache-unwritable"
    assert "ODAHU_PACK_CACHE_DIR" in told.value.hint


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


def _build_big(folder):
    build_wheel(folder, "big", "1.0", {"big.py": "#" * 1_500_000, "bigger.py": "#" * 1_500_000})


KILLED = """
import os, signal, sys
from pathlib import Path
from odahu_pack_core.command import SubprocessRunner
from odahu_pack_core import folders
from odahu_pack_core.blob import kept_layer
from odahu_pack_core.environment.environments import Environments
from tests.core.environment.conftest import facts, wanted

number, entries = int(sys.argv[2]), []
def put(source, entry):
    entries.append(entry)
    if len(entries) > number:
        os.kill(os.getpid(), signal.SIGKILL)
    whole(source, entry)
whole, kept_layer.put = folders.put, put
environments, root = Environments(Path(sys.argv[1]), os.environ, SubprocessRunner()), Path(sys.argv[1])
resolved = environments.resolve(wanted("greeter"), facts(), root, print)
environments.tar(wanted("greeter"), resolved, resolved.parts[0], facts(), root).packed(print)
"""


@pytest.mark.parametrize("number", [0, 1])
def test_a_run_that_is_killed_while_it_keeps_a_layer_harms_nobody(made, cache_dir, environ, number):
    ended = subprocess.run(
        [sys.executable, "-c", KILLED, str(cache_dir), str(number)], env=environ, check=False, timeout=60
    )
    assert ended.returncode == -signal.SIGKILL
    assert len(entries(cache_dir, "layers", ".blob")) == number
    made(wanted("greeter"))
    assert not leftovers(cache_dir)
    assert len(entries(cache_dir, "layers", ".json")) == 1


def test_a_folder_is_made_once_and_whole(tmp_path):
    cache, made = Cache(tmp_path), []

    def make(scratch):
        made.append(scratch)
        (scratch / "new").mkdir()
        (scratch / "new" / "file").touch()
        return scratch / "new"

    entry = cache.entry("things", "a", "")
    for _ in range(2):
        assert cache.folder_entry(entry, make, lambda: None) == entry
    assert (len(made), (entry / "file").exists()) == (1, True)


def test_old_folders_are_forgotten_unless_they_are_held(tmp_path):
    cache = Cache(tmp_path)
    held, free, new = (cache.entry("things", name, "") for name in ("held", "free", "new"))
    for entry in (held, free, new):
        entry.mkdir(parents=True)
        (entry / "file").touch()
    mark = os.open(held, os.O_RDONLY)
    try:
        fcntl.flock(mark, fcntl.LOCK_SH)
        cache.forget("things", lambda entry: entry != new)
    finally:
        os.close(mark)
    assert (held.exists(), free.exists(), new.exists()) == (True, False, True)
    assert list(cache.folder_of("scratch").iterdir()) == []
    cache.forget("nothing", lambda _: True)


def test_a_folder_that_a_killed_run_was_making_is_made_anew(tmp_path):
    cache = Cache(tmp_path)
    entry = cache.entry("things", "a", "")
    killed = (
        "import os, pathlib; from odahu_pack_core.environment.cache import Cache; "
        f"cache = Cache(pathlib.Path({str(tmp_path)!r})); "
        "cache.folder_entry(cache.entry('things', 'a', ''), "
        "lambda scratch: [(scratch / 'new').mkdir(), os.kill(os.getpid(), 9)], print)"
    )
    assert subprocess.run([sys.executable, "-c", killed], check=False).returncode == -signal.SIGKILL
    assert list(cache.folder_of("scratch").iterdir())
    assert not entry.exists()

    def make(scratch):
        (scratch / "new").mkdir()
        return scratch / "new"

    assert cache.folder_entry(entry, make, lambda: pytest.fail("nobody holds the lock")) == entry
    assert list(cache.folder_of("scratch").iterdir()) == []
