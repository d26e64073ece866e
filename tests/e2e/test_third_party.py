"""The packager of the README, written out, installed with pip into a fresh environment, and used."""

import json
import os
import subprocess
import sys
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

import pytest

from odahu_pack_core import PluginCatalog
from odahu_pack_core.pipeline.jobs import Request
from odahu_pack_core.pipeline.local.prepare import LocalRun, prepare_request
from odahu_pack_core.pipeline.planning import plan_request
from odahu_pack_core.pipeline.surroundings import Surroundings
from tests.docs.reading import README, REPOSITORY, blocks, shown_files
from tests.e2e.parts import connection, packaging, run_once


@pytest.fixture
def distribution(tmp_path):
    """Write the distribution that the README shows into a folder."""
    folder = tmp_path / "distribution"
    folder.mkdir()
    for name, text in shown_files(README).items():
        (folder / name).write_text(text)
    (folder / "pyproject.toml").write_text(blocks(README, "toml")[0].text)
    return folder


@pytest.fixture
def programs(distribution, tmp_path):
    """Make an environment with the core and the plugin only; return the folder of its programs."""
    folder = tmp_path / "fresh"
    uv = Path(sys.executable).with_name("uv")
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, folder], check=True)
    install = [uv, "pip", "install", "--quiet", "--python", folder / "bin" / "python"]
    subprocess.run([*install, REPOSITORY, distribution], check=True)
    return folder / "bin"


def test_its_plan_needs_nothing_but_its_module(distribution, project, monkeypatch):
    monkeypatch.syspath_prepend(str(distribution))
    mine = EntryPoint("docker-smoke", "docker_smoke", "odahu_pack")
    catalog = PluginCatalog.load([*entry_points(group="odahu_pack"), mine])
    request = Request(packaging("docker-smoke", rows=3), project, [_anywhere()])

    plan = plan_request(request, Surroundings(catalog=catalog))

    assert plan.packager == "docker-smoke"
    assert "/opt/odahu/smoke.py" in plan.dockerfile()
    assert '"entrypoint", "3"]' in plan.dockerfile()


def test_it_runs_on_this_machine_without_a_container(distribution, project, monkeypatch):
    monkeypatch.syspath_prepend(str(distribution))
    mine = EntryPoint("docker-smoke", "docker_smoke", "odahu_pack")
    catalog = PluginCatalog.load([*entry_points(group="odahu_pack"), mine])

    program = prepare_request(
        Request(packaging("docker-smoke", rows=2), project), LocalRun(), Surroundings(catalog=catalog)
    )
    printed = subprocess.run(
        program.argv, env=program.environ, stdout=subprocess.PIPE, text=True, check=True
    ).stdout

    assert printed == "([[0.0], [0.0]], ['predictions'])\n"


@pytest.mark.engine
@pytest.mark.registry
def test_it_is_installed_and_builds_pushes_and_adds_its_result(
    programs, project, client, registry, base_python
):
    base_python("3.11")
    folder = project.parent
    request, registries = folder / "request.json", folder / "connection.json"
    request.write_text(packaging("docker-smoke", rows=2).model_dump_json(by_alias=True, exclude_none=True))
    spec = {"type": "docker", "uri": f"{registry.host}/smoke", "username": registry.username}
    secret = {"password": {"env": "REGISTRY_PASSWORD"}}
    document = {"kind": "Connection", "id": "test-docker-registry", "spec": {**spec, **secret}}
    registries.write_text(json.dumps(document))

    command = [programs / "odahuflowctl", "local", "pack", "run", "--events", "json"]
    told = subprocess.run(
        [*command, "-d", request, "-d", registries, "--artifact", project],
        env={**os.environ, "REGISTRY_PASSWORD": registry.password},
        cwd=folder,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )

    last = json.loads(told.stdout.splitlines()[-1])
    assert last["state"] == "succeeded", last
    results = {result["name"]: result["value"] for result in last["results"]}
    assert list(results) == ["image", "digest", "command"]
    assert results["command"] == f"docker run --rm {results['image']}"
    try:
        name, _, tag = results["image"].rpartition(":")
        login = {"username": registry.username, "password": registry.password}
        client.images.pull(name, tag=tag, auth_config=login)
        code, printed, _ = run_once(client, results["image"], None)
        assert (code, printed) == (0, "([[0.0], [0.0]], ['predictions'])\n")
    finally:
        client.images.remove(results["image"], force=True)


def _anywhere():
    class Anywhere:
        host, username = "registry.example", None

    return connection(Anywhere)
