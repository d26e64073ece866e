"""Listeners that raise: the run stops at once, and nothing half-made stays."""

import shutil
from contextlib import suppress

import pytest

from odahu_pack_core.plugins.protocols import ImageOutput
from odahu_pack_core.testing import read_archive, read_layout
from tests.faults.conftest import PASSWORD
from tests.faults.ground import check_cache, leftovers

pytestmark = [pytest.mark.registry, pytest.mark.slow, pytest.mark.usefixtures("no_threads")]


class _StopError(Exception):
    """What a listener raises."""


class Listener:
    """Raises at an event."""

    def __init__(self, place, error=_StopError):
        self.left = place
        self.error = error
        self.heard = 0

    def __call__(self, _):
        self.heard += 1
        if self.heard > self.left:
            raise self.error


@pytest.mark.parametrize("error", [_StopError, KeyboardInterrupt])
def test_a_listener_may_raise_anywhere(ground, proxy, tmp_path, error):
    listener = Listener(-1, error)
    while listener.heard > listener.left:  # until a run has no event left at which to raise
        listener = Listener(listener.left + 1, error)
        image, cache = f"listener-{listener.left}:1", tmp_path / str(listener.left)
        with suppress(error):
            ground.run(proxy.host, image, cache, on_event=listener, password=PASSWORD)
        assert listener.heard <= listener.left + 1
        assert leftovers(cache) == []
        check_cache(cache)
        assert bool(ground.tag(image)) or listener.heard > listener.left
    assert listener.left > 10


@pytest.mark.parametrize(
    ("kind", "name", "read"),
    [
        ("oci", "image", read_layout),
        ("oci", "image.tar", read_layout),
        ("docker-archive", "image.tar", read_archive),
    ],
)
def test_no_half_made_output_stays(ground, cache, tmp_path, kind, name, read):
    out = tmp_path / "out"
    output = ImageOutput(kind, out / name)
    listener = Listener(-1)
    while listener.heard > listener.left:  # until a run has no event left at which to raise
        out.mkdir()
        listener = Listener(listener.left + 1)
        with suppress(_StopError):
            ground.run(ground.upstream, "out:1", cache, on_event=listener, output=output)
        for whole in out.iterdir():
            assert whole == out / name
            assert read(whole)
        shutil.rmtree(out)
    assert listener.left > 10
