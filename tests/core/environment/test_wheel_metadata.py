"""Wheels inside an artifact may not send us anywhere."""

import pytest

from odahu_pack_core import DependencyError
from odahu_pack_core.environment.wheel_metadata import refuse_urls
from tests.core.environment.wheelhouse import build_wheel


@pytest.mark.parametrize(
    "requirement",
    ["x @ file:///etc/passwd", "x @ git+https://example.com/x", "x[y] @ https://example.com/x.whl ; a"],
)
def test_a_wheel_that_requires_a_url_is_refused(tmp_path, requirement):
    with pytest.raises(DependencyError, match=r"from a URL|no requirement"):
        refuse_urls(build_wheel(tmp_path, "lure", "1.0", requires=[requirement]))


def test_a_wheel_that_requires_names_is_fine(tmp_path):
    refuse_urls(build_wheel(tmp_path, "plain", "1.0", requires=["x>1", "y[z]==2 ; python_version < '3'"]))


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x05\x06" + bytes(18)])
def test_what_is_no_wheel_is_told_so(tmp_path, content):
    wheel = tmp_path / "broken-1.0-py3-none-any.whl"
    wheel.write_bytes(content)
    with pytest.raises(DependencyError, match="is no wheel"):
        refuse_urls(wheel)
