"""Conda environments made on this machine: what is chosen, and what the layers hold."""

import json
import os
import stat
from dataclasses import replace

import pytest

from odahu_pack_core.environment.environments import Environments
from odahu_pack_core.environment.modes import with_python
from odahu_pack_core.errors import DependencyError
from odahu_pack_core.events import Decision, Notice, Progress
from odahu_pack_core.plan.base import BaseImage
from odahu_pack_core.plan.cache_lock import read_cache_lock
from odahu_pack_core.plan.environment import CondaWords
from tests.core.environment.conda.channel import PLACEHOLDER, Channel, serving
from tests.core.environment.conftest import facts, members, pack
from tests.core.environment.wheelhouse import build_wheel


def test_packages_are_chosen_with_digest_and_place(environments, recorder, tmp_path, layer, channel, bare):
    with serving(channel) as (url, _):
        resolved = environments.resolve(layer("speaker", channels=(url,)), bare, tmp_path, recorder.emit)
    assert (resolved.mode, resolved.python, resolved.platform) == ("conda", "3.11", "linux/amd64")
    assert [(each.name, each.version, each.file) for each in resolved.packages] == [
        ("python", "3.11.9", "linux-64/python-3.11.9-0.conda"),
        ("speaker", "1.5", "noarch/speaker-1.5-py_0.tar.bz2"),
        ("tool", "2.0", "linux-64/tool-2.0-0.tar.bz2"),
    ]
    speaker = resolved.packages[1]
    record = channel.repodata["noarch"]["speaker-1.5-py_0.tar.bz2"]
    assert speaker.hashes == (f"sha256:{record['sha256']}",)
    assert speaker.size == record["size"]
    assert speaker.url == f"{url}/noarch/speaker-1.5-py_0.tar.bz2"
    [mode] = [event for event in recorder.of(Decision) if event.subject.startswith("mode of")]
    assert "linked here" in mode.reason
    assert not [command for command in recorder.commands if "pip" in command.arguments]


def test_files_are_where_conda_would_have_put_them(made, layer, bare):
    image = made(layer("speaker", activate=True), bare)
    files = image.files
    assert files["opt/model/bin/python3"] == "python3.11"
    assert files["opt/model/etc/tool.conf"] == b"share = /opt/model/share\n"
    assert files["opt/model/bin/tool"].startswith(b"#!/opt/model/bin/python\n")
    assert files["opt/model/bin/speak"].startswith(b"#!/opt/model/bin/python\n")
    assert b"from speaker import main" in files["opt/model/bin/speak"]
    assert files["opt/model/bin/whisper"] == b"#!/bin/sh\necho psst\n"
    assert files["opt/model/bin/activate"].startswith(b"VIRTUAL_ENV=/opt/model\n")
    assert "opt/model/lib/python3.11/site-packages/speaker/__init__.py" in files
    assert "opt/model/pyvenv.cfg" not in files
    modes = {member.name: stat.filemode(member.mode) for member in members(image) if member.isreg()}
    assert modes["opt/model/bin/tool"] == modes["opt/model/bin/speak"] == "?rwxr-xr-x"
    assert modes["opt/model/etc/tool.conf"] == "?rw-r--r--"
    assert {(member.uid, member.gid, member.mtime) for member in members(image)} == {(0, 0, 0)}


def test_a_binary_keeps_its_size_when_it_gets_the_prefix(made, layer, bare):
    library = made(layer("tool"), bare).files["opt/model/lib/libtool.so"]
    assert library.startswith(b"\x7fELF\0/opt/model/share\0\0")
    assert library.endswith(b"\0end")
    assert len(library) == len(f"\x7fELF\0{PLACEHOLDER}/share\0end")


def test_what_comes_without_byte_code_gets_it(made, layer, bare):
    names = made(layer("speaker"), bare).files
    assert "opt/model/lib/python3.11/site-packages/speaker/__pycache__/__init__.cpython-311.pyc" in names


def test_byte_code_of_a_source_that_gets_the_prefix_is_left_out(made, layer, bare, channel):
    site = "lib/python3.11/site-packages"
    files = {
        f"{site}/told.py": f"PREFIX = '{PLACEHOLDER}'\n".encode(),
        f"{site}/__pycache__/told.cpython-311.pyc": b"stale",
        f"{site}/__pycache__/kept.cpython-311.pyc": b"kept",
        f"{site}/kept.py": b"",
        "top.pyc": b"kept",
    }
    channel.add("telling", "1", files, prefixes={f"{site}/told.py": "text"})
    names = made(layer("telling"), bare).files
    assert names[f"opt/model/{site}/told.py"] == b"PREFIX = '/opt/model'\n"
    assert f"opt/model/{site}/__pycache__/told.cpython-311.pyc" not in names
    assert names[f"opt/model/{site}/__pycache__/kept.cpython-311.pyc"] == b"kept"
    assert "opt/model/top.pyc" in names


