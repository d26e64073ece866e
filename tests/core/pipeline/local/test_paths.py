"""Paths of an image in words, as they are on this machine."""

import pytest

from odahu_pack_core.pipeline.local.paths import Paths


@pytest.fixture
def paths(tmp_path):
    for name in ("opt/odahu/front", "opt/with space"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "opt" / "dangling").symlink_to("/nowhere")
    return Paths(tmp_path)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("/opt/odahu/front", "ROOT/opt/odahu/front"),
        ("--home=/opt/odahu", "--home=ROOT/opt/odahu"),
        ("/opt/odahu/front:/usr/bin:/opt/odahu", "ROOT/opt/odahu/front:/usr/bin:ROOT/opt/odahu"),
        ("exec '/opt/odahu/front' -x", "exec 'ROOT/opt/odahu/front' -x"),
        ("/opt/with space", "ROOT/opt/with space"),
        ("/opt/dangling", "ROOT/opt/dangling"),
        ("/", "/"),
        ("//", "//"),
        ("", ""),
        ("/tmp", "/tmp"),
        ("/opt/odahu/other", "/opt/odahu/other"),
        ("/opt/odahu/../../etc", "/opt/odahu/../../etc"),
        ("http://host/opt/odahu", "http://host/opt/odahu"),
        ("a/opt/odahu", "a/opt/odahu"),
        ("data/opt", "data/opt"),
    ],
)
def test_what_is_laid_out_is_where_it_is_and_the_rest_stays(paths, words, expected):
    assert paths.on_host(words) == expected.replace("ROOT", str(paths.root))
