"""Several models in one image: environments, layers, checks and what is told of them."""

import re

import pytest

from odahu_pack_core import AddLayer, ArtifactFile, EnvironmentLayer, Folder, Label, PlanError, TextFile
from odahu_pack_triton import model_layers
from odahu_pack_triton.config import parse_config
from tests.plugins.triton.conftest import PYTHON_MODEL, model_files

NEW = {"triton_base_image_tag": "24.10-py3"}
OLD = {"triton_base_image_tag": "21.05-py3"}
CONFIG = PYTHON_MODEL["config.pbtxt"]


def models(*names, **more):
    """Files of a repository with some models that answer with what they are given."""
    files = {}
    for name in names:
        files |= {f"{name}/config.pbtxt": CONFIG, f"{name}/1/model.py": PYTHON_MODEL["model.py"]}
    return {**files, **more}


def conda(*lines, python=""):
    pin = [f"- python{python}"] if python else []
    return "\n".join(["dependencies:", *pin, "- pip:", *(f"  - {line}" for line in lines)])


def environments(plan):
    return {
        layer.name: (layer.prefix, layer.dependencies.pip[0])
        for layer in plan.layers
        if isinstance(layer, EnvironmentLayer)
    }


def parameter(plan, name):
    file = model_files(plan)[f"/models/{name}/config.pbtxt"]
    found = re.search(r'string_value: "(.+)"', file.content.decode() if isinstance(file, TextFile) else "")
    return found and found[1]


def test_a_folder_of_one_model_keeps_its_versions_and_its_name(plan):
    files = {"config.pbtxt": f'name: "wine"\n{CONFIG}', "words.txt": ""}
    files |= {f"{version}/model.py": PYTHON_MODEL["model.py"] for version in (2, 10)}
    made = plan(files, **NEW)
    assert {"/models/wine/2/model.py", "/models/wine/10/model.py", "/models/wine/words.txt"} <= set(
        model_files(made)
    )
    assert made.image.name.endswith("/wine-10")
    assert Label("org.odahu.pack.triton.models", '{"wine":[2,10]}') in made.instructions


def test_a_repository_has_each_model_and_the_name_of_its_manifest(plan):
    manifest = {"odahuflow.model.yaml": "name: wines\nversion: 3\n", "README.md": "", "shared.py": ""}
    made = plan(models("rank", "scale", **manifest), **NEW)
    assert made.image.name.endswith("/wines-3")
    assert {"/models/rank/1/model.py", "/models/scale/1/model.py", "/models/shared.py"} <= set(
        model_files(made)
    )
    assert not any("README" in path or "odahuflow" in path for path in model_files(made))
    told = {decision.subject: decision.choice for decision in made.decisions}
    assert (told["model rank"], told["model scale"], told["left out"]) == ("Python", "Python", "README.md")


def test_models_without_a_manifest_are_called_models_of_version_1(plan):
    assert plan(models("rank", "scale"), **NEW).image.name.endswith("/model-1")
    assert plan({"odahuflow.model.yaml": "version: 9"}, **NEW).image.name.endswith("/model-9")


def test_one_conda_file_at_the_root_is_for_every_python_model(plan):
    made = plan(models("a", "b", **{"conda.yaml": conda("attrs")}), **NEW)
    assert environments(made) == {"environment": ("/opt/model", "attrs")}
    assert parameter(made, "a") == parameter(made, "b") == "/opt/model"
    assert not any(path.endswith("conda.yaml") for path in model_files(made))


def test_a_conda_file_at_the_root_without_a_python_model_is_left_out(plan):
    config = CONFIG.replace('"python"', '"identity"')
    made = plan({"a/config.pbtxt": config, "a/1/": None, "conda.yaml": "not even: [yaml"}, **NEW)
    assert not any("conda" in path for path in model_files(made))
    assert [d.choice for d in made.decisions if d.subject == "conda.yaml"] == ["left out"]


def test_a_conda_file_in_a_version_is_warned_of(plan):
    made = plan(models("a", "b", **{"a/1/conda.yaml": conda("attrs"), "b/conda.yaml": conda("idna")}), **NEW)
    assert environments(made) == {"environment": ("/opt/model", "idna")}
    (notice,) = made.notices
    assert notice.message == "a/1/conda.yaml makes no environment: put it beside a/config.pbtxt"
    assert notice.severity == "warning"


