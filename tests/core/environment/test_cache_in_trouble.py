"""A cache when several runs use it, when one is ended, and when there is no room."""

import fcntl
import os
import signal
import subprocess
import sys
import threading

import pytest

from odahu_pack_core.environment.cache import Cache
from odahu_pack_core.environment.environments import Environments
from odahu_pack_core.errors import DependencyError
from odahu_pack_core.events import Notice, Progress
from tests.core.environment.conftest import Recorder, facts, pack, wanted
from tests.core.environment.wheelhouse import build_wheel


def entries(cache_dir, kind, suffix):
    return sorted((cache_dir / "v1" / kind).glob(f"*{suffix}"))


def leftovers(cache_dir):
    return [path for path in (cache_dir / "v1" / "scratch").iterdir() if path.is_dir()]


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
