"""The environment of a Python model: Python, NumPy, and how each release is told of it."""

import gzip
import hashlib
import io
import tarfile

import pytest
from google.protobuf import text_format
from tritonclient.grpc import model_config_pb2

from odahu_pack_core import ArtifactError, PlanError, TextFile
from odahu_pack_triton.commands.judging import judged
from odahu_pack_triton.environment import pointing_archive
from odahu_pack_triton.releases import RELEASES
from odahu_pack_triton.repository import read_repository
from tests.plugins.triton.conftest import PYTHON_MODEL, model_files

PYTHON = PYTHON_MODEL
OWN_LINE = 'backend: "python"\n'
CONDA = "dependencies:\n- pip:\n  - attrs==21.4\n"


def _conda(*pip, python=""):
    lines = [f"- python{python}"] if python else []
    return "\n".join(["dependencies:", *lines, "- pip:", *(f"  - {line}" for line in pip)]) + "\n"


def _environment(plan):
    (layer,) = (layer for layer in plan.layers if layer.name == "environment")
    return layer


def _parameter(plan):
    file = model_files(plan)["/models/model/config.pbtxt"]
    if not isinstance(file, TextFile):  # the artifact's own
        return None
    config = text_format.Parse(file.content, model_config_pb2.ModelConfig())
    return config.parameters["EXECUTION_ENV_PATH"].string_value


@pytest.mark.parametrize("name", ["conda.yaml", "conda.yml"])
def test_a_conda_file_becomes_an_environment_that_can_be_activated(plan, name):
    made = plan({**PYTHON, name: CONDA}, triton_base_image_tag="24.10-py3")
    layer = _environment(made)
    assert (layer.prefix, layer.layout, layer.activate) == ("/opt/model", "venv", True)
    assert layer.dependencies.pip[0] == "attrs==21.4"
    assert f"/models/model/1/{name}" not in model_files(made)


def test_without_a_conda_file_the_base_image_is_the_environment(plan):
    made = plan(PYTHON, triton_base_image_tag="24.10-py3")
    assert [layer.name for layer in made.layers] == ["model"]
    assert _parameter(made) is None


def test_two_conda_files_are_an_error(plan):
    with pytest.raises(ArtifactError, match=r"both conda\.yaml and conda\.yml"):
        plan({**PYTHON, "conda.yaml": CONDA, "conda.yml": CONDA})


def test_another_kind_of_model_keeps_the_file_and_says_so(plan):
    config = f'backend: "identity" {PYTHON_MODEL["config.pbtxt"].removeprefix(OWN_LINE)}'
    made = plan({"config.pbtxt": config, "conda.yaml": "not even: [yaml"}, triton_base_image_tag="24.10-py3")
    assert [layer.name for layer in made.layers] == ["model"]
    assert "/models/model/1/conda.yaml" in model_files(made)
    decision = next(decision for decision in made.decisions if decision.subject == "conda.yaml")
    assert decision.reason == "only Python models have an environment, and model is none"


@pytest.mark.parametrize("tag", ["23.07-py3", "24.10-py3", "26.08-py3"])
def test_a_release_that_takes_folders_is_given_the_folder(plan, tag):
    made = plan({**PYTHON, "conda.yaml": CONDA}, triton_base_image_tag=tag)
    assert _parameter(made) == "/opt/model"
    assert not any("--backend-config" in word for word in made.instructions[-1].arguments)


@pytest.mark.parametrize("tag", ["21.06-py3", "22.12-py3", "23.06-py3"])
def test_a_release_that_takes_archives_is_given_one_that_points_to_the_folder(plan, tag):
    made = plan({**PYTHON, "conda.yaml": CONDA}, triton_base_image_tag=tag)
    assert _parameter(made) == "/models/model/environment.tar.gz"
    content = model_files(made)["/models/model/environment.tar.gz"].content
    with tarfile.open(fileobj=io.BytesIO(content)) as tar:
        assert tar.getnames() == ["bin", "bin/activate"]
        assert tar.extractfile("bin/activate").read() == b". /opt/model/bin/activate\n"


@pytest.mark.parametrize("tag", ["20.10-py3", "20.11-py3", "21.05-py3"])
def test_an_old_release_is_given_the_interpreter(plan, tag):
    made = plan({**PYTHON, "conda.yaml": CONDA}, triton_base_image_tag=tag)
    assert _parameter(made) is None
    option = "--backend-config=python,python-runtime=/opt/model/bin/python3"
    assert made.instructions[-1].arguments[-1] == option


def test_the_archive_is_the_same_on_every_host():
    assert hashlib.sha256(pointing_archive("/opt/model")).hexdigest() == ARCHIVE
    assert len(gzip.decompress(pointing_archive("/opt/model"))) == 10240


ARCHIVE = "a31e8c38e92dcae231069d9cb6c72e1f131e23ceeedb6725961a6de26ab46871"