def test_an_image_lists_its_packages_without_a_trace_of_this_machine(made, layer, bare, tmp_path):
    files = made(layer("speaker"), bare).files
    listed = json.loads(files["opt/model/conda-meta/speaker-1.5-py_0.json"])
    assert (listed["name"], listed["version"], listed["noarch"]) == ("speaker", "1.5", "python")
    assert "bin/speak" in listed["files"]
    assert "lib/python3.11/site-packages/speaker/__init__.py" in listed["files"]
    assert not [name for name, content in files.items() if str(tmp_path).encode() in _bytes(content)]


def test_a_large_package_is_a_layer_of_its_own(made, layer, bare, channel):
    channel.add("huge", "1", {"share/huge.bin": bytes(range(256)) * 8000}, conda=True)
    channel.repodata["linux-64"]["huge-1-0.conda"]["size"] = 2_000_000
    channel.write()
    image = made(layer("huge", "tool"), bare)
    assert image.names == ["environment-huge", "environment"]
    alone, rest = (set(archive.getnames()) for archive in image.archives())
    assert {name for name in alone if "/conda-meta/" in name} == {"opt/model/conda-meta/huge-1-0.json"}
    assert "opt/model/share/huge.bin" in alone - rest


def test_the_base_image_decides_nothing(environments, recorder, tmp_path, layer, bare):
    ask = layer("speaker")
    one = environments.resolve(ask, bare, tmp_path, recorder.emit)
    other = environments.resolve(
        ask, replace(bare, interpreter=None, image_id="sha256:2"), tmp_path, recorder.emit
    )
    assert one.parts == other.parts


def test_the_same_bytes_from_another_folder_channel_and_umask(
    made, layer, bare, channel, environ, recorder, tmp_path, monkeypatch
):
    first = made(layer("speaker"), bare)
    monkeypatch.setenv("TZ", "Asia/Kolkata")
    with serving(channel) as (url, _):
        before = os.umask(0o077)
        try:
            again = layer("speaker", channels=(url,))
            other = Environments(tmp_path / "elsewhere", environ, recorder)
            resolved = other.resolve(again, bare, tmp_path, recorder.emit)
            second = pack(other, again, resolved, bare, tmp_path, recorder.emit)
        finally:
            os.umask(before)
    assert first.digests == second.digests


def test_what_was_chosen_is_kept_and_the_channel_is_not_asked_again(
    environments, recorder, tmp_path, layer, channel, bare
):
    with serving(channel) as (url, asked):
        ask = layer("tool", channels=(url,))
        first = environments.resolve(ask, bare, tmp_path, recorder.emit)
        pack(environments, ask, first, bare, tmp_path, recorder.emit)
        asked.clear()
        second = environments.resolve(ask, bare, tmp_path, recorder.emit)
        pack(environments, ask, second, bare, tmp_path, recorder.emit)
    assert (first, asked) == (second, [])
    assert recorder.of(Decision)[-1].choice == "as before"


def test_refresh_asks_again(environments, cache_dir, environ, recorder, tmp_path, layer, channel, bare):
    environments.resolve(layer("tool"), bare, tmp_path, recorder.emit)
    channel.add("tool", "2.1", {"etc/new": b""})
    kept = environments.resolve(layer("tool"), bare, tmp_path, recorder.emit)
    refreshing = Environments(cache_dir, environ, recorder, refresh=True)
    renewed = refreshing.resolve(layer("tool"), bare, tmp_path, recorder.emit)
    assert [package.version for package in kept.packages] == ["3.11.9", "2.0"]
    assert [package.version for package in renewed.packages] == ["3.11.9", "2.1"]


def test_packages_are_chosen_for_the_images_platform(environments, recorder, tmp_path, layer, channel):
    channel.add("tool", "3.0", {"lib/arm": b""}, subdir="linux-aarch64")
    arm = facts("3.11", platform="linux/arm64")
    ask = layer("speaker")
    resolved = environments.resolve(ask, arm, tmp_path, recorder.emit)
    assert [package.file for package in resolved.packages] == [
        "linux-aarch64/python-3.11.9-0.conda",
        "noarch/speaker-1.5-py_0.tar.bz2",
        "linux-aarch64/tool-3.0-0.tar.bz2",
    ]
    assert "opt/model/lib/arm" in pack(environments, ask, resolved, arm, tmp_path, recorder.emit).files


def test_the_first_channel_that_has_a_package_wins(environments, recorder, tmp_path, layer, channel, bare):
    mine = Channel(tmp_path / "mine")
    mine.add("tool", "1.0", {"etc/mine": b""})
    ask = layer("tool", channels=(mine.url, channel.url))
    resolved = environments.resolve(ask, bare, tmp_path, recorder.emit)
    assert resolved.packages[1].url.startswith(mine.url)


