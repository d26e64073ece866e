"""Inputs meant to harm: endless, deep, wide, cut off, not text."""

import io
import time

import pytest
from odahu_cli.formats import INPUT_FORMATS, InputError, cursor

from tests.runtime.formats.streams import read

MIB = 2**20


class Endless:
    """A stream that begins somehow and then repeats itself for ever."""

    def __init__(self, beginning, repeated):
        self._left = io.BytesIO(beginning)
        self._repeated = repeated * (2**16 // len(repeated))

    def read(self, size):
        return self._left.read(size) or self._repeated[:size]

    def seekable(self):
        return False


@pytest.fixture
def _smaller_limit(monkeypatch):
    monkeypatch.setattr(cursor, "LARGEST_PART", MIB)


@pytest.mark.usefixtures("_smaller_limit")
@pytest.mark.parametrize(
    ("name", "beginning", "repeated", "place"),
    [
        ("json", b'{"data": [[', b"1, ", "in:1:11"),
        ("json", b'{"data": [["', b"x], [", "in:1:11"),
        ("json", b'{"data": [', b"1, ", "in:1:11"),
        ("json", b'{"more": ', b"1", "in:1:10"),
        ("json", b'{"more": "', b"x", "in:1:10"),
        ("json", b'{"', b"x", "in:1:2"),
        ("json", b'{"columns": [', b'"x",', "in:1:13"),
        ("jsonl", b"[1]\n[", b"1,", "in:2:1"),
        ("jsonl", b"", b"x", "in:1:1"),
        ("csv", b"a,b\n", b"1,", "in:2:1"),
        ("csv", b'a,b\n1,"', b"x\n", "in:2:1"),
        ("csv", b'"', b"x\n", "in:1:1"),
        ("csv", b"", b"x", "in:1:1"),
    ],
)
def test_what_never_ends_is_refused_at_a_limit(name, beginning, repeated, place):
    with pytest.raises(InputError, match=f"^{place}: more than 1 MiB belong together here"):
        read(name, Endless(beginning, repeated))


@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'[{"a":'])
@pytest.mark.parametrize("prefix", [b"", b'{"data": [', b'{"more": '])
def test_deep_nesting_is_refused_at_once(opening, prefix):
    began = time.process_time()
    with pytest.raises(InputError, match=r"nested too deeply|expected an object|is missing"):
        read("json", prefix + opening * 1_000_000)
    assert time.process_time() - began < 5


@pytest.mark.parametrize("name", ["jsonl", "csv"])
def test_deep_nesting_in_a_line_is_refused(name):
    raw = b"[" * 100_000 + b"]" * 100_000
    if name == "jsonl":
        with pytest.raises(InputError, match=r"^in:1:1: the document is nested too deeply$"):
            read(name, raw)
    else:
        assert read(name, raw, header="no").rows == [[raw.decode()]]


@pytest.mark.slow
def test_a_row_of_a_million_columns_is_read():
    row = list(range(1_000_000))
    cells = ",".join(map(str, row)).encode()
    assert read("json", b'{"data": [[' + cells + b"]]}").rows == [row]
    assert read("jsonl", b"[" + cells + b"]\n").rows == [row]
    assert read("csv", cells + b"\n").rows == [row]


@pytest.mark.parametrize("name", ["json", "jsonl", "csv"])
@pytest.mark.parametrize(
    "raw", [b"\0", b"\0" * 5000, '{"data": [[1]]}'.encode("utf-16"), b"\x1f\x8b\x08\0\0\xff"]
)
def test_what_is_no_text_is_an_error_with_a_place(name, raw):
    with pytest.raises(InputError, match=r"^in(:\d+)?(:\d+)?: "):
        read(name, raw)


@pytest.mark.parametrize("name", ["json", "jsonl", "csv"])
def test_a_document_cut_off_anywhere_is_an_error_or_less(name):
    raw = {
        "json": b'{"columns": ["a", "b"], "data": [[1, "x\\""], [2, "]}"]]}',
        "jsonl": b'{"a": 1, "b": "x\\""}\n{"a": 2, "b": "}"}\n',
        "csv": b'a,b\n1,"x"""\n2,"]}\n"\n',
    }[name]
    whole = read(name, raw).rows
    for end in range(len(raw)):
        try:
            rows = read(name, raw[:end]).rows
        except InputError:
            continue
        assert name != "json"
        assert len(rows) <= len(whole)


def test_integers_without_end_are_refused_soon():
    began = time.process_time()
    with pytest.raises(InputError, match="too many digits"):
        read("json", b'{"data": [[' + b"9" * 3_000_000 + b"]]}")
    assert time.process_time() - began < 5


def test_every_format_has_its_own_suffixes():
    suffixes = [suffix for each in INPUT_FORMATS.values() for suffix in each.suffixes]
    assert len(set(suffixes)) == len(suffixes)


def test_columns_that_no_other_process_could_be_sent_are_refused_before():
    deep = b"[" * 900 + b"]" * 900
    with pytest.raises(InputError, match=r'^in: name 1 of "columns" is an array'):
        read("json", b'{"columns": [%s], "data": [[1]]}' % deep)


def test_a_quote_that_nothing_closes_is_looked_for_once():
    began = time.process_time()
    with pytest.raises(InputError, match=r"^in:2:1: more than 64 MiB"):
        read("csv", Endless(b'a,b\n5",3\n', b"1,2\n"))
    assert time.process_time() - began < 5
