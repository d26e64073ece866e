"""Which manifests are read, and which packaging is meant."""

import pytest

PLAN = ("local", "pack", "plan")
IMAGE = ("-o", "jsonpath=$.image")


@pytest.fixture(autouse=True)
def _installed(paper, project):
    """Every test has the packager and the model."""


@pytest.fixture
def two(project):
    """A second packaging beside the first."""
    text = (project / "pack.yaml").read_text(encoding="utf-8").partition("---")[0]
    other = text.replace("wine-on-paper", "wine-again").replace(
        "paper\n", 'paper\n  arguments: {imageName: "again:1"}\n', 1
    )
    (project / "again.yaml").write_text(other, encoding="utf-8")


def test_no_manifest_is_a_usage_error(odahuflowctl):
    finished = odahuflowctl(*PLAN)
    assert (finished.code, finished.out) == (2, "")
    assert finished.err == "Error: no manifest is given\nname one with -f FILE or -d FILE|DIR\n"


@pytest.mark.parametrize(
    "words", [("-f", "pack.yaml"), ("-d", "pack.yaml"), ("-d", "."), ("-f", "pack.yaml", "-d", ".")]
)
def test_the_only_packaging_needs_no_id(odahuflowctl, words):
    assert odahuflowctl(*PLAN, *words).code == 0


@pytest.mark.parametrize("name", ["--id", "--pack-id"])
@pytest.mark.usefixtures("two")
def test_one_of_several_is_chosen_by_its_id(odahuflowctl, name):
    assert odahuflowctl(*PLAN, "-d", ".", name, "wine-again", *IMAGE).out == "127.0.0.1:9/odahuflow/again:1\n"


@pytest.mark.usefixtures("two")
def test_entities_of_all_files_are_put_together(odahuflowctl, project):
    (project / "sub").mkdir()
    (project / "again.yaml").rename(project / "sub" / "again.yaml")
    words = ("-d", "sub", "-f", "pack.yaml", "--id", "wine-again")
    assert odahuflowctl(*PLAN, *words, *IMAGE).out == "127.0.0.1:9/odahuflow/again:1\n"


@pytest.mark.usefixtures("two")
def test_several_without_an_id_are_a_usage_error_that_lists_them(odahuflowctl):
    finished = odahuflowctl(*PLAN, "-d", ".")
    assert finished.code == 2
    assert finished.err == (
        "Error: the manifests hold several packagings: wine-again, wine-on-paper\nchoose one with --id\n"
    )


def test_an_id_that_is_not_there_is_an_error_with_a_near_match(odahuflowctl):
    finished = odahuflowctl(*PLAN, "-d", ".", "--id", "wine-on-papper")
    assert finished.code == 10
    assert finished.err == (
        "Error: the manifests hold no ModelPackaging 'wine-on-papper'; did you mean 'wine-on-paper'?\n"
    )


def test_manifests_without_a_packaging_are_an_error(odahuflowctl, project):
    (project / "none.yaml").write_text("", encoding="utf-8")
    finished = odahuflowctl(*PLAN, "-f", "none.yaml")
    assert (finished.code, finished.err) == (10, "Error: the manifests hold no ModelPackaging\n")


def test_a_repeated_entity_is_an_error_that_names_both_places(odahuflowctl, project):
    (project / "copy.yaml").write_text((project / "pack.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    finished = odahuflowctl(*PLAN, "-d", ".")
    assert finished.code == 10
    assert "copy.yaml" in finished.err
    assert "pack.yaml" in finished.err


def test_a_file_that_is_not_there(odahuflowctl):
    finished = odahuflowctl(*PLAN, "-f", "nowhere.yaml")
    assert finished.code == 10
    assert "cannot read nowhere.yaml: No such file or directory" in finished.err


def test_a_folder_for_f_is_a_usage_error(odahuflowctl):
    assert odahuflowctl(*PLAN, "-f", ".").code == 2


def test_documents_of_other_kinds_are_told_and_left_out(odahuflowctl, project):
    (project / "training.yaml").write_text("kind: ModelTraining\nid: t\nspec: {}\n", encoding="utf-8")
    finished = odahuflowctl(*PLAN, "-d", ".")
    assert finished.code == 0
    assert finished.err == "note: training.yaml, line 1: ModelTraining is not for packaging; left out\n"
