"""The prefix in files, and byte code whose source has another time."""

import py_compile
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odahu_pack_core.environment.conda.prefix import replace_in_binary, replace_in_text
from odahu_pack_core.environment.conda.timeless import without_time

OLD = b"/built/with/a/long/prefix"
NEW = b"/opt/model"


def replaced(content, new=NEW):
    buffer = bytearray(content)
    replace_in_binary(buffer, OLD, new)
    return bytes(buffer)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"", b""),
        (b"nothing\0here", b"nothing\0here"),
        (OLD + b"/lib\0x", NEW + b"/lib" + bytes(15) + b"\0x"),
        (b"a" + OLD + b":" + OLD + b"\0x", b"a" + NEW + b":" + NEW + bytes(30) + b"\0x"),
        (b"at the end " + OLD, b"at the end " + NEW + bytes(15)),
    ],
)
def test_strings_of_a_binary(before, after):
    assert replaced(before) == after
    assert len(after) == len(before)


def test_a_longer_prefix_does_not_fit():
    with pytest.raises(ValueError, match="longer"):
        replaced(OLD, OLD + b"x")


def test_a_text_may_change_its_size():
    assert replace_in_text(b"#!" + OLD + b"/bin/python\n", OLD, NEW) == b"#!/opt/model/bin/python\n"


@pytest.mark.property
@given(st.lists(st.sampled_from([b"\0", OLD, b"/lib", b"x", OLD[:9], b":"])))
def test_a_binary_keeps_its_size_and_what_is_before_and_after_each_string(pieces):
    before = b"".join(pieces)
    after = replaced(before)
    assert len(after) == len(before)
    assert OLD not in after
    for old, new in zip(_strings(before), _strings(after), strict=True):
        assert new[1].rstrip(b"\0") == old[1].replace(OLD, NEW).rstrip(b"\0")


def _strings(content):
    """Return where each string of the original ends, and the string; padding is part of it."""
    found, at = [], 0
    for string in content.split(b"\0"):
        found.append((at, string))
        at += len(string) + 1
    return [(start, text) for start, text in found if text]


def test_byte_code_is_taken_whatever_the_time_of_its_source_is(tmp_path):
    source, code = tmp_path / "told.py", tmp_path / "told.pyc"
    source.write_text("print('from byte code')\n")
    py_compile.compile(
        str(source), cfile=str(code), invalidation_mode=py_compile.PycInvalidationMode.TIMESTAMP
    )
    cached = tmp_path / "__pycache__" / f"told.{sys.implementation.cache_tag}.pyc"
    cached.parent.mkdir()
    cached.write_bytes(without_time(code.read_bytes()))
    source.write_text("print('from the source, which has another time and size')\n")
    told = subprocess.check_output(
        [sys.executable, "-B", "-c", "import told"],
        cwd=tmp_path,
        text=True,
        env={"PYTHONPATH": str(tmp_path)},
    )
    assert told == "from byte code\n"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"short",
        (3379).to_bytes(2, "little") + b"\r\n" + bytes(12),  # Python 3.6, which knows times only
        (3495).to_bytes(2, "little") + b"\r\n" + b"\3\0\0\0" + bytes(8),  # a hash already
    ],
)
def test_what_has_no_time_or_needs_one_stays(content):
    assert without_time(content) == content
