"""The environment of a run, and where images go."""

import pytest

from odahu_pack_core.plugins.protocols import ImageOutput
from tests.core.engine.oci.parts import Layout, oci_engine
from tests.core.engine.parts import build_request


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
