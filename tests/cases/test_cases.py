"""Golden cases: a folder is a request and a model, with the plan that we reviewed beside it.

``pytest tests/cases --rewrite-expected`` writes what is expected anew; review the difference.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from odahu_pack_core import Connection, FilesLayer, Folder, Link, ModelPackaging, load_entities, plan_model
from odahu_pack_core.cli.plan_document import plan_document

CASES = Path(__file__).parent
UUID = "ec1bf1cd-216d-4f0a-a62f-bf084c79c58c"
NAMES = sorted(folder.name for folder in CASES.iterdir() if (folder / "packaging.yaml").exists())


def planned(name):
    entities = load_entities(CASES / name / "packaging.yaml")
    (packaging,) = (entity for entity in entities if isinstance(entity, ModelPackaging))
    connections = [entity for entity in entities if isinstance(entity, Connection)]
    return plan_model(packaging, artifact=CASES / name / "model", connections=connections, random_uuid=UUID)


def document(plan):
    """Return the plan as text, files apart: they are in the tree."""
    values = plan_document(plan)
    for layer in values["layers"]:
        layer.pop("files", None)
    return json.dumps(values, indent=2) + "\n"


def tree(plan):
    """Return every file of every layer with its mode, a line each."""
    lines = []
    for layer in plan.layers:
        lines.append(f"[{layer.name}]")
        for file in layer.files if isinstance(layer, FilesLayer) else ():
            if isinstance(file, Link):
                lines.append(f"link {file.path} -> {file.target}")
            else:
                lines.append(f"{file.mode:04o} {file.path}{'/' if isinstance(file, Folder) else ''}")
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("file", "view"),
    [("plan.json", document), ("Dockerfile", lambda plan: plan.dockerfile()), ("tree.txt", tree)],
)
def test_the_plan_is_the_one_we_reviewed(name, file, view, request):
    expected = CASES / name / "expected" / file
    made = view(planned(name))
    if request.config.getoption("--rewrite-expected"):
        expected.parent.mkdir(exist_ok=True)
        expected.write_text(made)
    assert made == expected.read_text()


@pytest.mark.parametrize("name", NAMES)
def test_hadolint_finds_nothing(name):
    hadolint = shutil.which("hadolint", path=f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin")
    if hadolint is None:
        pytest.skip("hadolint is not installed")
    text = planned(name).dockerfile()
    done = subprocess.run(
        [hadolint, "-f", "json", "-"], input=text, capture_output=True, text=True, check=False
    )
    assert json.loads(done.stdout) == []
    assert done.returncode == 0
