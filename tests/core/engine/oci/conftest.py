"""The environment of a run, and where images go."""

import pytest

from odahu_pack_core.engine.oci.bases.sources import BaseSources
from odahu_pack_core.engine.oci.engine import OciEngine
from odahu_pack_core.plan.base import BaseImage
from odahu_pack_core.plugins.protocols import ImageOutput
from odahu_pack_core.registry.distribution.opening import registry_opener
from tests.core.engine.oci.parts import Layout, oci_engine
from tests.core.engine.oci.registries import PYTHON, TO_REGISTRY, refuse_incomplete
from tests.core.engine.parts import build_request
from tests.core.registry.distribution.serving import FastTime, Serving


@pytest.fixture
def environ(tmp_path):
    return {"ODAHU_PACK_CACHE_DIR": str(tmp_path / "cache"), "HOME": str(tmp_path)}


@pytest.fixture
def events():
    return []


@pytest.fixture
def layout(environ, tmp_path, events):
    """Make an image from a request's parts and read it: ``layout(more=…)``."""

    def make(*images, engine=None, dest="layout", **request):
        engine = engine or oci_engine(environ, *images)
        facts = engine.inspect_base(None, "linux/amd64", None, events.append)
        output = ImageOutput("oci", tmp_path / dest)
        engine.execute(build_request(output=output, facts=facts, **request), events.append)
        return Layout.of(tmp_path / dest)

    return make


@pytest.fixture
def server():
    with Serving() as registry:
        refuse_incomplete(registry)
        yield registry


@pytest.fixture
def other_server():
    with Serving() as registry:
        refuse_incomplete(registry)
        yield registry


@pytest.fixture
def opener(environ):
    return registry_opener(environ, FastTime().clock)


@pytest.fixture
def push(environ, opener, events):
    """Push an image on a base: ``push(base, name)``; each time by a new engine."""

    def do(base, name, emit=events.append, **request):
        engine = OciEngine(environ, opener, BaseSources(environ, opener))
        facts = engine.inspect_base(BaseImage(base, known=PYTHON), "linux/amd64", None, events.append)
        return engine.execute(build_request(name, TO_REGISTRY, facts=facts, **request), emit)

    return do
