"""The lock that a dependency cache carries."""

import pytest

from odahu_pack_core.plan.cache_lock import read_cache_lock, write_cache_lock


def test_what_is_written_is_read_in_order():
    content = write_cache_lock([("b", "2.0"), ("a", "1!1.0+x")])
    assert read_cache_lock(content) == (("a", "1!1.0+x"), ("b", "2.0"))
    assert write_cache_lock([("a", "1!1.0+x"), ("b", "2.0")]) == content
    assert read_cache_lock(write_cache_lock([])) == ()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"null",
        b"[]",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"packages": []}',
        b'{"format": 2, "packages": []}',
        b'{"format": 1, "packages": [{"name": "a"}]}',
        b'{"format": 1, "packages": [{"name": 1, "version": "1"}]}',
        b'{"format": 1, "packages": [{"name": "a", "version": null}]}',
        b'{"format": 1, "packages": 1}',
    ],
)
def test_what_is_no_lock_is_told(content):
    with pytest.raises(ValueError, match="not the lock"):
        read_cache_lock(content)
