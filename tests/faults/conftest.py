"""A real registry, a small model with wheels, a proxy that fails between them."""

import threading
import time

import pytest

from odahu_pack_core.registry.distribution import opening
from odahu_pack_core.registry.distribution.clock import Clock
from tests.faults.ground import Ground, leftovers
from tests.faults.proxy import FaultProxy

PASSWORD = "pässword-of-packer"


@pytest.fixture(scope="session")
def ground(anonymous_registry, tmp_path_factory):
    return Ground(tmp_path_factory.mktemp("faults"), anonymous_registry.host)


@pytest.fixture
def proxy(ground):
    """Lets in who shows the password at its token server."""
    with FaultProxy(ground.upstream, PASSWORD) as proxy:
        yield proxy


@pytest.fixture
def in_a_hurry(monkeypatch):
    """Let waiting before another try take a hundredth of its time."""
    hurried = Clock(sleep=lambda seconds: time.sleep(seconds / 100))
    monkeypatch.setattr(opening.Clock, "of_machine", lambda: hurried)


@pytest.fixture
def cache(tmp_path):
    """A cache in which nothing half-made may be in the end."""
    yield tmp_path / "cache"
    assert leftovers(tmp_path / "cache") == []


@pytest.fixture
def no_threads():
    """Fail a test whose runs leave threads behind."""
    yield
    deadline = time.monotonic() + 5
    while _workers() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert _workers() == []


def _workers():
    return [thread for thread in threading.enumerate() if thread.name.startswith(("odahu-pack", "layers"))]