def test_models_that_ask_for_the_same_share_an_environment(plan):
    files = {"a/conda.yaml": conda("attrs"), "b/conda.yml": conda("attrs"), "c/conda.yml": conda("idna")}
    made = plan(models("a", "b", "c", "d", **files), **NEW)
    assert environments(made) == {
        "environment-a": ("/opt/models/a", "attrs"),
        "environment-c": ("/opt/models/c", "idna"),
    }
    paths = [parameter(made, name) for name in "abcd"]
    assert paths == ["/opt/models/a", "/opt/models/a", "/opt/models/c", None]
    assert [d.choice for d in made.decisions if d.subject == "dependency"] == ["numpy<2", "numpy<2"]


def test_each_environment_has_a_pointing_archive_where_folders_are_unknown(plan):
    files = {"a/conda.yaml": conda("attrs"), "b/conda.yml": conda("idna")}
    made = plan(models("a", "b", **files), triton_base_image_tag="22.12-py3")
    archives = {path: f.content for path, f in model_files(made).items() if path.endswith(".tar.gz")}
    assert b". /opt/models/a/bin/activate" in archives["/models/a/environment.tar.gz"]
    assert b". /opt/models/b/bin/activate" in archives["/models/b/environment.tar.gz"]
    assert parameter(made, "b") == "/models/b/environment.tar.gz"


def test_a_folders_name_never_becomes_more_than_a_path(plan):
    name = 'a" } } max_batch_size: 7 #\n\\'
    made = plan(models(name, **{"conda.yaml": conda("attrs")}), triton_base_image_tag="22.12-py3")
    config = parse_config(model_files(made)[f"/models/{name}/config.pbtxt"].content.decode())
    assert config.environment == f"/models/{name}/environment.tar.gz"
    assert config.message.max_batch_size == 0


def test_a_release_with_one_python_for_all_takes_one_environment(plan):
    same = {"a/conda.yaml": conda("attrs"), "b/conda.yml": conda("attrs")}
    made = plan(models("a", "b", "c", **same), **OLD)
    assert made.instructions[-1].arguments[-1].endswith("python-runtime=/opt/model/bin/python3")
    with pytest.raises(PlanError, match=r"a/conda\.yaml and b/conda\.yml ask for different") as caught:
        plan({"b/conda.yml": conda("idna")}, **OLD)
    assert "21.06-py3 or newer" in caught.value.hint


def test_the_python_of_each_environment_is_checked(plan):
    files = {"a/conda.yaml": conda("x", python=">=3.9"), "b/conda.yml": conda("x", python="=3.10")}
    assert plan(models("a", "b", **files), **NEW).base.python_pin == ">=3.9,==3.10.*"
    with pytest.raises(PlanError, match=r"b/conda\.yml asks for Python ==3\.8"):
        plan({"b/conda.yml": conda("x", python="=3.8")}, **NEW)


def test_all_errors_of_all_models_are_told_at_once(plan):
    broken = {"b/config.pbtxt": 'name: "c"\n' + CONFIG, "c/config.pbtxt": "inputt { }"}
    with pytest.raises(PlanError) as caught:
        plan(models("a", "b", "c", **broken), **NEW)
    assert caught.value.code == "lint"
    assert "Triton 24.10 would not serve this (2 errors):" in caught.value.message
    assert re.search(r"^b/config\.pbtxt:1:1: error TR101: ", caught.value.message, re.MULTILINE)
    assert re.search(r"^c/config\.pbtxt:1:1: error TR001: ", caught.value.message, re.MULTILINE)
    assert "TR101" in caught.value.hint


def test_warnings_are_notices_of_the_plan(plan):
    config = f"{CONFIG}max_batch_size: 4\ndynamic_batching {{ max_queue_delay_microseconds: 90000000 }}\n"
    made = plan({**PYTHON_MODEL, "config.pbtxt": config}, **NEW)
    (notice,) = made.notices
    assert notice.severity == "warning"
    assert re.match(r"config\.pbtxt:5:\d+: TR3\d\d: ", notice.message)


def test_what_a_comment_says_to_ignore_is_said(plan):
    config = f"{CONFIG}max_batch_size: 4\ndynamic_batching {{ max_queue_delay_microseconds: 90000000 }}\n"
    (warning,) = plan({**PYTHON_MODEL, "config.pbtxt": config}, **NEW).notices
    code = re.search(r"TR\d\d\d", warning.message)[0]
    made = plan({**PYTHON_MODEL, "config.pbtxt": f"{config}# odahu-pack: ignore {code}\n"}, **NEW)
    (note,) = made.notices
    assert note.severity == "note"
    assert note.message == f"{warning.message} (ignored, as a comment says)"


