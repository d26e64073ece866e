"""Runs that are ended at any moment and started again."""

import random
import shutil
import signal
import threading
import time

import pytest

from odahu_pack_core.testing import read_archive, read_layout
from tests.faults.conftest import PASSWORD
from tests.faults.ground import check_cache, dose, leftovers
from tests.signals import heed_interrupts

pytestmark = [pytest.mark.registry, pytest.mark.slow]

ENDS = (signal.SIGKILL, signal.SIGKILL, signal.SIGINT, signal.SIGTERM)
READERS = {"registry": None, "oci": read_layout, "oci.tar": read_layout, "docker-archive": read_archive}
INTERRUPTED = 130


@pytest.fixture(scope="module")
def whole(ground):
    """The digest of the image, and how long making it takes."""
    cache, started = ground.folder / "whole", time.monotonic()
    finished(ground.start(ground.upstream, "whole:1", cache))
    yield ground.tag("whole:1"), time.monotonic() - started
    shutil.rmtree(cache)


def finished(process):
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, (out, err)


def files_in(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize("number", dose(5, 60))
def test_started_again_it_completes(ground, whole, cache, tmp_path, number):
    digest, seconds = whole
    dice = random.Random(number)
    end, kind = dice.choice(ENDS), dice.choice([*READERS])
    image = f"ended-{number}:1"
    out, scratch = tmp_path / "out", tmp_path / "scratch"
    for folder in (out, scratch):
        folder.mkdir()
    dest = out / ("image" if kind == "oci" else "image.tar")
    words = () if kind == "registry" else ("--output", f"type={kind.partition('.')[0]},dest={dest}")

    def start():
        more = {"TMPDIR": scratch, "preexec_fn": heed_interrupts}
        return ground.start(ground.upstream, image, cache, *words, **more)

    process = start()
    time.sleep(dice.uniform(0.1, seconds))
    process.send_signal(end)
    process.communicate(timeout=20)

    assert process.returncode in {0, -end, INTERRUPTED}
    assert ground.tag(image) in {"", digest}
    check_cache(cache)
    if process.returncode == INTERRUPTED:
        assert (leftovers(cache), files_in(out), files_in(scratch)) == ([], [], [])
    if kind == "oci" and dest.exists():
        shutil.rmtree(dest)  # it was finished; a folder that is not empty is never replaced
    finished(start())
    check_cache(cache)
    assert files_in(scratch) == []
    if kind == "registry":
        assert ground.tag(image) == digest
    else:
        assert list(out.iterdir()) == [dest]
        assert READERS[kind](dest)


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_does_not_wait_for_a_registry_that_hangs(ground, proxy, cache, tmp_path, end):
    hanging, may_go_on = threading.Event(), threading.Event()

    def hang(asked):
        if asked.startswith("PUT /v2/models"):
            hanging.set()
            may_go_on.wait(60)

    proxy.on_request = hang
    image = f"hanging-{end}:1"
    process = ground.start(
        proxy.host, image, cache, password=PASSWORD, TMPDIR=tmp_path, preexec_fn=heed_interrupts
    )
    assert hanging.wait(30)
    process.send_signal(end)
    started = time.monotonic()
    _, err = process.communicate(timeout=30)
    waited = time.monotonic() - started
    may_go_on.set()
    assert (process.returncode, err.splitlines()[-1]) == (INTERRUPTED, "Error: interrupted")
    assert waited < 4
    assert ground.tag(image) == ""
    assert files_in(tmp_path) == files_in(cache)
    assert leftovers(cache) == []
