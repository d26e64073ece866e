"""What is kept, and what happens when things break or run at the same time."""

import fcntl
import os
import subprocess
import sys
import threading

import pytest

from odahu_pack_core.environment.cache import Cache
from odahu_pack_core.environment.environments import Environments
from odahu_pack_core.errors import DependencyError
from odahu_pack_core.events import Notice, Progress
from odahu_pack_core.folders import cache_folder
from tests.core.environment.conftest import Recorder, facts, wanted
from tests.core.environment.wheelhouse import build_wheel


def entries(cache_dir, kind, suffix):
    return sorted((cache_dir / "v1" / kind).glob(f"*{suffix}"))


def leftovers(cache_dir):
    return [path for path in (cache_dir / "v1" / "scratch").iterdir() if path.is_dir()]


def test_a_second_run_asks_nobody_and_installs_nothing(made, recorder):
    first = made(wanted("greeter"))
    asked = len(recorder.commands)
    second = made(wanted("greeter"))
    assert (second, len(recorder.commands)) == (first, asked)
    assert asked == 2


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
        return environments.resolve(layer, base or facts(), tmp_path, recorder.emit).key

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


@pytest.mark.parametrize("damage", [b"", b"rubbish", None])
def test_a_damaged_layer_is_made_again(made, damage):
    tar = made(wanted("greeter"))
    if damage is None:
        content = bytearray(tar.path.read_bytes())
        content[600] ^= 1
        damage = bytes(content)
    tar.path.write_bytes(damage)
    assert made(wanted("greeter")) == tar
    assert tar.path.stat().st_size == tar.size


def test_a_layer_that_was_only_copied_is_believed(made, recorder):
    tar = made(wanted("greeter"))
    os.utime(tar.path, (1, 1))
    asked = len(recorder.commands)
    assert made(wanted("greeter")) == tar
    assert len(recorder.commands) == asked


@pytest.mark.parametrize("damage", ["", "rubbish", '[{"name": "x"}]', "{}", "null", "[1]"])
def test_a_damaged_lock_is_made_again(environments, recorder, cache_dir, tmp_path, damage):
    first = environments.resolve(wanted("greeter"), facts(), tmp_path, recorder.emit)
    [lock] = entries(cache_dir, "locks", ".json")
    lock.write_text(damage)
    assert environments.resolve(wanted("greeter"), facts(), tmp_path, recorder.emit) == first
    assert lock.read_text() != damage


def test_a_lock_without_its_layer_is_enough(made):
    tar = made(wanted("greeter"))
    tar.path.unlink()
    assert made(wanted("greeter")).digest == tar.digest


def test_two_threads_make_one_layer(cache_dir, environ, tmp_path):
    recorders = [Recorder() for _ in range(3)]
    base, layer = facts(), wanted("greeter", "sharing")
    tars = []

    def work(recorder):
        environments = Environments(cache_dir, environ, recorder)
        resolved = environments.resolve(layer, base, tmp_path, recorder.emit)
        tars.append(environments.tar(layer, resolved, base, tmp_path, recorder.emit))

    threads = [threading.Thread(target=work, args=(recorder,)) for recorder in recorders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({tar.digest for tar in tars}) == 1
    installed = [c for r in recorders for c in r.commands if "install" in c.arguments]
    assert len(installed) == 1


def test_who_has_to_wait_is_told(environments, recorder, cache_dir, tmp_path):
    resolved = environments.resolve(wanted("greeter"), facts(), tmp_path, recorder.emit)
    lock = cache_dir / "v1" / "layers" / f"{resolved.key}.tar.lock"
    lock.parent.mkdir(parents=True)
    with lock.open("wb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        made = []
        thread = threading.Thread(
            target=lambda: made.append(
                environments.tar(wanted("greeter"), resolved, facts(), tmp_path, recorder.emit)
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
        environments.tar(wanted("big"), resolved, facts(), tmp_path, interrupted)
    assert not entries(cache_dir, "layers", ".tar")
    assert not leftovers(cache_dir)
    tar = environments.tar(wanted("big"), resolved, facts(), tmp_path, recorder.emit)
    assert tar.size > 2_000_000
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


def test_a_full_disk_is_told_and_leaves_nothing(cache_dir, environ, recorder, tmp_path):
    cache_dir.mkdir()
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
            environments.tar(wanted("big"), resolved, facts(), tmp_path, recorder.emit)
        assert told.value.code == "disk-full"
        assert not entries(cache_dir, "layers", ".tar")
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


def test_a_lost_layer_is_told_when_it_is_read(made):
    tar = made(wanted("greeter"))
    tar.path.unlink()
    with pytest.raises(DependencyError, match="run again"):
        list(tar.chunks())


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
