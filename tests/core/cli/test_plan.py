"""``local pack plan``: what would be built, without building it."""

import json
import re
import shutil

import pytest
import yaml

PLAN = ("local", "pack", "plan")
IMAGE = re.compile(r"127\.0\.0\.1:9/odahuflow/wine-0-1:[0-9a-f-]{36}")


@pytest.fixture(autouse=True)
def _installed(paper, project):
    """Every test has the packager and the model."""


def test_the_summary_shows_image_base_layers_and_reasons(odahuflowctl):
    finished = odahuflowctl(*PLAN, "-f", "pack.yaml")
    assert (finished.code, finished.err) == (0, "")
    lines = finished.out.splitlines()
    assert IMAGE.fullmatch(lines[0].removeprefix("image:").strip())
    assert "base image: paper/base:1" in lines
    assert "  greeting: hello (the arguments say so)" in lines
    assert [line for line in lines if line.startswith("  model: 3 files, ")]


def test_it_needs_no_engine(odahuflowctl):
    assert odahuflowctl(*PLAN, "-f", "pack.yaml", DOCKER_HOST="unix:///nowhere").code == 0


def test_the_dockerfile_view(odahuflowctl):
    finished = odahuflowctl(*PLAN, "-f", "pack.yaml", "--dockerfile")
    assert (finished.code, finished.err) == (0, "")
    assert finished.out == "FROM paper/base:1\n\n# model\nADD layers/model.tar /\n"


@pytest.mark.parametrize(("output_format", "load"), [("json", json.loads), ("yaml", yaml.safe_load)])
def test_the_document(odahuflowctl, output_format, load):
    document = load(odahuflowctl(*PLAN, "-f", "pack.yaml", "-o", output_format).out)
    assert list(document) == ["packager", "image", "platforms", "base", "blocks", "layers", "decisions"]
    assert IMAGE.fullmatch(document["image"])


def test_jsonpath_looks_into_the_document(odahuflowctl):
    finished = odahuflowctl(*PLAN, "-f", "pack.yaml", "-o", "jsonpath=$.base.image")
    assert finished.out == "paper/base:1\n"


def test_resolve_settles_the_base(odahuflowctl):
    finished = odahuflowctl(*PLAN, "-f", "pack.yaml", "--resolve", "-o", "json")
    assert finished.code == 0, finished.err
    (image,) = json.loads(finished.out)["images"]
    assert image["base"]["imageId"] == "sha256:" + "cd" * 32
    assert image["base"]["origin"] == "made of paper"
    assert image["environments"] == []
    assert "Resolve base image and dependencies" in finished.err


def test_the_resolved_summary_and_dockerfile(odahuflowctl):
    finished = odahuflowctl(*PLAN, "-f", "pack.yaml", "--resolve")
    assert "  base image: paper/base:1 (made of paper)" in finished.out.splitlines()
    dockerfile = odahuflowctl(*PLAN, "-f", "pack.yaml", "--resolve", "--dockerfile")
    assert dockerfile.out.startswith("FROM paper/base:1\n")


def test_verbose_tells_every_step(odahuflowctl):
    err = odahuflowctl(*PLAN, "-f", "pack.yaml", "-v").err
    assert "Open the artifact" in err
    assert re.search(r"artifact: done in \d+\.\d s", err)


def test_options_reach_the_plan(odahuflowctl):
    words = ("--platform", "linux/arm64", "-o", "json")
    assert json.loads(odahuflowctl(*PLAN, "-f", "pack.yaml", *words).out)["platforms"] == ["linux/arm64"]


def test_no_push_target_is_no_hindrance_with_an_output(odahuflowctl, project):
    text = (project / "pack.yaml").read_text(encoding="utf-8").partition("  targets:")[0]
    (project / "local.yaml").write_text(text, encoding="utf-8")
    assert odahuflowctl(*PLAN, "-f", "local.yaml").code == 10
    finished = odahuflowctl(*PLAN, "-f", "local.yaml", "--output", "type=docker", "-o", "jsonpath=$.image")
    assert re.fullmatch(r"wine-0-1:[0-9a-f-]{36}\n", finished.out)


def test_dockerfile_and_a_format_contradict_each_other(odahuflowctl):
    finished = odahuflowctl(*PLAN, "-f", "pack.yaml", "--dockerfile", "-o", "json")
    assert (finished.code, finished.out) == (2, "")
    assert "--dockerfile and -o both want stdout" in finished.err


def test_the_artifact_may_be_elsewhere(odahuflowctl, project, tmp_path):
    shutil.move(project / "wine", tmp_path / "elsewhere")
    assert odahuflowctl(*PLAN, "-f", "pack.yaml").code == 12
    assert odahuflowctl(*PLAN, "-f", "pack.yaml", "--artifact", tmp_path / "elsewhere").code == 0
    named = ("--artifact-name", "elsewhere", "--artifact-path", tmp_path)
    assert odahuflowctl(*PLAN, "-f", "pack.yaml", *named).code == 0
    assert (
        odahuflowctl(*PLAN, "-f", "pack.yaml", "-a", "elsewhere", LOCAL_MODEL_OUTPUT_DIR=str(tmp_path)).code
        == 0
    )


def test_a_missing_artifact_is_an_error_that_lists_the_places(odahuflowctl, project):
    shutil.rmtree(project / "wine")
    finished = odahuflowctl(*PLAN, "-f", "pack.yaml")
    assert (finished.code, finished.out) == (12, "")
    assert finished.err.startswith("Error: the artifact 'wine.zip' is in none of these places:\n")
    assert f"  {project / 'wine.zip'}\n" in finished.err
    assert finished.err.endswith("give its path with --artifact PATH\n")


def test_an_artifact_name_is_not_a_path(odahuflowctl):
    finished = odahuflowctl(*PLAN, "-f", "pack.yaml", "-a", "../wine")
    assert finished.code == 2
    assert "'../wine' is not a file's name" in finished.err