def test_a_fault_in_lines_that_were_added_has_no_place(plan):
    model = (
        PYTHON_MODEL["model.py"]
        + """
    @staticmethod
    def auto_complete_config(config):
        config.add_input({"name": "X", "data_type": "TYPE_FP32", "dims": [0]})
        config.add_output({"name": "Y", "data_type": "TYPE_FP32", "dims": [1]})
        return config
"""
    )
    with pytest.raises(PlanError, match=r"(?m)^[\w/.]*config\.pbtxt: error TR2"):
        plan({"model.py": model}, **NEW)


def test_an_ensemble_without_its_empty_version_gets_one(plan):
    ensemble = """
        platform: "ensemble"
        input { name: "X" data_type: TYPE_FP32 dims: [ 1 ] }
        output { name: "Y" data_type: TYPE_FP32 dims: [ 1 ] }
        ensemble_scheduling { step { model_name: "echo" model_version: -1
            input_map { key: "X" value: "X" } output_map { key: "Y" value: "Y" } } }
    """
    made = plan(models("echo", **{"both/config.pbtxt": ensemble}), **NEW)
    assert isinstance(model_files(made)["/models/both/1"], Folder)
    told = [decision for decision in made.decisions if decision.subject == "both/1"]
    assert [decision.choice for decision in told] == ["empty folder added"]


def test_a_model_for_vllm_stands_on_the_image_that_has_vllm(plan):
    files = {"opt/config.pbtxt": 'backend: "vllm" instance_group { count: 1 kind: KIND_MODEL }'}
    files |= {"opt/1/model.json": '{"model": "opt/weights"}'}
    made = plan(files, triton_base_image_tag="24.10-vllm-python-py3")
    assert made.base.reference.tag == "24.10-vllm-python-py3"
    assert "/models/opt/1/model.json" in model_files(made)
    with pytest.raises(PlanError, match=r"24\.10-py3 has no vLLM backend\n.*24\.10-vllm-python-py3"):
        plan({}, **NEW)


@pytest.fixture
def small_is_large(monkeypatch):
    """Files of 9 bytes are large."""
    monkeypatch.setattr(model_layers, "_LARGE", 9)
    for model in (CONFIG, PYTHON_MODEL["model.py"]):
        assert len(model) > 9


def layers(plan):
    return {
        layer.name: [file.path for file in layer.files if isinstance(file, ArtifactFile)]
        for layer in plan.layers
    }


@pytest.mark.usefixtures("small_is_large")
def test_weights_are_sent_apart_from_what_is_small(plan):
    files = {"a/1/weights": "w" * 9, "a/2/weights": "w" * 10, "a/2/model.py": PYTHON_MODEL["model.py"]}
    made = plan(models("a", "B", **files, **{"a/note": "n", "B/1/tiny": "t"}), **NEW)
    assert layers(made) == {
        "weights-b": ["/models/B/config.pbtxt"],
        "weights-b_1": ["/models/B/1/model.py"],
        "weights-a": ["/models/a/config.pbtxt"],
        "weights-a_1": ["/models/a/1/model.py", "/models/a/1/weights"],
        "weights-a_2": ["/models/a/2/model.py", "/models/a/2/weights"],
        "model-b": ["/models/B/1/tiny"],
        "model-a": ["/models/a/note"],
    }
    (block,) = (block for block in made.blocks if block.name == "model")
    added = [instruction.layer for instruction in block.instructions if isinstance(instruction, AddLayer)]
    assert added == list(layers(made))


def test_a_changed_model_changes_its_own_layer_only(plan):
    before = {layer.name: layer for layer in plan(models("a", "b", "c"), **NEW).layers}
    after = {layer.name: layer for layer in plan({"b/1/more.json": "{}"}, **NEW).layers}
    assert [name for name in after if after[name] != before.get(name)] == ["model-b"]


@pytest.mark.usefixtures("small_is_large")
def test_many_models_have_few_layers(plan):
    made = plan(models(*(f"m{number:03}" for number in range(40))), **NEW)
    found = layers(made)
    assert len(found) == 17
    assert len(found["model"]) == 80 - 16


def test_the_label_of_the_models_is_left_out_where_it_were_long(plan):
    made = plan(models(*(f"{'m' * 100}{number}" for number in range(20))), **NEW)
    labels = {instruction.name for instruction in made.instructions if isinstance(instruction, Label)}
    assert "org.odahu.pack.triton.models" not in labels
    assert "org.odahu.pack.model.name" in labels
