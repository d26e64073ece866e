"""A third party's plan made a program of this machine: what it is started with, and what it sees."""

import os
import shutil
import sys
import time
from pathlib import Path

import pytest

from odahu_pack_core.environment.cache import Cache
from odahu_pack_core.errors import ArtifactError, DependencyError, PlanError, SpecError, UsageError
from odahu_pack_core.events import Decision, Output
from odahu_pack_core.plan.python_choice import SUPPORTED
from tests.core.pipeline.local.conftest import run
from tests.pythons import pyenv_pythons

OWN = "{}.{}".format(*sys.version_info)
OURS = f"{{python: '{OWN}'}}"


def test_the_program_sees_what_it_would_in_its_image(porch, model):
    code, told = run(porch.prepare(model, OURS))
    root = told["argv"][0].removesuffix("/opt/porch/tell")
    assert code == 0
    assert told["argv"][1:] == ["--host", "0.0.0.0", "--port=5000", f"{root}/volume"]
    assert told["prefix"] == f"{root}/opt/model"
    assert told["environ"]["MODEL_LOCATION"] == f"{root}/opt/porch/model"
    assert told["environ"]["MIXED"] == f"--tmp=/tmp:{root}/opt/porch/side,/etc"
    assert told["environ"]["HOME"] == "/tmp"
    assert (told["python"], told["answer"], told["mine"]) == (OWN, "first", 1)
    assert told["cwd"] == str(Path.cwd())


def test_nothing_of_the_users_variables_gets_in_but_what_is_given(porch, model):
    porch.environ |= {"SECRET": "x", "PYTHONPATH": "/nowhere", "TZ": "UTC", "TERM": "dumb"}
    _, told = run(porch.prepare(model, OURS, variables={"GIVEN": "/opt/porch"}))
    names = set(told["environ"]) - {"LC_CTYPE"}  # which Python adds by itself
    assert names == {"PATH", "LANG", "TZ", "TERM", "MODEL_LOCATION", "SIDE", "MIXED", "HOME", "GIVEN"}
    assert told["environ"]["GIVEN"] == "/opt/porch"
    assert "SECRET" not in repr(porch.prepare(model, OURS, variables={"SECRET": "y"}))


def test_a_changed_model_counts_with_the_next_start_and_nothing_is_installed(porch, model):
    first = porch.prepare(model, OURS)
    (model / "model.py").write_text("import added\ndef answer():\n    return added.ANSWER\n")
    (model / "added.py").write_text("ANSWER = 'second'\n")
    porch.events.clear()
    again = porch.prepare(model, OURS)
    assert again.argv == first.argv
    assert run(again)[1]["answer"] == "second"
    assert porch.told(Output) == []
    assert not (model / "__pycache__").exists()


def test_another_name_of_the_model_shares_the_environment(porch, model):
    environments = {porch.prepare(model, OURS).folders[1]}
    other = shutil.copytree(model, model.with_name("other"))
    program = porch.prepare(other, OURS)
    assert {program.folders[1]} == environments
    assert program.folders[0] != porch.prepare(model, OURS).folders[0]


def test_an_archive_is_unpacked_once_and_again_when_it_changes(porch, model, tmp_path):
    porch.environ["ODAHU_PACK_CACHE_DIR"] = str(tmp_path / "cache")
    archive = Path(shutil.make_archive(str(tmp_path / "wine"), "zip", model))
    first = porch.prepare(archive, OURS)
    assert run(first)[1]["answer"] == "first"
    assert porch.prepare(archive, OURS).argv == first.argv
    (model / "model.py").write_text("def answer():\n    return 'another'\n")
    archive.unlink()
    shutil.make_archive(str(tmp_path / "wine"), "zip", model)
    changed = porch.prepare(archive, OURS)
    assert run(changed)[1]["answer"] == "another"
    models = Cache(tmp_path / "cache").folder_of("models")
    assert [path for path in models.iterdir() if path.is_dir()] == [changed.folders[-1]]


def test_words_take_the_place_of_the_images_arguments(porch, model):
    _, told = run(porch.prepare(model, OURS, words=("predict", "/volume", "in.json")))
    assert told["argv"][1:] == ["predict", "/volume", "in.json"]


def test_the_exit_code_is_the_programs(porch, model):
    assert run(porch.prepare(model, OURS, variables={"CODE": "3"}))[0] == 3


def test_host_and_port_are_arguments_of_the_packager(porch, model):
    _, told = run(porch.prepare(model, OURS, host="127.0.0.1", port=8080))
    assert told["argv"][1:4] == ["--host", "127.0.0.1", "--port=8080"]


