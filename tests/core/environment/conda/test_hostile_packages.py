"""Packages that a hostile or broken channel may serve: each is refused, and nothing leaves its folder."""

import json
import re
import socket
from contextlib import contextmanager
from dataclasses import replace

import pytest

from odahu_pack_core.environment.conda.failures import not_fetched, unreachable
from odahu_pack_core.environment.conda.package import read_package
from odahu_pack_core.errors import DependencyError
from tests.core.environment.conda.channel import serving
from tests.core.environment.conftest import pack


@pytest.fixture
def refused(made, layer, bare):
    """Make an environment with a package, and return why that is refused."""

    def make(name):
        with pytest.raises(DependencyError) as caught:
            made(layer(name), bare)
        assert name in caught.value.message
        return caught.value

    return make


@pytest.mark.parametrize(
    "path",
    ["../outside", "etc/../../outside", "/etc/outside", "", "etc//outside", "./outside", "info/\0"],
)
def test_a_path_that_leaves_the_package(refused, channel, path):
    channel.add("evil", "1", {"etc/x": b"x"}, listed=[{"_path": path, "path_type": "hardlink"}])
    assert refused("evil").code == "conda-malformed"


def test_a_path_of_the_archive_that_leaves_it(refused, channel, tmp_path):
    channel.add("evil", "1", {"etc/x": b"x"}, path_in_tar={"etc/x": "../../../outside"})
    refused("evil")
    assert not list(tmp_path.rglob("outside"))


def test_a_file_behind_a_link(refused, channel, tmp_path):
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "key").write_text("of this machine")
    listed = [{"_path": path, "path_type": "hardlink"} for path in ("away", "away/key")]
    channel.add("evil", "1", {}, links=[("away", str(secret))], listed=listed)
    assert "behind a link" in refused("evil").message


def test_metadata_that_is_a_link(refused, channel, tmp_path):
    secret = tmp_path / "index.json"
    secret.write_text("{}")
    channel.add("evil", "1", {}, links=[("info/index.json", str(secret))])
    assert refused("evil").code in {"conda-malformed", "conda-package"}


def test_a_link_stays_a_link(made, layer, bare, channel):
    channel.add("linking", "1", {}, links=[("share/passwd", "/etc/passwd"), ("lib/x.so", "x.so.1")])
    files = made(layer("linking"), bare).files
    assert files["opt/model/share/passwd"] == "/etc/passwd"
    assert files["opt/model/lib/x.so"] == "x.so.1"


def test_special_modes_are_dropped(made, layer, bare, channel):
    channel.add("rooted", "1", {"bin/su": b""}, modes={"bin/su": 0o6777})
    for archive in made(layer("rooted"), bare).archives():
        for member in archive:
            assert not member.mode & 0o7022 or member.issym()


def test_a_file_that_is_listed_but_not_there(refused, channel):
    channel.add("evil", "1", {}, listed=[{"_path": "lib/gone", "path_type": "hardlink"}])
    assert "is not in it" in refused("evil").message


def test_a_command_that_is_no_entry_point(refused, channel):
    channel.add(
        "evil",
        "1",
        {},
        subdir="noarch",
        noarch="python",
        entry_points=["../../evil = os:system('rm -rf /')"],
    )
    assert "entry point" in refused("evil").message


def test_a_placeholder_too_short_for_the_prefix(refused, channel):
    channel.add("evil", "1", {"lib/x.so": b"/o/x\0"}, prefixes={"lib/x.so": "binary"}, placeholder="/o/x")
    assert "no room for the prefix /opt/model" in refused("evil").message


def test_another_file_than_the_one_that_was_chosen(refused, channel):
    channel.add("evil", "1", {"etc/x": b"x"}, record={"sha256": "a" * 64})
    error = refused("evil")
    assert (error.code, "sha256:aaaa" in error.message) == ("hash-mismatch", True)


def test_a_package_without_a_digest(refused, channel):
    channel.add("evil", "1", {"etc/x": b"x"}, record={"sha256": None})
    assert "SHA-256" in refused("evil").message


def test_a_file_that_is_no_package(refused, channel):
    channel.add("evil", "1", {})
    (channel.folder / "linux-64/evil-1-0.tar.bz2").write_bytes(b"no archive")
    assert refused("evil").code == "conda-package"


