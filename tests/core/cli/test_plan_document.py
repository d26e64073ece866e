"""Plans as documents: every kind of part, in a stable order, without contents."""

import hashlib
import json
from dataclasses import replace

import yaml

from odahu_pack_core import (
    AddLayer,
    ArtifactFile,
    BaseFacts,
    BaseImage,
    Block,
    BuildPlan,
    Copy,
    Decision,
    Dependencies,
    Entrypoint,
    Env,
    EnvironmentLayer,
    FilesLayer,
    Folder,
    From,
    ImageReference,
    Link,
    ResolvedImage,
    ResolvedPlan,
    SitePackages,
    TextFile,
)
from odahu_pack_core.cli.plan_document import plan_document, resolved_document
from odahu_pack_core.cli.plan_summary import plan_summary, resolved_summary
from odahu_pack_core.plan.environment import CondaWords, EnvironmentPart, LockedPackage, ResolvedEnvironment

CONTENT = b"not to be shown"
FILES = (
    Folder("/opt/empty", 0o777),
    TextFile("/opt/text", CONTENT),
    ArtifactFile("/opt/weights", "model/weights", 2_000_000_000, 0o755),
    Link("/opt/link", "text"),
)
NEEDS = Dependencies(pip=("numpy==1.26.*", "pandas"), as_written=CondaWords(("numpy=1.26",), ("pandas",)))
PLAN = BuildPlan(
    packager="docker-rest",
    image=ImageReference.parse("127.0.0.1:9/wine:1"),
    base=BaseImage(ImageReference.parse("python:3.11-slim"), python="3.11"),
    blocks=(
        Block("base", (From("python:3.11-slim"),)),
        Block("layers", (AddLayer("environment"), AddLayer("model"))),
        Block("start", (Env("HOME", "/tmp"), Entrypoint(("python3", "-m", "front")))),
    ),
    layers=(
        EnvironmentLayer("environment", "/opt/model", "venv", NEEDS),
        FilesLayer.of("model", FILES),
    ),
    platforms=("linux/amd64",),
    decisions=(Decision("base image", "python:3.11-slim", "conda.yaml pins 3.11"),),
)
NUMPY = LockedPackage("numpy", "1.26.4", ("sha256:00",))
RESOLVED = ResolvedPlan(
    plan=PLAN,
    images=(
        ResolvedImage(
            base=BaseFacts(
                reference=ImageReference.parse("python:3.11-slim"),
                image_id="sha256:" + "cd" * 32,
                platform="linux/amd64",
                python="3.11",
                interpreter="/usr/local/bin/python3.11",
                env={"SECRET_OF_THE_BASE": "hunter2"},
                labels={"maker": "hunter2"},
                site_packages=SitePackages("/opt/cache", (("numpy", "1.26.4"),)),
                origin="docker.io",
            ),
            environments=(
                ResolvedEnvironment(
                    "environment",
                    "uv",
                    "3.11",
                    "linux/amd64",
                    (NUMPY,),
                    (EnvironmentPart("numpy", (NUMPY,), "k"),),
                ),
            ),
            blocks=(
                Block("base", (From("python:3.11-slim"),)),
                Block(
                    "layers", (Copy("conda.lock", "/tmp/conda.lock"), AddLayer("numpy"), AddLayer("model"))
                ),
            ),
            files={"conda.lock": CONTENT},
        ),
    ),
    decisions=(Decision("environment", "uv", "wheels for all"),),
)


