"""The three forms of an artifact, each read as the model repository that it stands for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odahu_pack_core import ArtifactEntry, ArtifactError, ModelArtifact
from odahu_pack_triton.repository import read_repository, with_files, without_linked

ENSEMBLE = 'platform: "ensemble"'
MANIFEST = {"odahuflow.model.yaml": "name: wine\nversion: 7\n"}


@pytest.fixture
def models(read):
    """Read files as a repository; return the paths of each model's folder, without those of folders."""

    def read_models(files, **options):
        repository = read_repository(read(files), **options)
        return {
            name: sorted(path for path, entry in model.entries.items() if not entry.is_folder)
            for name, model in repository.models.items()
        }

    return read_models


def test_a_flat_artifact_becomes_the_one_version_of_its_model(models):
    found = models({**MANIFEST, "model.onnx": "", "config.pbtxt": "", "words/list.txt": "", "notes": ""})
    assert found == {"wine": ["7/model.onnx", "7/notes", "7/words/list.txt", "config.pbtxt"]}


def test_without_a_manifest_a_flat_model_is_called_model_of_version_1(models):
    assert models({"model.onnx": ""}, name="folder") == {"model": ["1/model.onnx"]}


def test_what_a_flat_model_needs_beside_its_versions_lies_there(models):
    config = """
        output { name: "y" label_filename: "classes" }
        model_warmup { inputs { key: "x" value { input_data_file: "sample" } } }
        model_warmup { inputs { key: "x" value { input_data_file: "other" } } }
        sequence_batching { state { initial_state { data_file: "zeros" } } }
        parameters { key: "EXECUTION_ENV_PATH" value { string_value: "$$TRITON_MODEL_DIRECTORY/env" } }
    """
    files = ["classes", "labels.txt", "warmup/sample", "other", "initial_state/zeros", "model.py"]
    files += ["env/bin/activate", "environment.md", "triton_python_backend_stub"]
    assert models({"config.pbtxt": config, **dict.fromkeys(files, "")})["model"] == sorted(
        [
            *("config.pbtxt", "classes", "labels.txt", "env/bin/activate", "triton_python_backend_stub"),
            *("warmup/sample", "warmup/other", "initial_state/zeros"),
            *("1/model.py", "1/environment.md"),
            # What was beside the model in the artifact is so in the image, too.
            *("1/classes", "1/labels.txt", "1/other"),
        ]
    )


def test_a_label_file_may_be_a_link(read, artifact_root, write_artifact):
    write_artifact({"model.onnx": "", "names/classes.txt": "red\n"})
    (artifact_root / "labels.txt").symlink_to("names/classes.txt")
    (model,) = read_repository(read({})).models.values()
    assert model.read_text("labels.txt") == "red\n"
    assert not model.entries["labels.txt"].link
    with model.open("1/labels.txt") as stream:
        assert stream.read() == b"red\n"


def test_a_models_folder_stays_as_it_is(models, read):
    files = {"config.pbtxt": 'name: "wine"', "1/model.py": "", "3/model.py": "", "labels.txt": "", "x/y": ""}
    assert models(files) == {"wine": ["1/model.py", "3/model.py", "config.pbtxt", "labels.txt", "x/y"]}
    (model,) = read_repository(read(files)).models.values()
    assert model.versions == (1, 3)


@pytest.mark.parametrize(
    ("folder", "versions"), [("0", (0,)), ("01", ()), ("v1", ()), ("-1", ()), ("1" * 19, ())]
)
def test_a_version_is_a_plain_number(read, folder, versions):
    (model,) = read_repository(read({"wine/config.pbtxt": "", f"wine/{folder}/model.py": ""})).models.values()
    assert model.versions == versions


@pytest.mark.parametrize(
    ("files", "name", "expected"),
    [
        ({**MANIFEST, "config.pbtxt": 'name: "red"', "1/model.onnx": ""}, "folder", "wine"),
        ({"config.pbtxt": 'name: "red"', "1/model.onnx": ""}, "folder", "folder"),
        ({"config.pbtxt": 'name: "red"', "1/model.onnx": ""}, "", "red"),
        ({"config.pbtxt": 'name: "../red"', "1/model.onnx": ""}, "", "model"),
        ({"config.pbtxt": "not a config", "1/model.onnx": ""}, "", "model"),
        ({"1/model.onnx": ""}, "", "model"),
        ({"config.pbtxt": 'name: "red"', "v1/model.onnx": ""}, "folder", "folder"),
        ({"config.pbtxt": 'name: "red"', "version-1.2/model.onnx": ""}, "folder", "folder"),
    ],
)
def test_a_models_folder_is_called_as_manifest_folder_or_config_say(models, files, name, expected):
    assert list(models(files, name=name)) == [expected]


def test_a_repository_has_the_models_of_its_folders(read):
    repository = read_repository(
        read(
            {
                "scale/config.pbtxt": "",
                "scale/1/model.py": "",
                "rank/2/model.onnx": "",
                "both/config.pbtxt": ENSEMBLE,
                "both/1/": None,
                "unversioned/model.pt": "",
                "odahuflow.model.yaml": "name: wines\n",
                "README.md": "",
                ".gitignore": "",
                "shared.py": "",
                "docs/how.md": "",
            }
        )
    )
    assert list(repository.models) == ["both", "rank", "scale", "unversioned"]
    assert repository.models["both"].versions == (1,)
    assert repository.models["unversioned"].versions == ()
    assert list(repository.files) == ["shared.py"]
    assert set(repository.left_out) == {"odahuflow.model.yaml", "README.md", ".gitignore", "docs"}
    assert repository.whole


def test_a_lone_model_is_no_whole_repository(read):
    assert not read_repository(read({"model.onnx": ""})).whole


