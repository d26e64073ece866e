"""What a model is: by the fixed name of its file, or by its configuration."""

import pytest

from odahu_pack_core import ArtifactError
from odahu_pack_triton.config import CONFIG, read_config
from odahu_pack_triton.model_file import choose_format
from odahu_pack_triton.repository import read_repository

PBTXT = "max_batch_size: 1\n"
KINDS = {
    "Python": ["model.py"],
    "TensorRT": ["model.plan"],
    "TensorFlow SavedModel": ["model.savedmodel/saved_model.pb"],
    "TensorFlow GraphDef": ["model.graphdef"],
    "ONNX": ["model.onnx"],
    "TorchScript": ["model.pt"],
    "Caffe2 NetDef": ["model.netdef", "init_model.netdef"],
}


@pytest.fixture
def chosen(read):
    """Return the format of the one model of some files, and the decision."""

    def choose(files):
        (folder,) = read_repository(read(files)).models.values()
        return choose_format(folder, read_config(folder.read_text(CONFIG) if folder.has(CONFIG) else ""))

    return choose


@pytest.mark.parametrize("title", KINDS)
def test_each_kind_is_known_by_its_file(chosen, title):
    format_, decision = chosen(dict.fromkeys(KINDS[title], ""))
    assert (format_.title, decision.choice) == (title, title)
    assert decision.reason == f"{format_.file} is there"


def test_an_onnx_model_may_be_a_folder(chosen):
    assert chosen({"model.onnx/model.onnx": "", "model.onnx/weights.bin": ""})[0].title == "ONNX"


def test_the_file_may_lie_in_any_version(chosen):
    assert chosen({CONFIG: "", "1/": None, "2/model.onnx": ""})[0].title == "ONNX"


def test_without_a_model_file_all_seven_are_told(chosen):
    with pytest.raises(ArtifactError) as caught:
        chosen({CONFIG: PBTXT})
    told = caught.value.message
    files = [name.partition("/")[0] for names in KINDS.values() for name in names[:1]]
    assert all(f"{name} (" in told or f"{name}/ (" in told for name in files)


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
        ("wine/model.pt", "model.pt belongs into a numbered folder: wine/1/model.pt"),
    ],
)
def test_a_near_miss_is_explained(chosen, name, hint):
    with pytest.raises(ArtifactError) as caught:
        chosen({name: ""})
    assert caught.value.code == "no-model-file"
    assert hint in caught.value.hint


@pytest.mark.parametrize("name", ["preprocess.py", "notes.json", "model.bin"])
def test_what_is_nothing_of_the_kind_gets_no_hint(chosen, name):
    with pytest.raises(ArtifactError) as caught:
        chosen({name: "", CONFIG: PBTXT})
    assert caught.value.hint == ""


def test_several_model_files_are_an_error_that_lists_them(chosen):
    with pytest.raises(ArtifactError, match=r"several model files: model\.py, model\.pt") as caught:
        chosen({"model.py": "", "model.pt": "", CONFIG: PBTXT})
    assert caught.value.hint == "keep one, or name its backend in config.pbtxt"


@pytest.mark.parametrize(
    ("line", "title"),
    [
        ('backend: "python"', "Python"),
        ('platform: "pytorch_libtorch"', "TorchScript"),
        ('backend: "pytorch"', "TorchScript"),
    ],
)
def test_the_configuration_says_which_of_several_is_the_model(chosen, line, title):
    format_, decision = chosen({"model.py": "", "model.pt": "", CONFIG: line})
    assert format_.title == title
    assert decision.reason == "config.pbtxt names it, of model.py, model.pt"


def test_a_backend_of_two_formats_does_not_say_which(chosen):
    files = {"model.graphdef": "", "model.savedmodel/saved_model.pb": "", CONFIG: 'backend: "tensorflow"'}
    with pytest.raises(ArtifactError, match="several model files"):
        chosen(files)


@pytest.mark.parametrize(
    ("line", "choice"),
    [
        ('backend: "onnxruntime"', "ONNX"),
        ('backend: "own"', "own"),
        ('platform: "ensemble"', "ensemble"),
        ("ensemble_scheduling { }", "ensemble"),
    ],
)
def test_a_configuration_says_what_the_model_is_where_no_file_does(chosen, line, choice):
    assert chosen({CONFIG: line})[1].choice == choice