@pytest.mark.parametrize(
    ("tag", "needs"),
    [
        ("20.11-py3", ("numpy<1.24", "grpcio", "grpcio-channelz", "protobuf<3.21")),
        ("21.04-py3", ("numpy<1.24",)),
        ("24.10-py3", ("numpy<2",)),
        ("24.12-py3", ("numpy",)),
    ],
)
def test_what_the_python_backend_imports_is_added(plan, tag, needs):
    made = plan({**PYTHON, "conda.yaml": CONDA}, triton_base_image_tag=tag)
    assert _environment(made).dependencies.pip == ("attrs==21.4", *needs)
    assert [d.choice for d in made.decisions if d.subject == "dependency"] == list(needs)


@pytest.mark.parametrize(
    "line", ["numpy", "NumPy>=1.19", "numpy==1.22.4", f"numpy==1.22.4 --hash=sha256:{'0' * 64}"]
)
def test_a_numpy_of_the_model_stays_and_is_bounded(plan, line):
    made = plan({**PYTHON, "conda.yaml": _conda(line)}, triton_base_image_tag="24.10-py3")
    dependencies = _environment(made).dependencies
    assert dependencies.pip == (line,)
    assert dependencies.constraints == ("numpy<2",)


@pytest.mark.parametrize(
    ("line", "tag", "bound", "newer"),
    [
        ("numpy==2.1.0", "24.11-py3", "<2", "24.12-py3 or newer, with Python 3.12"),
        ("numpy==1.24.4", "22.12-py3", "<1.24", "23.01-py3 or newer, with Python 3.8"),
    ],
)
def test_a_numpy_that_a_release_cannot_work_with_is_refused(plan, line, tag, bound, newer):
    with pytest.raises(PlanError, match=f"asks for {line}.* works with numpy{bound} only") as refused:
        plan({**PYTHON, "conda.yaml": _conda(line)}, triton_base_image_tag=tag)
    assert refused.value.hint.endswith(newer)
    assert plan({}, triton_base_image_tag="24.12-py3")


@pytest.mark.parametrize(
    ("pin", "tag"),
    [("=3.10", "24.10-py3"), (">=3.8,<3.11", "24.10-py3"), ("=3.6", "20.11-py3"), ("", "24.10-py3")],
)
def test_a_python_that_the_stub_has_is_asked_of_the_base(plan, pin, tag):
    files = {**PYTHON, "conda.yaml": _conda("attrs", python=pin) if pin else CONDA}
    specifier = f"={pin}.*" if pin.startswith("=") else pin
    assert plan(files, triton_base_image_tag=tag).base.python_pin == specifier


@pytest.mark.parametrize(
    ("pin", "tag", "fault", "hint"),
    [
        (
            "=3.8",
            "24.10-py3",
            "Triton 24.10 runs Python 3.10",
            "python=3.10 in conda.yaml, or choose triton_base_image_tag 23.04-py3",
        ),
        ("=3.12", "24.10-py3", "Triton 24.10 runs Python 3.10", "26.08-py3"),
        ("=3.7", "20.11-py3", "Triton 20.11 runs Python 3.6", "write python=3.6 in conda.yaml"),
        (">=3.13", "26.08-py3", "Triton 26.08 runs Python 3.12", "write python=3.12 in conda.yaml"),
    ],
)
def test_a_python_that_the_stub_has_not_is_refused_with_a_release_that_has(plan, pin, tag, fault, hint):
    with pytest.raises(PlanError) as caught:
        plan({**PYTHON, "conda.yaml": _conda("attrs", python=pin)}, triton_base_image_tag=tag)
    assert fault in caught.value.message
    assert hint in caught.value.hint


def test_the_linter_finds_what_the_packager_refuses(read):
    found = {}
    for name, conda in {
        "good": CONDA,
        "other python": _conda("attrs", python="=3.8"),
        "broken": "- x",
    }.items():
        repository = read_repository(read({**PYTHON, "conda.yaml": conda}))
        (judgement,) = judged(repository, RELEASES["24.10"], ())
        found[name] = [finding.code for finding in judgement.report.findings]
    assert found["good"] == []
    assert found["other python"] == ["python-mismatch"]
    assert len(found["broken"]) == 1


def test_a_conda_environment_is_told_the_same_in_its_own_words(plan):
    conda = "dependencies: [numpy, some-conda-only-package, {pip: [grpcio==1.48]}]"
    made = plan({**PYTHON, "conda.yaml": conda}, triton_base_image_tag="20.11-py3")
    dependencies = _environment(made).dependencies
    assert dependencies.conda == ("some-conda-only-package",)
    own = ("numpy", "some-conda-only-package", "python=3.6")
    assert dependencies.as_written.packages == (*own, "numpy<1.24", "grpcio-channelz", "protobuf<3.21")
    assert dependencies.as_written.pip == ("grpcio==1.48",)
