"""Rules about model files: what is wrong with each, and nothing where nothing is."""

import io
import zipfile
from pathlib import Path

import onnx
import pytest

from odahu_pack_triton.lint import lint
from tests.plugins.triton.model_subjects import subject_of, told
from tests.plugins.triton.onnx_graphs import classifier, identity
from tests.plugins.triton.protobuf_writer import saved_model, signature

TORCH = Path(__file__).parent / "torch_files"
ONNX = 'backend: "onnxruntime"\n'
SAVED = 'platform: "tensorflow_savedmodel"\n'
TORCH_CONFIG = """\
platform: "pytorch_libtorch"
input { name: "INPUT__0" data_type: TYPE_FP32 dims: [ 1, 3 ] }
input { name: "INPUT__1" data_type: TYPE_FP32 dims: [ 1 ] }
output { name: "OUTPUT__0" data_type: TYPE_FP32 dims: [ 1, 2 ] }
"""
POINTER = b"""version https://git-lfs.github.com/spec/v1
oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393
size 12345
"""
SERVING = signature({"x": (1, [-1, 4])}, {"y": (1, [-1, 3])})


@pytest.fixture
def found(tmp_path):
    """Lint a model of files, and tell what the rules about model files say."""

    def lint_it(config, files, **more):
        return told(subject_of(tmp_path, config, files, **more), "TR60")

    return lint_it


@pytest.mark.parametrize(
    ("config", "path"),
    [
        (ONNX, "1/model.onnx"),
        (SAVED, "1/model.savedmodel/saved_model.pb"),
        ('platform: "tensorflow_graphdef"\n', "1/model.graphdef"),
        (TORCH_CONFIG, "1/model.pt"),
        ('platform: "tensorrt_plan"\n', "1/model.plan"),
        (f'{ONNX}default_model_filename: "wine.onnx"\n', "1/wine.onnx"),
    ],
)
@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "TR601 {path}: {path} is empty"),
        (POINTER, "TR602 {path}: {path} is a pointer of Git LFS, not the model"),
        (b"\n<!DOCTYPE html><html>Sign in</html>", "TR603 {path}: {path}: it is an HTML page"),
        (b"\x89HDF\r\n\x1a\n", "TR603 {path}: {path}: it is an HDF5 file, as Keras writes them"),
        (b"\x1f\x8b\x08", "TR603 {path}: {path}: it is compressed with gzip"),
    ],
)
def test_what_is_no_model_is_told_for_each_format(found, config, path, content, expected):
    assert found(config, {path: content}) == [expected.format(path=path)]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ((TORCH / "state.pt").read_bytes(), "it is a zip archive"),
        ((TORCH / "legacy.pt").read_bytes(), "it is a pickle"),
        (classifier().SerializeToString()[:-5], "the file is cut off, or no protobuf message"),
        (b"just words", "the file is cut off, or no protobuf message"),
    ],
)
def test_a_file_of_another_format_is_told(found, content, reason):
    [line] = found(ONNX, {"1/model.onnx": content})
    assert line.startswith("TR603 1/model.onnx: 1/model.onnx: ")
    assert line.endswith(reason)


@pytest.mark.parametrize(
    ("config", "files"),
    [
        (ONNX, {"1/model.onnx": classifier().SerializeToString()}),
        (SAVED, {"1/model.savedmodel/saved_model.pb": saved_model({"serving_default": SERVING})}),
        (TORCH_CONFIG, {"1/model.pt": (TORCH / "script.pt").read_bytes()}),
        (TORCH_CONFIG, {"1/model.pt": (TORCH / "trace.pt").read_bytes()}),
        ('platform: "tensorrt_plan"\n', {"1/model.plan": b"ptrt" + bytes(64)}),
        (f'{ONNX}default_model_filename: "wine.ort"\n', {"1/wine.ort": b"\x24\x00\x00\x00ORTM" + bytes(60)}),
        ('backend: "python"\n', {"1/model.py": "", "1/model.onnx": ""}),
        (
            'backend: "tensorflow" platform: "tensorflow_graphdef"\n',
            {"1/model.savedmodel/saved_model.pb": ""},
        ),
        ('backend: "pytorch" platform: "torch_aoti" default_model_filename: "m.pt2"\n', {"1/m.pt2": ""}),
        ("", {"1/model.py": "", "1/model.onnx": ""}),
        ('backend: "pytorch"\nruntime: "model.py"\n', {"1/model.py": "", "1/model.pt": ""}),
    ],
)
def test_whole_files_pass(found, config, files):
    assert found(config, files) == []


def test_only_versions_that_are_loaded_are_judged(found):
    files = {f"{version}/model.onnx": "" for version in (1, 2, 3)}
    assert [line[:5] for line in found(ONNX, files)] == ["TR601"]
    assert found(f"{ONNX}version_policy {{ all {{ }} }}", files)[2].endswith("3/model.onnx is empty")
    assert found(f"{ONNX}version_policy {{ specific {{ versions: 2 }} }}", files) == [
        "TR601 2/model.onnx: 2/model.onnx is empty"
    ]
    assert len(found(f"{ONNX}version_policy {{ latest {{ num_versions: 2 }} }}", files)) == 2


@pytest.mark.parametrize("name", ["state", "module", "legacy"])
def test_weights_without_code_are_told(tmp_path, name):
    subject = subject_of(tmp_path, TORCH_CONFIG, {"1/model.pt": (TORCH / f"{name}.pt").read_bytes()})
    [finding] = [finding for finding in lint(subject) if finding.code == "TR604"]
    assert finding.message == "1/model.pt: it was made by torch.save, so that it holds weights and no code"
    assert 'torch.jit.script(model.eval()).save("model.pt")' in finding.hint


