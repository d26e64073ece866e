"""Model files by their fixed names, one for each kind that Triton serves."""

import pytest

from odahu_pack_core import ArtifactError, PlanError

PBTXT = "max_batch_size: 1\n"
OLDEST = {"triton_base_image_tag": "20.10-py3"}
KINDS = {
    "Python": ({"model.py": "", "config.pbtxt": PBTXT}, "model.py"),
    "TensorRT": ({"model.plan": ""}, "model.plan"),
    "TensorFlow SavedModel": ({"model.savedmodel/saved_model.pb": ""}, "model.savedmodel/saved_model.pb"),
    "TensorFlow GraphDef": ({"model.graphdef": "", "config.pbtxt": PBTXT}, "model.graphdef"),
    "ONNX": ({"model.onnx": ""}, "model.onnx"),
    "TorchScript": ({"model.pt": "", "config.pbtxt": PBTXT}, "model.pt"),
    "Caffe2 NetDef": (
        {"model.netdef": "", "init_model.netdef": "", "config.pbtxt": PBTXT},
        "init_model.netdef",
    ),
}


def _paths(plan):
    return {file.path for layer in plan.layers if layer.name == "model" for file in layer.files}


@pytest.mark.parametrize("title", KINDS)
def test_each_kind_is_known_by_its_file(plan, title):
    files, expected = KINDS[title]
    made = plan(files, **OLDEST)
    assert [decision.choice for decision in made.decisions if decision.subject == "model"] == [title]
    assert f"/models/model/1/{expected}" in _paths(made)


def test_an_onnx_model_may_be_a_folder(plan):
    made = plan({"model.onnx/model.onnx": "", "model.onnx/weights.bin": ""})
    assert "/models/model/1/model.onnx/weights.bin" in _paths(made)


def test_without_a_model_file_all_seven_are_told(plan):
    with pytest.raises(ArtifactError) as caught:
        plan({"config.pbtxt": PBTXT})
    told = caught.value.message
    names = (
        "model.py",
        "model.plan",
        "model.savedmodel/",
        "model.graphdef",
        "model.onnx",
        "model.pt",
        "model.netdef",
    )
    assert all(f"{name} (" in told for name in names)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("Model.onnx", "Model.onnx: rename it to model.onnx"),
        ("wine.onnx", "wine.onnx: rename it to model.onnx"),
        ("model.pth", "model.pth: rename it to model.pt"),
        ("MODEL.PLAN", "MODEL.PLAN: rename it to model.plan"),
        ("wine.engine", "wine.engine: rename it to model.plan"),
        ("frozen.pb", "frozen.pb: rename it to model.graphdef"),
        ("Model.py", "Model.py: rename it to model.py"),
        ("model.SavedModel/saved_model.pb", "model.SavedModel: rename it to model.savedmodel"),
        ("saved_model.pb", "saved_model.pb and what is beside it belong into a folder model.savedmodel/"),
        ("init_model.netdef", "init_model.netdef needs model.netdef beside it"),
        ("wine/config.pbtxt", "wine/ looks like a folder of a model repository"),
    ],
)
def test_a_near_miss_is_explained(plan, name, hint):
    with pytest.raises(ArtifactError) as caught:
        plan({name: ""})
    assert caught.value.code == "no-model-file"
    assert hint in caught.value.hint


@pytest.mark.parametrize("name", ["preprocess.py", "notes.json", "model.bin"])
def test_what_is_nothing_of_the_kind_gets_no_hint(plan, name):
    with pytest.raises(ArtifactError) as caught:
        plan({name: "", "config.pbtxt": PBTXT})
    assert caught.value.hint == ""


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"model.savedmodel": ""}, "model.savedmodel must be a folder"),
        ({"model.plan/": None}, "model.plan must be a file"),
        ({"model.py/__init__.py": ""}, "model.py must be a file"),
        ({"model.netdef": ""}, "model.netdef needs init_model.netdef beside it, which the artifact lacks"),
    ],
)
def test_a_model_file_of_the_wrong_shape_is_refused(plan, files, message):
    with pytest.raises((ArtifactError, PlanError), match=message):
        plan(files, **OLDEST)


def test_a_link_has_the_shape_of_what_it_points_to(plan, artifact_root, write_artifact):
    write_artifact({"export/saved_model.pb": ""})
    (artifact_root / "model.savedmodel").symlink_to("export")
    assert "/models/model/1/model.savedmodel" in _paths(plan({}))
    (artifact_root / "model.savedmodel").unlink()
    (artifact_root / "model.savedmodel").symlink_to("export/saved_model.pb")
    with pytest.raises(ArtifactError, match=r"model\.savedmodel must be a folder"):
        plan({})


def test_several_model_files_are_an_error_that_lists_them(plan):
    with pytest.raises(ArtifactError, match=r"several model files: model\.py, model\.pt") as caught:
        plan({"model.py": "", "model.pt": "", "config.pbtxt": PBTXT})
    assert caught.value.hint == "keep one, or name its backend in config.pbtxt"


@pytest.mark.parametrize(
    ("line", "title"),
    [
        ('backend: "python"', "Python"),
        ('platform: "pytorch_libtorch"', "TorchScript"),
        ('backend: "pytorch"', "TorchScript"),
    ],
)
def test_the_configuration_says_which_of_several_is_the_model(plan, line, title):
    made = plan({"model.py": "", "model.pt": "", "config.pbtxt": line})
    decision = next(decision for decision in made.decisions if decision.subject == "model")
    assert (decision.choice, decision.reason) == (title, "config.pbtxt names it, of model.py, model.pt")
    assert {"/models/model/1/model.py", "/models/model/1/model.pt"} <= _paths(made)


def test_a_backend_of_two_formats_does_not_say_which(plan):
    files = {
        "model.graphdef": "",
        "model.savedmodel/saved_model.pb": "",
        "config.pbtxt": 'backend: "tensorflow"',
    }
    with pytest.raises(ArtifactError, match="several model files"):
        plan(files)


@pytest.mark.parametrize(
    ("title", "tag", "other"),
    [
        ("Caffe2 NetDef", "20.11-py3", "20.10-py3"),
        ("TensorFlow SavedModel", "25.03-py3", "25.02-py3"),
        ("TensorFlow GraphDef", "26.08-py3", "25.02-py3"),
        ("ONNX", "24.02-py3", "24.01-py3"),
    ],
)
def test_a_release_without_the_backend_is_refused_with_one_that_has_it(plan, title, tag, other):
    with pytest.raises(PlanError, match=f"has no backend for {title} models") as caught:
        plan(KINDS[title][0], triton_base_image_tag=tag)
    assert other in caught.value.hint
