"""The reader of Triton artifacts: manifests, names, versions, and what is somebody else's."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odahu_pack_core import ArtifactError
from odahu_pack_core.artifact.tree import list_entries
from odahu_pack_triton.artifact import read_triton

ONNX = {"model.onnx": ""}
GPPI = (
    "binaries: {type: python, dependencies: conda, conda_path: conda.yaml}\nmodel: {name: wine, version: 1}\n"
)


def test_without_a_manifest_the_model_is_called_model_of_version_1(read):
    artifact = read(ONNX)
    assert (artifact.kind, artifact.name, artifact.version) == ("triton", "model", "1")


@pytest.mark.parametrize("name", ["odahuflow.model.yaml", "odahuflow.project.yaml"])
def test_a_manifest_names_the_model_whatever_its_file_is_called(read, name):
    artifact = read({**ONNX, name: "name: wine\nversion: 12\n"})
    assert (artifact.name, artifact.version) == ("wine", "12")


@pytest.mark.parametrize("text", ["", "# nothing\n", "name: wine\nversion:\n", "toolchain: {name: mlflow}\n"])
def test_what_a_manifest_leaves_out_has_its_default(read, text):
    assert read({**ONNX, "odahuflow.model.yaml": text}).version == "1"


def test_unknown_keys_of_a_manifest_are_kept(read):
    artifact = read({**ONNX, "odahuflow.model.yaml": "name: wine\nowner: risk\n"})
    assert artifact.manifest.model_extra == {"owner": "risk"}


@pytest.mark.parametrize("name", ["wine", "Wine_2", "a.b-c", "_x", "0", "a" * 128, "1.10"])
def test_a_folders_name_is_a_models_name(read, name):
    assert read({**ONNX, "odahuflow.model.yaml": f"name: {name}\n"}).name == name


@pytest.mark.parametrize(
    "name",
    [
        "../evil",
        "..",
        ".",
        "a/b",
        "a b",
        '"wine\\nUSER 0"',
        '"wine\\0"',
        "-x",
        ".hidden",
        "wine$HOME",
        "'a\"b'",
        "größe",
        '""',
        "a" * 129,
    ],
)
def test_a_name_that_is_no_folders_name_is_refused(read, name):
    with pytest.raises(ArtifactError, match=r"odahuflow\.model\.yaml, line 1: name: must be at most 128"):
        read({**ONNX, "odahuflow.model.yaml": f"name: {name}\n"})


@pytest.mark.parametrize(
    "version", ["1.10", "1.0", "v2", "0", "-1", "01", "1e3", '"1\\n"', "9" * 19, "two", "\u0661"]
)
def test_a_version_that_is_no_positive_whole_number_is_refused(read, version):
    with pytest.raises(ArtifactError, match="line 2: version: must be a positive whole number such as 3"):
        read({**ONNX, "odahuflow.model.yaml": f"name: wine\nversion: {version}\n"})


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("name: [wine]\n", "line 1: name: must be text"),
        ("name: wine\nname: wine\n", "key 'name' is repeated"),
        ("name: 'wine\n", "line 2"),
        ("- wine\n", "must be a mapping"),
        ("name: a\n---\nname: b\n", "must hold one document, but holds 2"),
        (b"\xff\xfe\x00", "not UTF-8"),
    ],
)
def test_a_broken_manifest_is_an_error_with_its_place(read, text, fault):
    with pytest.raises(ArtifactError, match=fault):
        read({**ONNX, "odahuflow.model.yaml": text})


def test_two_manifests_are_an_error(read):
    with pytest.raises(ArtifactError, match=r"odahuflow\.project\.yaml and odahuflow\.model\.yaml"):
        read({**ONNX, "odahuflow.model.yaml": "name: a\n", "odahuflow.project.yaml": "name: b\n"})


def test_a_manifest_that_would_be_passed_over_is_an_error(read):
    with pytest.raises(ArtifactError, match=r"odahuflow\.model\.yml: rename it to odahuflow\.model\.yaml"):
        read({**ONNX, "odahuflow.model.yml": "name: wine\n"})


@pytest.mark.parametrize("name", ["odahuflow.model.yaml", "odahuflow.project.yaml"])
def test_a_gppi_artifact_is_left_to_its_own_reader(read, name):
    assert read({name: GPPI, "model.onnx": ""}) is None


@pytest.mark.parametrize("files", [{}, {"README.md": ""}, {"weights.bin": "", "src/train.py": ""}])
def test_what_has_nothing_of_triton_is_left_alone(read, files):
    assert read(files) is None


@pytest.mark.parametrize(
    "files",
    [
        {"config.pbtxt": ""},
        {"Model.ONNX": ""},
        {"wine/config.pbtxt": "", "wine/1/model.pt": ""},
        {"net.pth": ""},
    ],
)
def test_what_was_meant_for_triton_is_taken_to_be_explained_later(read, files):
    assert read(files).kind == "triton"


@pytest.mark.parametrize("files", [{"model.onnx": ""}, {"a/config.pbtxt": "", "a/1/model.py": ""}])
def test_what_is_wrapped_in_one_folder_is_told(read, files):
    wrapped = {f"wine/{path}": content for path, content in files.items()}
    with pytest.raises(ArtifactError, match="not inside wine/") as caught:
        read({**wrapped, "wine/odahuflow.model.yaml": "name: wine\n", "wine/config.pbtxt": ""})
    assert caught.value.hint == "pack what is in wine/, not the folder itself"


@pytest.mark.property
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_no_manifest_breaks_the_reader(write_artifact, content):
    root = write_artifact({**ONNX, "odahuflow.model.yaml": content})
    try:
        artifact = read_triton(root, list_entries(root))
    except ArtifactError:
        return
    assert artifact is None or (artifact.name, artifact.version) == (
        artifact.name.strip("/."),
        str(int(artifact.version)),
    )
