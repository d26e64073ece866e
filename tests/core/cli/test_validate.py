"""``local pack validate``: every fault at once."""

import shutil

import pytest

VALIDATE = ("local", "pack", "validate")


@pytest.fixture(autouse=True)
def _installed(paper, project):
    """Every test has the packager and the model."""


def test_valid_manifests_are_told_one_by_one_with_the_image(odahuflowctl):
    finished = odahuflowctl(*VALIDATE, "-d", ".")
    assert (finished.code, finished.err) == (0, "")
    connection, packaging = finished.out.splitlines()
    assert connection == "Connection press: valid"
    assert packaging.startswith(
        "ModelPackaging wine-on-paper: valid; would build 127.0.0.1:9/odahuflow/wine-0-1:"
    )


def test_without_its_artifact_a_packaging_is_checked_but_not_planned(odahuflowctl, project):
    shutil.rmtree(project / "wine")
    finished = odahuflowctl(*VALIDATE, "-d", ".")
    assert finished.code == 0
    verdict, _, reason = finished.out.splitlines()[-1].partition("; ")
    assert verdict == "ModelPackaging wine-on-paper: valid"
    assert reason == "not planned, as the artifact 'wine.zip' is in none of these places"


def test_an_artifact_that_is_named_must_be_there(odahuflowctl):
    assert odahuflowctl(*VALIDATE, "-d", ".", "--artifact", "nowhere.zip").code == 12


def test_keys_of_all_files_are_told_at_once(odahuflowctl, project):
    (project / "a.yaml").write_text(
        "kind: Connection\nid: a\nspec: {type: docker, uir: x}\n", encoding="utf-8"
    )
    (project / "b.yaml").write_text("kind: ModelPackagin\nid: b\nspec: {}\n", encoding="utf-8")
    finished = odahuflowctl(*VALIDATE, "-d", ".")
    assert (finished.code, finished.out) == (10, "")
    assert "a.yaml, line 3: spec.uir: unknown key; did you mean 'uri'?" in finished.err
    assert (
        "b.yaml, line 1: kind: unknown kind 'ModelPackagin'; did you mean 'ModelPackaging'?" in finished.err
    )


def test_arguments_targets_connections_and_integrations_are_told_at_once(odahuflowctl, project):
    (project / "bad.yaml").write_text(
        """\
kind: ModelPackaging
id: bad
spec:
  integrationName: paper
  artifactName: wine.zip
  arguments: {greting: hi}
  targets: [{name: docker-puhs, connectionName: press}]
---
kind: ModelPackaging
id: unknown
spec: {integrationName: papyrus}
---
kind: Connection
id: odd
spec: {type: dcker, uri: x}
---
kind: PackagingIntegration
id: mine
spec: {packager: paper, schema: {arguments: {properties: [{name: shout}]}}}
""",
        encoding="utf-8",
    )
    finished = odahuflowctl(*VALIDATE, "-d", ".")
    assert (finished.code, finished.out) == (11, "")
    for fault in (
        "unknown connection type 'dcker'; did you mean 'docker'?",
        "the packager has no argument 'shout'",
        "spec.arguments.greting: unknown key; did you mean 'greeting'?",
        "spec.targets[0].name: unknown target 'docker-puhs'; did you mean 'docker-push'?",
        "spec.targets: target 'docker-push' is required",
        "unknown integration 'papyrus'; did you mean 'paper'?",
    ):
        assert fault in finished.err
        assert finished.err.count(fault) == 1


def test_what_no_plan_can_be_made_of_is_told(odahuflowctl, project):
    text = (project / "pack.yaml").read_text(encoding="utf-8")
    (project / "pack.yaml").write_text(
        text.replace(
            "artifactName: wine.zip", "artifactName: wine.zip\n  arguments: {imageName: 'other.io/x:1'}"
        ),
        encoding="utf-8",
    )
    finished = odahuflowctl(*VALIDATE, "-d", ".")
    assert finished.code == 10
    assert "other.io" in finished.err


def test_one_packaging_of_several(odahuflowctl, project):
    bad = "---\nkind: ModelPackaging\nid: bad\nspec: {integrationName: papyrus}\n"
    with (project / "pack.yaml").open("a", encoding="utf-8") as stream:
        stream.write(bad)
    assert odahuflowctl(*VALIDATE, "-d", ".").code == 11
    assert odahuflowctl(*VALIDATE, "-d", ".", "--id", "wine-on-paper").code == 0


def test_nothing_to_validate_is_an_error(odahuflowctl, project):
    (project / "none.yaml").write_text("# nothing\n", encoding="utf-8")
    finished = odahuflowctl(*VALIDATE, "-f", "none.yaml")
    assert (finished.code, finished.err) == (10, "Error: the manifests hold nothing to validate\n")
