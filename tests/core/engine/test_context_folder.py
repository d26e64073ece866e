"""The build context as a folder."""

import io
import os
import stat
import tarfile

import pytest

from odahu_pack_core.engine.build_context import BuildContext
from odahu_pack_core.engine.context import write_context
from odahu_pack_core.engine.single import SingleBuild
from odahu_pack_core.errors import EngineError
from odahu_pack_core.events import Progress
from odahu_pack_core.plugins.protocols import ImageOutput
from tests.core.engine.parts import SMALL, build_request, small_files
from tests.core.engine.test_build_context import Source

EXTRA = {"conda/environment.yml": b"name: x\n", "note": b""}


def _request(dest, **arguments):
    return build_request(output=ImageOutput("context", dest), extra=EXTRA, **arguments)


def _tree(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def strict_umask():
    before = os.umask(0o077)
    yield
    os.umask(before)


def test_equals_the_stream_that_an_engine_gets(tmp_path, events):
    request = _request(tmp_path / "context")

    published = write_context(request, events.append)

    with tarfile.open(fileobj=io.BytesIO(b"".join(BuildContext.of(SingleBuild.of(request)).chunks()))) as tar:
        streamed = {member.name: tar.extractfile(member).read() for member in tar.getmembers()}
    assert _tree(tmp_path / "context") == streamed
    assert published.location == str(tmp_path / "context")
    assert (str(published.reference), published.digest) == ("models/wine:1", "")
    assert events[-1] == Progress("build", "layers/model.tar", 4, 4, "files")


@pytest.mark.usefixtures("strict_umask")
def test_modes_do_not_depend_on_the_umask(tmp_path, events):
    write_context(_request(tmp_path / "context"), events.append)

    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "context").rglob("*")}
    assert {mode for path, mode in modes.items() if path.is_file()} == {0o644}
    assert {mode for path, mode in modes.items() if path.is_dir()} == {0o755}
    assert stat.S_IMODE((tmp_path / "context").stat().st_mode) == 0o755


def test_fills_an_existing_empty_folder_without_replacing_it(tmp_path, events, monkeypatch):
    dest = tmp_path / "here"
    dest.mkdir()
    before = dest.stat().st_ino
    monkeypatch.chdir(dest)

    write_context(_request(dest), events.append)

    assert sorted(path.name for path in dest.iterdir()) == ["Dockerfile", "conda", "layers", "note"]
    assert dest.stat().st_ino == before


@pytest.mark.parametrize("kind", ["folder", "file", "dangling link"])
def test_refuses_a_place_that_is_taken(tmp_path, events, kind):
    dest = tmp_path / "taken"
    if kind == "folder":
        dest.mkdir()
        (dest / "mine").write_text("keep")
    elif kind == "file":
        dest.write_text("keep")
    else:
        dest.symlink_to("nowhere")
    before = sorted(tmp_path.rglob("*"))

    with pytest.raises(EngineError, match="taken is not") as caught:
        write_context(_request(dest), events.append)

    assert caught.value.code == "dest-taken"
    assert sorted(tmp_path.rglob("*")) == before


def test_says_when_the_parent_folder_is_missing(tmp_path, events):
    with pytest.raises(EngineError, match="No such file or directory"):
        write_context(_request(tmp_path / "no" / "context"), events.append)


@pytest.mark.parametrize("exists", [True, False])
@pytest.mark.parametrize("failure", [BrokenPipeError(32, "Broken pipe"), KeyboardInterrupt()])
def test_leaves_nothing_when_it_fails(tmp_path, events, exists, failure):
    dest = tmp_path / "context"
    if exists:
        dest.mkdir()

    def emit(event):
        events.append(event)
        if len(events) == 2:
            raise failure

    with pytest.raises(type(failure)):
        write_context(_request(dest), emit)

    assert list(tmp_path.rglob("*")) == ([dest] if exists else [])


def test_leaves_nothing_when_the_disk_takes_no_more(tmp_path, events):
    layers = {"model": Source(4 * SMALL, (b"x" * SMALL,) * 4)}

    too_large = pytest.raises(EngineError, match=r"cannot write .*context: File too large")
    with too_large as caught, small_files():
        write_context(_request(tmp_path / "context", layers=layers), events.append)

    assert caught.value.code == "cannot-write"
    assert list(tmp_path.iterdir()) == []


def test_leaves_nothing_when_a_layer_changes_meanwhile(tmp_path, events):
    layers = {"model": Source(2048, (b"x" * 1024,))}

    with pytest.raises(EngineError, match="changed"):
        write_context(_request(tmp_path / "context", layers=layers), events.append)

    assert list(tmp_path.iterdir()) == []


def test_needs_a_destination(events):
    with pytest.raises(EngineError, match="dest=FOLDER"):
        write_context(_request(None), events.append)