def test_a_written_working_directory_is_made(porch, model):
    _, told = run(porch.prepare(model, f"{{python: '{OWN}', oddity: works somewhere}}"))
    assert told["cwd"].endswith("/work/here")


@pytest.mark.parametrize("oddity", ["by name", "elsewhere"])
def test_a_python_started_by_its_name_is_that_of_the_plan(porch, model, oddity):
    porch.environ["PATH"] = "/nowhere"
    program = porch.prepare(model, f"{{python: '{OWN}', oddity: {oddity}}}")
    assert program.argv[0].startswith(str(program.folders[0]))


@pytest.mark.parametrize("python", ["3.8", "3.12"])
def test_another_python_of_this_machine(porch, model, python):
    if not pyenv_pythons(f"{python}.*"):
        pytest.skip(f"this machine has no Python {python}")
    _, told = run(porch.prepare(model, f"{{python: '{python}'}}"))
    assert (told["python"], told["answer"]) == (python, "first")
    assert any(d.subject == "base image" and f"CPython {python}." in d.reason for d in porch.told(Decision))


def test_a_base_that_says_nothing_gets_the_newest_python(porch, model):
    _, told = run(porch.prepare(model))
    [chosen] = [decision for decision in porch.told(Decision) if decision.subject == "Python"]
    assert chosen.choice.startswith(f"{told['python']}.")
    assert SUPPORTED.index(told["python"]) >= SUPPORTED.index(OWN)


def test_a_named_python_is_used(porch, model):
    program = porch.prepare(model, python=Path(sys.executable))
    assert run(program)[1]["python"] == OWN


def test_a_named_python_of_another_version_is_refused(porch, model):
    with pytest.raises(
        UsageError, match=rf"--python .* is Python {OWN}\.\d+, but the model needs Python 3.6"
    ):
        porch.prepare(model, "{python: '3.6'}", python=Path(sys.executable))


@pytest.mark.parametrize("path", ["/nowhere/python3", "/bin/sh", "/"])
def test_a_named_python_that_is_none_is_refused(porch, model, path):
    with pytest.raises(UsageError, match=f"--python {path}: this is no CPython"):
        porch.prepare(model, OURS, python=Path(path))


def test_a_python_that_is_missing_is_told_with_what_mends_it(porch, model):
    with pytest.raises(DependencyError, match=r"no CPython 3\.5 was found") as caught:
        porch.prepare(model, "{python: '3.5'}")
    assert "uv python install 3.5" in caught.value.hint
    assert "--python PATH" in caught.value.hint


@pytest.mark.parametrize(
    ("oddity", "reason"),
    [
        ("runs something", "its image runs apt-get while it is built"),
        ("starts the base's program", "its image starts the program of python:slim"),
        ("a program that is nowhere", "its program '/opt/porch/nowhere' is not on this machine"),
    ],
)
def test_what_takes_a_container_is_refused(porch, model, oddity, reason):
    with pytest.raises(PlanError, match=f"porch cannot run without a container: {reason}") as caught:
        porch.prepare(model, f'{{python: "{OWN}", oddity: "{oddity}"}}')
    assert caught.value.code == "not-local"


def test_a_program_that_must_serve_and_one_that_must_not(porch, model):
    with pytest.raises(UsageError, match="an image of porch opens no port") as caught:
        porch.prepare(model, OURS, serves=True)
    assert caught.value.hint == "use: odahuflowctl local predict"
    with pytest.raises(UsageError, match="an image of porch serves") as caught:
        porch.prepare(model, "{oddity: serves}", serves=False)
    assert caught.value.hint == "use: odahuflowctl local serve"


def test_arguments_are_checked_as_for_an_image(porch, model):
    with pytest.raises(SpecError, match="did you mean 'port'"):
        porch.prepare(model, "{prot: 1}")


def test_a_model_that_is_nowhere(porch, tmp_path):
    with pytest.raises(ArtifactError, match="there is no such file or folder"):
        porch.prepare(tmp_path / "nowhere")


def test_what_was_not_used_for_a_month_goes_away(porch, model, tmp_path):
    porch.environ["ODAHU_PACK_CACHE_DIR"] = str(tmp_path / "cache")
    program = porch.prepare(model, OURS)
    longago = time.time() - 40 * 24 * 3600
    for folder in program.folders:
        os.utime(folder, (longago, longago))
    other = porch.prepare(model, f"{{python: '{OWN}', oddity: works somewhere}}")
    assert not program.folders[0].exists()
    assert set(program.folders[1:]) == set(other.folders[1:])
    assert all(folder.exists() for folder in other.folders)