def test_a_package_that_is_gone(refused, channel):
    channel.add("evil", "1", {})
    (channel.folder / "linux-64/evil-1-0.tar.bz2").unlink()
    assert refused("evil").code == "conda-package"


def test_a_channel_that_stops_answering(environments, recorder, tmp_path, layer, bare, channel, monkeypatch):
    monkeypatch.setattr("odahu_pack_core.environment.conda.fetching._PATIENCE", 0.3)
    with serving(channel) as (url, _), holding_back() as silent:
        ask = layer("tool", channels=(url,))
        resolved = environments.resolve(ask, bare, tmp_path, recorder.emit)
        moved = tuple(replace(each, url=each.url.replace(url, silent)) for each in resolved.packages)
        parts = tuple(replace(part, packages=moved) for part in resolved.parts)
        with pytest.raises(DependencyError, match="did not come within") as caught:
            pack(environments, ask, replace(resolved, packages=moved, parts=parts), bare, tmp_path, print)
    assert caught.value.code == "conda-package"


@contextmanager
def holding_back():
    """Yield the address of a server that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def test_no_error_shows_a_secret_of_a_url():
    error = unreachable(OSError("(https://me:pass@there/x) and (https://there/t/token-1/main)"))
    assert "https://there/x" in error.message
    assert "https://there/t//main" in error.message
    assert not {"pass", "token-1"} & set(re.split(r"[^a-z0-9-]", error.message))


def test_a_full_disk_is_told_as_such(tmp_path):
    error = OSError("an io error occurred: No space left on device (os error 28)")
    assert not_fetched(error, "tool", tmp_path).code == "disk-full"


def test_a_specification_that_cannot_be_had(environments, recorder, tmp_path, layer, bare, channel):
    ask = layer("tool >=9", "speaker")
    with pytest.raises(DependencyError) as caught:
        environments.resolve(ask, bare, tmp_path, recorder.emit)
    assert caught.value.code == "conda-unsolvable"
    assert "tool >=9" in caught.value.message
    assert channel.url in caught.value.message


def test_a_channel_that_is_not_there(environments, recorder, tmp_path, layer, bare):
    ask = layer("tool", channels=((tmp_path / "none").as_uri(),))
    with pytest.raises(DependencyError) as caught:
        environments.resolve(ask, bare, tmp_path, recorder.emit)
    assert caught.value.code == "channel-unreachable"
    assert "none" in caught.value.message


def test_a_channel_that_tells_rubbish(environments, recorder, tmp_path, layer, bare, channel):
    (channel.folder / "linux-64/repodata.json").write_text("{")
    with serving(channel) as (url, _), pytest.raises(DependencyError) as caught:
        environments.resolve(layer("tool", channels=(url,)), bare, tmp_path, recorder.emit)
    assert caught.value.code == "channel-unreachable"


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"info/index.json": "[]"},
        {"info/index.json": "{"},
        {"info/index.json": "[" * 100_000},
        {"info/index.json": "{}", "info/paths.json": '{"paths": [1]}'},
        {"info/index.json": "{}", "info/paths.json": '{"paths": [{}]}'},
        {
            "info/index.json": "{}",
            "info/paths.json": json.dumps(
                {"paths": [{"_path": "a", "file_mode": "odd", "prefix_placeholder": "/p"}]}
            ),
        },
        {"info/index.json": "{}", "info/files": "../x\n"},
        {"info/index.json": '{"name": "x", "version": "3.13", "python_site_packages_path": "lib/odd"}'},
    ],
)
def test_metadata_that_makes_no_sense(tmp_path, content):
    (tmp_path / "info").mkdir()
    for path, text in content.items():
        (tmp_path / path).write_text(text)
    with pytest.raises(DependencyError, match="evil is malformed"):
        read_package("evil", tmp_path)


def test_a_package_from_before_paths_json(tmp_path):
    (tmp_path / "info").mkdir()
    (tmp_path / "info/index.json").write_text("{}")
    (tmp_path / "info/files").write_text("bin/x\nlib/y\n")
    (tmp_path / "info/has_prefix").write_text("/old/prefix text bin/x\n")
    for path in ("bin/x", "lib/y"):
        (tmp_path / path).parent.mkdir()
        (tmp_path / path).write_text("")
    files = read_package("old", tmp_path).files
    assert [(file.path, file.mode, file.placeholder) for file in files] == [
        ("bin/x", "text", "/old/prefix"),
        ("lib/y", "", ""),
    ]