def test_each_model_has_its_own_conda_file_or_that_of_the_root(read):
    repository = read_repository(
        read(
            {
                "conda.yml": "",
                "a/config.pbtxt": "",
                "b/config.pbtxt": "",
                "b/conda.yaml": "",
            }
        )
    )
    assert {name: model.conda_file for name, model in repository.models.items()} == {
        "a": "conda.yml",
        "b": "b/conda.yaml",
    }
    assert not repository.files


def test_two_conda_files_in_one_place_are_an_error(read):
    with pytest.raises(ArtifactError, match=r"both a/conda\.yaml and a/conda\.yml"):
        read({"a/config.pbtxt": "", "a/conda.yaml": "", "a/conda.yml": ""})


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (["model.py", "wine/1/model.onnx"], r"has model\.py at its root beside folders of models \(wine/\)"),
        (["config.pbtxt", "wine/config.pbtxt"], r"config\.pbtxt at its root beside folders of models"),
        (["1/model.py", "wine/config.pbtxt"], r"1 at its root beside folders of models"),
        (["model.py", "1/model.onnx"], r"model\.py at its root beside numbered versions \(1/\)"),
    ],
)
def test_two_forms_in_one_artifact_are_an_error(read, files, message):
    with pytest.raises(ArtifactError, match=message):
        read(dict.fromkeys(files, ""))


@pytest.mark.parametrize(
    "files",
    [
        ["model.py", "tokenizer/config.json", "weights/model.onnx", "1/data.csv"],
        ["model.onnx/1/model.onnx"],
        ["model.savedmodel/config.pbtxt"],
        ["config.pbtxt", "weights.bin"],
        ["model.py", ".git/config.pbtxt", "__MACOSX/1/model.py"],
    ],
)
def test_a_flat_model_may_have_any_files_beside_it(models, files):
    assert models(dict.fromkeys(files, "")) == {
        "model": sorted(path if path == "config.pbtxt" else f"1/{path}" for path in files)
    }


SEGMENTS = st.sampled_from(
    ["1", "2", "a", "b.c", "model.py", "model.onnx", "config.pbtxt", "conda.yaml", "x"]
)
PATHS = st.lists(SEGMENTS, min_size=1, max_size=4).map("/".join)


@pytest.mark.property
@given(st.sets(PATHS, max_size=8))
def test_no_file_is_lost_or_seen_twice(tmp_path_factory, paths):
    files = {path for path in paths if not any(other.startswith(f"{path}/") for other in paths)}
    entries = tuple(ArtifactEntry(path) for path in sorted(files) if path != "config.pbtxt")
    artifact = ModelArtifact("triton", tmp_path_factory.getbasetemp(), entries, "", "")
    try:
        repository = read_repository(artifact)
    except ArtifactError:
        return
    members = [*repository.files.values()]
    members += [entry for model in repository.models.values() for entry in model.entries.values()]
    places = [entry.path for entry in members if not entry.is_folder]
    assert len(places) == len(set(places))
    left = {entry.path for entry in entries} - set(places)
    assert all(path.partition("/")[0] in {*repository.left_out, "conda.yaml"} for path in left)


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (["model.onnx"], "config.pbtxt"),
        (["1/model.onnx"], "config.pbtxt"),
        (["wine/1/model.onnx"], "wine/config.pbtxt"),
    ],
)
def test_a_file_that_is_not_there_is_shown_where_it_would_be(read, files, expected):
    (model,) = read_repository(read(dict.fromkeys(files, ""))).models.values()
    assert model.config_file == expected
    made = with_files(model, {"config.pbtxt": b"# made"})
    assert (made.config_file, made.read_text("config.pbtxt")) == (expected, "# made")
    assert not model.has("config.pbtxt")


def test_a_linked_folder_is_seen_through(read, artifact_root, write_artifact):
    write_artifact({"export/saved_model.pb": "x", "export/variables/index": ""})
    (artifact_root / "model.savedmodel").symlink_to("export")
    (artifact_root / "export/loop").symlink_to("..")
    (model,) = read_repository(read({})).models.values()
    assert model.is_folder("1/model.savedmodel")
    assert set(model.names("1/model.savedmodel")) == {"saved_model.pb", "variables", "loop"}
    assert model.has("1/model.savedmodel/variables/index")
    assert model.shown("1/model.savedmodel/saved_model.pb") == "export/saved_model.pb"
    with model.open("1/model.savedmodel/saved_model.pb") as stream:
        assert stream.read() == b"x"
    planned = without_linked(model.entries)
    assert planned["1/model.savedmodel"].link == "export"
    assert not any(path.startswith("1/model.savedmodel/") for path in planned)


def test_links_between_models_stay_and_links_to_what_is_left_behind_bring_it_along(
    read, artifact_root, write_artifact
):
    write_artifact({"a/config.pbtxt": "", "a/1/model.py": "x", "b/config.pbtxt": "", "b/1/": None})
    write_artifact({"shared/words/list": "y", "shared/weights": "z"})
    (artifact_root / "b/1/model.py").symlink_to("../../a/1/model.py")
    (artifact_root / "b/1/words").symlink_to("../../shared/words")
    (artifact_root / "words").symlink_to("shared/words")
    (artifact_root / "b/1/model.pt").symlink_to("../../shared/weights")
    repository = read_repository(read({}))
    entries = repository.models["b"].entries
    assert entries["1/model.py"].link
    assert (entries["1/words/list"].path, entries["1/model.pt"].path) == (
        "shared/words/list",
        "shared/weights",
    )
    assert not any(entry.link for path, entry in entries.items() if path != "1/model.py")
    assert set(repository.left_out) == {"shared", "words"}
