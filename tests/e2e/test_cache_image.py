"""The dependency cache: images that already hold what models need, built by us or written by hand."""

import io
import tarfile

import pytest

from odahu_pack_core import package_model
from odahu_pack_core.pipeline.cache_image import cache_image
from odahu_pack_core.pipeline.surroundings import Surroundings
from tests.e2e.parts import call, connection, gppi_project, packaging, pull_by_digest, served

pytestmark = [pytest.mark.engine, pytest.mark.registry]

MODEL = """
    import tabulate, wcwidth

    def init():
        return "objects"

    def predict_on_objects(objects):
        return [{"tabulate": tabulate.__file__, "version": tabulate.__version__, "wcwidth": wcwidth.__file__}]
"""
PULL = "bases"


def packaged(registry, project, base, engine="auto"):
    """Package a model on a base of the registry; return the image and the run's decisions."""
    events = []
    connections = [connection(registry), connection(registry, PULL, "bases")]
    result = package_model(
        packaging("docker-rest", pull=PULL, dockerfileBaseImage=base),
        artifact=project,
        connections=connections,
        engine=engine,
        on_event=events.append,
    )
    return result.image, [event for event in events if event.type == "decision"]


def answer_of(client, registry, image):
    with served(client, pull_by_digest(client, registry, image)) as address:
        status, answer = call(f"{address}/api/model/invoke", {"objects": [{}]})
    assert status == 200, answer
    return answer["prediction"][0]


@pytest.fixture(params=["oci", "docker"])
def engine_name(request):
    return request.param


@pytest.fixture
def ours(registry, base_python, tmp_path, engine_name):
    """A cache image built by us that holds tabulate 0.8.10 and wcwidth 0.2.13."""
    conda = tmp_path / "cache" / "conda.yaml"
    conda.parent.mkdir()
    conda.write_text("dependencies: [python=3.11, {pip: [tabulate==0.8.10, wcwidth==0.2.13]}]")
    cache_image(
        conda,
        image="packaging-model-cache:1.0.0",
        base=base_python("3.11"),
        push=connection(registry, PULL, "bases"),
        surroundings=Surroundings(engine=engine_name),
    )
    return "packaging-model-cache:1.0.0"


def test_what_our_cache_holds_is_used_and_the_models_version_wins(
    client, registry, ours, tmp_path, engine_name
):
    project = gppi_project(tmp_path / "project", MODEL, pip=["tabulate==0.9.0", "wcwidth==0.2.13"])
    image, decisions = packaged(registry, project, ours, engine_name)
    answer = answer_of(client, registry, image)
    assert answer["version"] == "0.9.0"
    assert answer["tabulate"].startswith("/opt/model/")
    assert answer["wcwidth"].startswith("/opt/odahu-cache/")
    assert any("wcwidth" in decision.reason or "wcwidth" in decision.choice for decision in decisions)


@pytest.fixture
def by_hand(client, registry, base_python):
    """An image as people write it: a conda-like environment with tabulate 0.8.10, named by a variable."""
    context = io.BytesIO()
    dockerfile = f"""
FROM {base_python("3.11")}
ENV ODAHU_CONDA_ENV_NAME=odahu_model
RUN mkdir -p /opt/conda/envs/odahu_model/bin /opt/conda/envs/odahu_model/lib \\
 && cp /usr/local/bin/python3.11 /opt/conda/envs/odahu_model/bin/ \\
 && ln -s python3.11 /opt/conda/envs/odahu_model/bin/python3 \\
 && ln -s python3.11 /opt/conda/envs/odahu_model/bin/python \\
 && cp -r /usr/local/lib/python3.11 /opt/conda/envs/odahu_model/lib/ \\
 && cp /usr/local/lib/libpython3*.so* /opt/conda/envs/odahu_model/lib/ 2>/dev/null || true
ADD site-packages.tar /opt/conda/envs/odahu_model/lib/python3.11/site-packages/
"""
    site = io.BytesIO()
    with tarfile.open(fileobj=site, mode="w") as archive:
        for name, content in {
            "wcwidth/__init__.py": "__version__ = '0.2.13'",
            "wcwidth-0.2.13.dist-info/METADATA": "Metadata-Version: 2.1\nName: wcwidth\nVersion: 0.2.13\n",
            "wcwidth-0.2.13.dist-info/RECORD": "",
            "tabulate.py": "__version__ = '0.8.10'",
            "tabulate-0.8.10.dist-info/METADATA": "Metadata-Version: 2.1\nName: tabulate\nVersion: 0.8.10\n",
            "tabulate-0.8.10.dist-info/RECORD": "",
        }.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content.encode()))
    with tarfile.open(fileobj=context, mode="w") as archive:
        for name, content in {
            "Dockerfile": dockerfile.encode(),
            "site-packages.tar": site.getvalue(),
        }.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    reference = f"{registry.host}/bases/by-hand"
    context.seek(0)
    client.images.build(fileobj=context, custom_context=True, tag=f"{reference}:1", rm=True, forcerm=True)
    login = {"username": registry.username, "password": registry.password}
    assert "error" not in client.images.push(reference, "1", auth_config=login)
    client.images.remove(f"{reference}:1", noprune=True)
    return "by-hand:1"


def test_a_cache_written_by_hand_is_used_and_the_models_version_wins(client, registry, by_hand, tmp_path):
    project = gppi_project(tmp_path / "project", MODEL, pip=["tabulate==0.9.0", "wcwidth==0.2.13"])
    image, _ = packaged(registry, project, by_hand)
    answer = answer_of(client, registry, image)
    assert answer["version"] == "0.9.0"
    assert answer["tabulate"].startswith("/opt/model/")
    assert answer["wcwidth"].startswith("/opt/conda/envs/odahu_model/")
