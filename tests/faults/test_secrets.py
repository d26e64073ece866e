"""Passwords and tokens: nowhere but in requests to the registry, however a run ends."""

import base64
import io
import tarfile
import threading
import time
import traceback
from contextlib import suppress
from pathlib import Path

import pytest

from odahu_pack_core.errors import RegistryError
from odahu_pack_core.testing import KnownRegistry
from tests.faults.conftest import PASSWORD
from tests.faults.proxy import Schedule

pytestmark = [pytest.mark.registry, pytest.mark.slow, pytest.mark.usefixtures("in_a_hurry")]

ENDINGS = {
    "well": Schedule(),
    "told": Schedule(rate=1, kinds=("tell_tales",), only="PUT /v2/models"),
    "told-by-mount": Schedule(rate=1, kinds=("tell_tales",), only="POST /v2/models"),
    "told-by-base": Schedule(rate=1, kinds=("tell_tales",), only="GET /v2/bases"),
    "told-by-token-server": Schedule(rate=1, kinds=("tell_tales",), only="GET /token"),
    "revoked": Schedule(rate=1, kinds=("revoke",), only="PUT /v2/models"),
}


@pytest.fixture
def secrets(proxy):
    """Return every secret, in every form in which it was sent."""
    pair = f"packer:{PASSWORD}".encode()
    plain = (PASSWORD, base64.b64encode(pair).decode(), base64.b64encode(PASSWORD.encode()).decode())
    return lambda: {*plain, *proxy.all_tokens}


def found(secrets, text):
    return [secret for secret in secrets if secret in text]


class CommandLines:
    """Reads the command lines of all processes until its block ends."""

    def __enter__(self):
        self.seen, self._ended = set(), threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def _watch(self):
        while not self._ended.is_set():
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                with suppress(OSError):  # it has ended
                    self.seen.add(path.read_bytes().decode(errors="replace"))
            time.sleep(0.005)

    def __exit__(self, *_):
        self._ended.set()
        self._thread.join()


def texts_below(folder):
    for path in folder.rglob("*"):
        yield str(path)
        if path.is_file():
            yield path.read_bytes().decode(errors="replace")


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("words", [("--debug", "--verbose"), ("--events", "json")])
def test_the_command_tells_no_secret(ground, proxy, cache, tmp_path, secrets, ending, words):
    proxy.schedule = ENDINGS[ending]
    scratch = tmp_path / "tmp"
    scratch.mkdir()
    image = f"secret-{ending}-{words[0].strip('-')}:1"
    with CommandLines() as lines:
        process = ground.start(proxy.host, image, cache, *words, password=PASSWORD, TMPDIR=scratch)
        told = "".join(process.communicate(timeout=60))
    assert (process.returncode == 0) == (ending == "well"), told
    assert any("from odahu_pack_core.cli import main" in line for line in lines.seen)
    assert found(secrets(), told) == []
    assert all(found(secrets(), line) == [] for line in lines.seen)
    assert all(found(secrets(), text) == [] for text in texts_below(cache))
    assert not {*told} & {"\x1b", "\x07"}


@pytest.mark.parametrize("ending", sorted({*ENDINGS} - {"well"}))
def test_an_error_holds_no_secret(ground, proxy, cache, secrets, ending):
    proxy.schedule = ENDINGS[ending]
    events = []
    with pytest.raises(RegistryError) as caught:
        ground.run(proxy.host, f"error-{ending}:1", cache, password=PASSWORD, on_event=events.append)
    whole = traceback.TracebackException.from_exception(caught.value)
    texts = ["".join(whole.format()), repr(caught.value), repr(events)]
    error = caught.value
    while error is not None:  # what a debugger or an error tracker would look at
        texts.append(repr(vars(error)))
        error = error.__cause__ or error.__context__
    assert all(found(secrets(), text) == [] for text in texts)
    assert "\x1b" not in str(caught.value)


def test_an_image_holds_no_secret(ground, proxy, cache, secrets):
    ground.run(proxy.host, "image-of-secrets:1", cache, password=PASSWORD)
    image = KnownRegistry(ground.upstream).image("models/image-of-secrets", "1")
    assert found(secrets(), repr(image.config)) == []
    for layer in image.layers:
        assert found(secrets(), layer.decode(errors="replace")) == []
        with tarfile.open(fileobj=io.BytesIO(layer)) as tar:
            assert all(found(secrets(), member.name) == [] for member in tar)
