"""What images tell of their Python, and whether it is believed."""

import json

import pytest

from odahu_pack_core.engine.told_python import python_label, told_contents, told_python
from odahu_pack_core.plan.base import BaseImage, BasePython
from odahu_pack_core.plan.reference import ImageReference

PYTHON = BasePython("3.11", "/usr/local/bin/python3.11", "musl")
PUBLISHED = BasePython("3.10", "/usr/bin/python3.10")
LAYERS = ("sha256:" + "1" * 64, "sha256:" + "2" * 64)
BASE = BaseImage(ImageReference.parse("nvcr.io/nvidia/tritonserver:24.10-py3"), known=PUBLISHED)


def told(text, layers=LAYERS):
    return told_python(BASE, {"org.odahu.pack.python": text}, layers)


def test_a_label_is_believed_before_the_publisher():
    assert told(python_label(PYTHON)) == PYTHON
    assert told_python(BASE, {}, LAYERS) == PUBLISHED


def test_a_label_of_layers_is_believed_for_those_layers_only():
    label = python_label(PYTHON, LAYERS)

    assert told(label) == PYTHON
    assert told(label, (*LAYERS, "sha256:" + "3" * 64)) == PUBLISHED
    assert told(label, ()) == PUBLISHED
    assert len(label) < 2048


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no json",
        "[]",
        "[" * 2000,
        json.dumps({"python": "3.11"}),
        json.dumps({"python": "2.7", "interpreter": "/usr/bin/python", "libc": "glibc"}),
        json.dumps({"python": "3.11\n", "interpreter": "/usr/bin/python", "libc": "glibc"}),
        json.dumps({"python": "3.11", "interpreter": "python3", "libc": "glibc"}),
        json.dumps({"python": "3.11", "interpreter": "/usr/../bin/python3", "libc": "glibc"}),
        json.dumps({"python": "3.11", "interpreter": "/bin/sh -c x", "libc": "glibc"}),
        json.dumps({"python": "3.11", "interpreter": "/usr/bin/python", "libc": "newlib"}),
        json.dumps({"python": "3.11", "interpreter": "/usr/bin/python", "libc": "glibc", "x": "y" * 3000}),
        json.dumps({"python": "3.11", "interpreter": "/usr/bin/python", "libc": "glibc", "layers": None}),
    ],
)
def test_a_label_that_is_not_understood_tells_nothing(text):
    assert told(text) == PUBLISHED


@pytest.mark.parametrize(
    ("env", "labels"), [({"ODAHU_CONDA_ENV_NAME": "model"}, {}), ({}, {"org.odahu.pack.cache": "1"})]
)
def test_what_a_dependency_cache_holds_is_never_told(env, labels):
    assert told_contents(PYTHON, env, labels) is None
    assert told_contents(PYTHON, {}, {}).interpreter == PYTHON.interpreter
    assert told_contents(None, {}, {}) is None
