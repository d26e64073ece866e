"""The one time that images and their files have."""

import pytest

from odahu_pack_core.engine.source_date import source_date
from odahu_pack_core.errors import UsageError


@pytest.mark.parametrize(
    ("environ", "time"), [({}, 0), ({"SOURCE_DATE_EPOCH": ""}, 0), ({"SOURCE_DATE_EPOCH": "17"}, 17)]
)
def test_it_is_the_users_or_1970(environ, time):
    assert source_date(environ) == time


@pytest.mark.parametrize("text", ["-1", "soon", "1.5", "\uff19", "9" * 5000, "253402300800", " 1"])
def test_what_is_no_time_is_refused(text):
    with pytest.raises(UsageError, match="SOURCE_DATE_EPOCH") as caught:
        source_date({"SOURCE_DATE_EPOCH": text})

    assert len(caught.value.message) < 150
