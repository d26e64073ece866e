"""Files of an image laid out in a folder, which may be moved and of which nothing leads out by accident."""

from pathlib import Path

import pytest

from odahu_pack_core.errors import PlanError
from odahu_pack_core.pipeline.local.layout import Layout, merged
from odahu_pack_core.plan.files import Folder, Link, TextFile


@pytest.fixture
def environment(tmp_path):
    folder = tmp_path / "environment"
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python3").symlink_to("/usr/bin/python3")
    (folder / "module.py").write_text("HERE = 1\n")
    return folder


def test_files_have_their_content_and_mode(tmp_path):
    files = (
        TextFile("/a/b/run", b"#!/bin/sh\n", 0o755),
        TextFile("/a/text", b"text"),
        Folder("/empty", 0o777),
    )
    root = Layout((), files, ()).write(tmp_path / "root")
    assert (root / "a" / "b" / "run").read_bytes() == b"#!/bin/sh\n"
    modes = [(root / name).stat().st_mode & 0o777 for name in ("a/b/run", "a/text", "empty")]
    assert modes == [0o755, 0o644, 0o777]


def test_of_several_layers_the_last_wins():
    first, second = TextFile("/a", b"first"), TextFile("/a", b"second")
    assert merged([[first], [second]]) == (second,)


def test_an_environment_alone_is_linked_to(tmp_path, environment):
    root = Layout((("/opt/model", environment),), (), ()).write(tmp_path / "root")
    assert (root / "opt" / "model").readlink() == environment


def test_an_environment_with_files_among_it_keeps_its_own(tmp_path, environment):
    files = (TextFile("/opt/model/module.py", b"HERE = 2\n"), TextFile("/opt/model/more.py", b""))
    root = Layout((("/opt/model", environment),), files, ()).write(tmp_path / "root")
    assert (root / "opt" / "model" / "module.py").read_text() == "HERE = 2\n"
    assert (root / "opt" / "model" / "bin" / "python3").readlink() == (
        environment / "bin" / "python3"
    ).readlink()
    assert (environment / "module.py").read_text() == "HERE = 1\n"
    assert not (environment / "more.py").exists()


def test_links_to_what_is_laid_out_survive_a_move(tmp_path):
    files = (TextFile("/a/text", b"text"), Link("/b/link", "/a/text"), Link("/b/host", "/etc/hostname"))
    root = Layout((), files, ()).write(tmp_path / "root").rename(tmp_path / "moved")
    assert (root / "b" / "link").read_bytes() == b"text"
    assert (root / "b" / "host").readlink() == Path("/etc/hostname")


def test_what_is_in_place_is_linked_to(tmp_path, environment):
    root = Layout((), (), (("/opt/odahu/artifact", environment),)).write(tmp_path / "root")
    assert (root / "opt" / "odahu" / "artifact" / "module.py").read_text() == "HERE = 1\n"


def test_nothing_is_written_behind_a_link(tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    layout = Layout((), (Link("/a/b", "c"),), (("/a", outside),))
    with pytest.raises(PlanError, match="/a/b lies behind a link"):
        layout.write(tmp_path / "root")
    assert list(outside.iterdir()) == []


def test_the_key_tells_of_every_part(environment):
    layouts = [
        Layout((), (), ()),
        Layout((("/a", environment),), (), ()),
        Layout((), (), (("/a", environment),)),
        Layout((), (TextFile("/a", b"1"),), ()),
        Layout((), (TextFile("/a", b"2"),), ()),
        Layout((), (TextFile("/a", b"1", 0o755),), ()),
        Layout((), (Folder("/a"),), ()),
        Layout((), (Link("/a", "b"),), ()),
        Layout((), (Link("/a", "c"),), ()),
    ]
    assert len({layout.key for layout in layouts}) == len(layouts)