def test_a_channel_beside_a_package_is_asked_for_it(environments, recorder, tmp_path, layer, bare):
    mine = Channel(tmp_path / "mine")
    mine.add("special", "1.0", {"etc/mine": b""})
    ask = layer(f"{mine.url}::special", as_written=CondaWords((f"{mine.url}::special", "tool")))
    resolved = environments.resolve(ask, bare, tmp_path, recorder.emit)
    assert [package.name for package in resolved.packages] == ["python", "special", "tool"]


def test_wheels_of_the_pip_section_stand_beside_conda_packages(made, layer, bare):
    files = made(layer("speaker", pip=("greeter",)), bare).files
    assert "opt/model/lib/python3.11/site-packages/greeter.py" in files
    assert files["opt/model/bin/greet"].startswith(b"#!/opt/model/bin/python3\n")
    assert "opt/model/lib/python3.11/site-packages/speaker/__init__.py" in files
    assert files["opt/model/bin/python3"] == "python3.11"


def test_what_conda_brings_is_not_installed_by_pip_again(
    environments, recorder, tmp_path, layer, bare, house
):
    for version in ("1.5", "1.6"):
        build_wheel(house, "speaker", version, {"speaker/__init__.py": ""})
    build_wheel(house, "needs-speaker", "1", {"needs.py": ""}, requires=["speaker>=1.2"])
    ask = layer("speaker", pip=("needs-speaker",))
    resolved = environments.resolve(ask, bare, tmp_path, recorder.emit)
    told = [(package.name, package.version, bool(package.url)) for package in resolved.packages]
    assert ("speaker", "1.5", True) in told
    assert ("needs-speaker", "1", False) in told
    assert len(told) == 4


def test_a_pip_section_that_contradicts_conda_is_told(environments, recorder, tmp_path, layer, bare, house):
    build_wheel(house, "speaker", "9", {"speaker/__init__.py": ""})
    with pytest.raises(DependencyError, match="speaker") as caught:
        environments.resolve(layer("speaker", pip=("speaker>=9",)), bare, tmp_path, recorder.emit)
    assert "conda brings" in caught.value.hint


def test_progress_is_told_by_part(made, layer, bare, recorder):
    made(layer("speaker"), bare)
    told = [event for event in recorder.of(Progress) if event.unit == "packages"]
    assert [(event.subject, event.done, event.total) for event in told] == [
        ("environment", done, 3) for done in (1, 2, 3)
    ]


def test_scripts_that_are_not_run_are_told(made, layer, bare, channel, recorder):
    channel.add("scripted", "1", {"bin/.scripted-post-link.sh": b"touch $PREFIX/made\n"})
    image = made(layer("scripted"), bare)
    [warning] = [notice for notice in recorder.of(Notice) if notice.severity == "warning"]
    assert "scripted" in warning.message
    assert "opt/model/made" not in image.files


def test_files_of_one_name_are_told(made, layer, bare, channel, recorder):
    channel.add("one", "1", {"etc/same": b"one", "etc/agreed": b"both"})
    channel.add("two", "1", {"etc/same": b"two", "etc/agreed": b"both"})
    image = made(layer("one", "two"), bare)
    assert image.files["opt/model/etc/same"] == b"two"
    [warning] = [notice for notice in recorder.of(Notice) if notice.severity == "warning"]
    assert "etc/same" in warning.message
    assert "agreed" not in warning.message


def test_a_wheel_of_the_artifact_stands_beside_conda_packages(made, layer, bare, tmp_path):
    build_wheel(tmp_path, "of-the-artifact", "1")
    ask = layer("tool", wheels=("of_the_artifact-1-py3-none-any.whl",))
    assert "opt/model/lib/python3.11/site-packages/of_the_artifact.py" in made(ask, bare).files


def test_a_cache_of_conda_packages_carries_its_lock(made, layer, bare, channel):
    channel.add("pytorch", "2.4", {"etc/torch": b""}, depends=["python"])
    files = made(layer("pytorch", prefix="/opt/odahu-cache"), bare).files
    held = dict(read_cache_lock(files["opt/odahu-cache/odahu-pack.lock.json"]))
    assert held == {"python": "3.11.9", "torch": "2.4"}


def test_the_images_python_is_the_one_that_conda_brings(layer, bare):
    found = with_python(BaseImage(bare.reference, "3.8"), bare, [layer("tool")])
    assert (found.python, found.interpreter) == ("3.8", "/opt/model/bin/python3.8")


def _bytes(content):
    return content if isinstance(content, bytes) else content.encode()
