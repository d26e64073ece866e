"""What is said of base images that are nowhere."""

import pytest

from odahu_pack_core.engine.base_words import base_missing
from odahu_pack_core.errors import RegistryError
from odahu_pack_core.plan.reference import ImageReference


@pytest.mark.parametrize(
    ("code", "hint"),
    [
        ("registry-unreachable", "--mirror"),
        ("base-missing", "the name and the tag"),
        ("registry-refused", "docker login"),
    ],
)
def test_the_hint_is_about_the_base_image(code, hint):
    failure = RegistryError("it failed", code=code, hint="try docker login")
    assert hint in base_missing(ImageReference.parse("python:3.11"), failure, "nor anywhere else").hint