def test_every_part_of_a_plan():
    folder = {"type": "folder", "mode": "0755"}
    assert plan_document(PLAN) == {
        "packager": "docker-rest",
        "image": "127.0.0.1:9/wine:1",
        "platforms": ["linux/amd64"],
        "base": {"image": "python:3.11-slim", "python": "3.11", "explicit": False, "keepsEntrypoint": False},
        "blocks": [
            {"name": "base", "instructions": [{"type": "From", "image": "python:3.11-slim"}]},
            {
                "name": "layers",
                "instructions": [
                    {"type": "AddLayer", "layer": "environment"},
                    {"type": "AddLayer", "layer": "model"},
                ],
            },
            {
                "name": "start",
                "instructions": [
                    {"type": "Env", "name": "HOME", "value": "/tmp"},
                    {"type": "Entrypoint", "arguments": ["python3", "-m", "front"]},
                ],
            },
        ],
        "layers": [
            {
                "name": "environment",
                "type": "environment",
                "prefix": "/opt/model",
                "layout": "venv",
                "activate": False,
                "dependencies": {
                    "pip": ["numpy==1.26.*", "pandas"],
                    "conda": [],
                    "channels": [],
                    "constraints": [],
                    "wheels": [],
                    "indexUrl": "",
                    "extraIndexUrls": [],
                    "findLinks": [],
                    "noIndex": False,
                    "buildFromSource": False,
                    "asWritten": {"packages": ["numpy=1.26"], "pip": ["pandas"]},
                },
            },
            {
                "name": "model",
                "type": "files",
                "files": [
                    {"path": "/opt", **folder},
                    {"path": "/opt/empty", **folder, "mode": "0777"},
                    {"path": "/opt/link", "type": "link", "target": "text"},
                    {
                        "path": "/opt/text",
                        "type": "text",
                        "mode": "0644",
                        "size": len(CONTENT),
                        "sha256": hashlib.sha256(CONTENT).hexdigest(),
                    },
                    {
                        "path": "/opt/weights",
                        "type": "artifact",
                        "mode": "0755",
                        "size": 2_000_000_000,
                        "source": "model/weights",
                    },
                ],
            },
        ],
        "decisions": [
            {"subject": "base image", "choice": "python:3.11-slim", "reason": "conda.yaml pins 3.11"},
        ],
    }


def test_a_resolved_plan_has_what_was_settled():
    document = resolved_document(RESOLVED)
    assert list(document) == [*list(plan_document(PLAN)), "images"]
    (image,) = document["images"]
    assert image["platform"] == "linux/amd64"
    assert image["base"]["interpreter"] == "/usr/local/bin/python3.11"
    assert image["base"]["sitePackages"] == "/opt/cache"
    assert image["environments"] == [
        {
            "layer": "environment",
            "mode": "uv",
            "python": "3.11",
            "platform": "linux/amd64",
            "packages": [{"name": "numpy", "version": "1.26.4", "hashes": ["sha256:00"]}],
            "parts": [{"name": "numpy", "packages": ["numpy"], "key": "k"}],
        }
    ]
    assert image["blocks"][1]["instructions"][0] == {
        "type": "Copy",
        "source": "conda.lock",
        "destination": "/tmp/conda.lock",
    }
    assert image["files"] == [
        {"path": "conda.lock", "size": len(CONTENT), "sha256": hashlib.sha256(CONTENT).hexdigest()}
    ]
    assert [decision["subject"] for decision in document["decisions"]] == ["base image", "environment"]


def test_no_content_and_no_variable_of_the_base_is_shown():
    for text in (json.dumps(resolved_document(RESOLVED)), resolved_summary(RESOLVED), plan_summary(PLAN)):
        assert CONTENT.decode() not in text
        assert "hunter2" not in text


def test_json_and_yaml_say_the_same():
    document = resolved_document(RESOLVED)
    assert json.loads(json.dumps(document)) == yaml.safe_load(yaml.safe_dump(document)) == document


def test_names_that_are_no_unicode_can_be_written():
    plan = BuildPlan(
        **{
            **vars(PLAN),
            "layers": (PLAN.layers[0], FilesLayer.of("model", [ArtifactFile("/a\udcff", "a\udcff", 1)])),
        }
    )
    assert json.dumps(plan_document(plan)).encode("ascii")


def test_the_summary_counts_files_and_names_requirements():
    lines = plan_summary(PLAN).splitlines()
    assert "  environment: /opt/model: numpy==1.26.*, pandas" in lines
    assert "  model:       2 files, 2.0 GB" in lines


def test_the_resolved_summary_names_versions():
    lines = resolved_summary(RESOLVED).splitlines()
    assert "python:     3.11 at /usr/local/bin/python3.11, glibc" in lines
    assert "  environment: uv: numpy 1.26.4" in lines


def test_the_resolved_summary_says_who_makes_an_environment_without_a_lock():
    made = ResolvedEnvironment("environment", "conda", "3.11", "linux/amd64", ())
    image = replace(RESOLVED.images[0], environments=(made,))
    lines = resolved_summary(replace(RESOLVED, images=(image,))).splitlines()
    assert "  environment: conda: made by the engine while it builds the image" in lines
