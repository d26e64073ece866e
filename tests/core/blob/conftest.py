"""Where drafts are written."""

import pytest


@pytest.fixture
def draft(tmp_path):
    return tmp_path / "draft"