def test_an_exported_program_is_no_torch_script(found):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("m/models/model.json", "{}")
    [line] = found(TORCH_CONFIG, {"1/model.pt": content.getvalue()})
    assert line.endswith("it was made by torch.export, which is not TorchScript")


@pytest.mark.parametrize(
    ("versions", "release", "expected"),
    [
        ({"opset": 13}, "20.11", "operator set 13 (at most 12)"),
        ({"opset": 22, "ir_version": 10}, "24.10", "operator set 22 (at most 21)"),
        ({"opset": 13, "ir_version": 11}, "24.10", "IR version 11 (at most 10)"),
        (
            {"opset": 23, "ir_version": 11},
            "25.07",
            "operator set 23 (at most 22), IR version 11 (at most 10)",
        ),
        ({"opset": 12}, "20.11", ""),
        ({"opset": 21, "ir_version": 10}, "24.10", ""),
        ({"opset": 25, "ir_version": 13}, "26.08", ""),
    ],
)
def test_an_operator_set_that_is_too_new_is_told(tmp_path, versions, release, expected):
    files = {"1/model.onnx": identity([2], **versions).SerializeToString()}
    subject = subject_of(tmp_path, ONNX, files, release=release)
    found = [finding for finding in lint(subject) if finding.code == "TR605"]
    assert [finding.message for finding in found] == [
        f"1/model.onnx needs {expected}, more than the ONNX Runtime of Triton {release} has"
    ] * bool(expected)


def test_a_release_that_is_new_enough_is_named(tmp_path):
    files = {"1/model.onnx": identity([2], opset=17, ir_version=8).SerializeToString()}
    [finding] = [
        finding
        for finding in lint(subject_of(tmp_path, ONNX, files, release="20.11"))
        if finding.code == "TR605"
    ]
    assert finding.hint == "choose triton_base_image_tag 23.11-py3, or export for an older one"


def test_operators_for_classic_models_have_a_version_of_their_own(found):
    made = identity([2])
    made.opset_import.add(domain="ai.onnx.ml", version=3)
    files = {"1/model.onnx": made.SerializeToString()}
    [line] = found(ONNX, files, release="21.02")
    assert "operator set ai.onnx.ml 3 (at most 2)" in line


def _external(root, location):
    onnx.save(classifier(), root / "m.onnx", save_as_external_data=True, location=location, size_threshold=0)
    return (root / "m.onnx").read_bytes()


def test_weights_that_are_missing_are_told(tmp_path, found):
    content = _external(tmp_path, "weights.bin")
    (tmp_path / "m.onnx").unlink()
    (tmp_path / "weights.bin").rename(tmp_path / "elsewhere.bin")
    assert found(ONNX, {"1/model.onnx": content}) == [
        "TR606 1/model.onnx: 1/model.onnx has weights in 'weights.bin', which is not beside it"
    ]
    assert found(ONNX, {"1/weights.bin": b"w"}) == []


@pytest.mark.parametrize("location", ["../weights.bin", "/weights.bin", ""])
def test_weights_outside_of_the_models_folder_are_told(found, location):
    made = classifier()
    made.graph.initializer[0].data_location = onnx.TensorProto.EXTERNAL
    made.graph.initializer[0].external_data.add(key="location", value=location)
    [line] = found(ONNX, {"1/model.onnx": made.SerializeToString(), "weights.bin": "w"})
    assert line.startswith("TR606")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (
            saved_model({"s": SERVING}, tags=["serving"]),
            "has no graph with the tag 'serve'; did you mean 'serving'?",
        ),
        (saved_model({"__saved_model_init_op": SERVING}), "has no signature"),
    ],
)
def test_a_saved_model_that_cannot_be_served_is_told(found, content, expected):
    path = "1/model.savedmodel/saved_model.pb"
    assert found(SAVED, {path: content}) == [f"TR607 {path}: {path} {expected}"]


def test_a_folder_without_a_saved_model_is_left_to_others(found):
    assert found(SAVED, {"1/model.savedmodel/model.h5": "x"}) == []


def test_a_file_where_a_folder_is_due_is_left_to_others(found):
    assert found(SAVED, {"1/model.savedmodel": "a file"}) == []


VARIABLES = "1/model.savedmodel/variables"


@pytest.mark.parametrize(
    ("files", "is_whole"),
    [
        ({f"{VARIABLES}/variables.index": "i", f"{VARIABLES}/variables.data-00000-of-00001": "d"}, True),
        ({f"{VARIABLES}/variables.index": "i"}, False),
        ({f"{VARIABLES}/variables.data-00000-of-00001": "d"}, False),
        ({}, False),
    ],
)
def test_variables_must_be_there(found, files, is_whole):
    path = "1/model.savedmodel/saved_model.pb"
    content = saved_model({"serving_default": SERVING}, ops=["VarHandleOp"])
    expected = [f"TR608 {path}: {path} reads variables, which the folder variables beside it does not hold"]
    assert found(SAVED, {path: content, **files}) == ([] if is_whole else expected)


def test_another_signature_than_the_default_is_told(found):
    path = "1/model.savedmodel/saved_model.pb"
    assert found(SAVED, {path: saved_model({"predict": SERVING})})[0].endswith(
        f"{path} has no signature 'serving_default', so that 'predict' is served"
    )
    config = f'{SAVED}parameters {{ key: "TF_SIGNATURE_DEF" value {{ string_value: "predict" }} }}\n'
    assert found(config, {path: saved_model({"predict": SERVING})}) == []
