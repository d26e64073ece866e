"""Numbers of bytes in words."""

import pytest

from odahu_pack_core.sizes import size_text


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (1_440_000, "1.4 MB"),
        (4_294_967_296, "4.3 GB"),
        (10**16, "10000.0 TB"),
    ],
)
def test_the_unit_fits_the_size(size, text):
    assert size_text(size) == text
