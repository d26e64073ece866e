"""Resolving: what was found in the base, and what the environments make of it, is the same to the end."""

import io
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from odahu_pack_core import (
    AddLayer,
    BaseFacts,
    BaseImage,
    Block,
    BuildPlan,
    Connection,
    Decision,
    Dependencies,
    EnvironmentLayer,
    From,
    ImageOutput,
    ImageReference,
    ModelArtifact,
    PlanError,
)
from odahu_pack_core.pipeline.cache_image import cache_image
from odahu_pack_core.pipeline.resolving import layers_of, resolve_plan
from odahu_pack_core.pipeline.surroundings import Surroundings
from odahu_pack_core.plan.build_plan import FilesLayer, ResolvedImage, ResolvedPlan
from odahu_pack_core.plan.environment import EnvironmentPart, ResolvedEnvironment
from odahu_pack_core.plan.files import TextFile

NOTHING = ModelArtifact("nothing", Path(), (), "", "")
BASE = ImageReference.parse("conda/miniconda:1")


class Shelf:
    """An engine that holds one base image, of Python 3.11."""

    def inspect_base(self, base, platform, _pull, _emit):
        return BaseFacts(base.reference, "sha256:1", platform, "3.11", "/usr/bin/python3.11")


class Notebook:
    """Environments that note which Python they were asked for."""

    def __init__(self):
        self.asked = []

    def resolve(self, layer, base, _root, _emit):
        self.asked.append(("resolve", layer.name, base.python))
        mode = "conda" if layer.dependencies.conda else "uv"
        parts = () if mode == "conda" else (EnvironmentPart(layer.name, (), "key"),)
        return ResolvedEnvironment(layer.name, mode, base.python, base.platform, (), parts)

    def tar(self, layer, _resolved, _part, base, _root):
        self.asked.append(("tar", layer.name, base.python))


def resolved_by(environments, plan):
    return resolve_plan(
        plan,
        engine=Shelf(),
        because=Decision("engine", "shelf", "the only one"),
        pull=None,
        environments=environments,
        artifact=NOTHING,
        emit=lambda _: None,
    )


def test_what_stands_beside_a_conda_environment_is_made_for_the_python_that_it_brings():
    model = EnvironmentLayer("environment", "/opt/model", "venv", Dependencies(conda=("gdal",)))
    front = EnvironmentLayer("front", "/opt/odahu/front", "site", Dependencies(pip=("uvicorn",)))
    plan = BuildPlan(
        packager="test",
        image=ImageReference.parse("x:1"),
        base=BaseImage(BASE, python="3.9"),
        blocks=(
            Block("base", (From(str(BASE)),)),
            Block("environment", (AddLayer("environment"),)),
            Block("server", (AddLayer("front"),)),
        ),
        layers=(model, front),
    )
    notebook = Notebook()
    resolved = resolved_by(notebook, plan)
    layers_of(resolved, notebook, NOTHING)
    assert notebook.asked == [
        ("resolve", "environment", "3.9"),
        ("resolve", "front", "3.9"),
        ("tar", "front", "3.9"),
    ]


def test_a_layer_named_as_a_part_of_an_environment_is_refused_instead_of_lost():
    class Divided(Notebook):
        def resolve(self, layer, base, root, emit):
            whole = super().resolve(layer, base, root, emit)
            return replace(whole, parts=(EnvironmentPart("environment-numpy", (), "key"), *whole.parts))

    environment = EnvironmentLayer("environment", "/opt/model", "venv", Dependencies(pip=("numpy",)))
    files = FilesLayer.of("environment-numpy", [TextFile("/opt/hello", b"hello")])
    plan = BuildPlan(
        packager="test",
        image=ImageReference.parse("x:1"),
        base=BaseImage(BASE),
        blocks=(
            Block("base", (From(str(BASE)),)),
            Block("environment", (AddLayer("environment"), AddLayer("environment-numpy"))),
        ),
        layers=(environment, files),
    )
    with pytest.raises(
        PlanError, match=r"^a layer of the plan is called environment-numpy, as is one"
    ) as raised:
        resolved_by(Divided(), plan)
    assert raised.value.code == "bad-plan"


def test_files_of_the_model_have_the_users_date():
    plan = BuildPlan(
        packager="test",
        image=ImageReference.parse("x:1"),
        base=BaseImage(BASE),
        blocks=(Block("base", (From(str(BASE)),)), Block("model", (AddLayer("model"),))),
        layers=(FilesLayer.of("model", [TextFile("/opt/hello", b"hello")]),),
    )
    facts = BaseFacts(BASE, "sha256:1", "linux/amd64", None, None)
    resolved = ResolvedPlan(plan, (ResolvedImage(facts, (), plan.blocks),))

    layers = layers_of(resolved, Notebook(), NOTHING, 1_700_000_000)["linux/amd64"]

    with tarfile.open(fileobj=io.BytesIO(b"".join(layers["model"].chunks()))) as tar:
        assert {member.mtime for member in tar} == {1_700_000_000}


def test_a_dependency_cache_is_not_pulled_through_a_connection_to_another_registry(tmp_path):
    conda = tmp_path / "conda.yaml"
    conda.write_text("dependencies: [python=3.11]")
    elsewhere = {"id": "elsewhere", "spec": {"type": "docker", "uri": "registry.example.com"}}
    with pytest.raises(PlanError, match=r"docker-pull is for registry\.example\.com"):
        cache_image(
            conda,
            image="cache:1",
            base="other.example.com/python:3.11-slim",
            pull=Connection.model_validate(elsewhere),
            output=ImageOutput("docker"),
            surroundings=Surroundings(),
        )
