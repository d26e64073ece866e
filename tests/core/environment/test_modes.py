"""Wheels, conda packages, or what the base image lacks."""

import subprocess
from dataclasses import replace

import pytest
import yaml

from odahu_pack_core.environment.conda_mode import conda_instructions, conda_tool
from odahu_pack_core.environment.modes import may_need_engine, with_python
from odahu_pack_core.environment.uv import HostPython
from odahu_pack_core.errors import DependencyError, PlanError
from odahu_pack_core.events import Decision, Notice
from odahu_pack_core.plan.base import BaseImage, SitePackages
from odahu_pack_core.plan.environment import CondaWords
from odahu_pack_core.plan.instruction import Copy, Run, User
from tests.core.environment.conftest import facts, pack, wanted
from tests.core.environment.wheelhouse import build_wheel


def mode(recorder):
    return next(event for event in recorder.of(Decision) if event.subject.startswith("mode of"))


def added(recorder):
    return next(event for event in recorder.of(Decision) if event.subject.startswith("packages on top"))


@pytest.fixture
def cached_base(tmp_path):
    """A base whose site-packages holds two packages, and a folder that stands in for it."""

    def base(**packages):
        site = tmp_path / "base-site"
        for name, version in packages.items():
            (site / name).mkdir(parents=True, exist_ok=True)
            (site / name / "__init__.py").write_text(f"VERSION = {version!r}\nFROM = 'base'\n")
        (site / "extra.pth").write_text("import sys; sys.base_paths_were_read = True\n")
        return facts(site_packages=SitePackages(str(site), tuple(sorted(packages.items()))))

    return base


def test_wheels_are_the_mode_of_most(environments, recorder, tmp_path):
    resolved = environments.resolve(wanted("space-two"), facts(), tmp_path, recorder.emit)
    assert resolved.mode == "uv"
    assert mode(recorder).choice == "uv"
    assert [(p.name, p.version) for p in resolved.packages] == [("space-one", "1.0"), ("space-two", "1.0")]
    assert all(digest.startswith("sha256:") for package in resolved.packages for digest in package.hashes)
    assert (resolved.python, resolved.platform) == (HostPython.own().version, "linux/amd64")


def test_on_a_cache_only_what_differs_is_installed(environments, recorder, tmp_path, cached_base):
    layer = wanted("space-two", "greeter", "hiding")
    base = cached_base(**{"space-one": "1.0.0", "greeter": "0.9"})
    resolved = environments.resolve(layer, base, tmp_path, recorder.emit)
    assert resolved.mode == "base"
    assert [package.name for package in resolved.packages] == ["greeter", "hiding", "space-two"]
    told = added(recorder)
    assert "from the base image: space-one" in told.reason
    assert "greeter 0.9 by 1.0" in told.reason


def test_on_a_cache_the_models_version_wins_and_the_rest_is_the_bases(unpacked, cached_base, house):
    build_wheel(house, "wanted-lib", "2.0", {"wanted_lib/__init__.py": "VERSION = '2.0'\nFROM = 'model'\n"})
    base = cached_base(wanted_lib="1.0", untouched="3")
    prefix = unpacked("wanted-lib", base=base)
    code = (
        "import sys, wanted_lib, untouched\n"
        "print(wanted_lib.VERSION, wanted_lib.FROM, untouched.FROM, sys.base_paths_were_read)"
    )
    told = subprocess.check_output([prefix / "bin" / "python3", "-I", "-c", code], text=True)
    assert told.split() == ["2.0", "model", "base", "True"]


def test_a_cache_with_everything_leaves_nothing_to_install(made, recorder, cached_base):
    made(wanted("greeter"), cached_base(greeter="1.0"))
    assert not [command for command in recorder.commands if "install" in command.arguments]
    assert added(recorder).choice == "none"


def test_a_front_is_not_built_upon_a_cache(environments, recorder, tmp_path, cached_base):
    resolved = environments.resolve(
        wanted("greeter", layout="site"), cached_base(greeter="1.0"), tmp_path, recorder.emit
    )
    assert resolved.mode == "uv"
    assert [package.name for package in resolved.packages] == ["greeter"]


def test_conda_packages_that_a_cache_may_hold_are_told(environments, recorder, tmp_path, cached_base):
    layer = wanted(conda=("gdal=3", "greeter", "conda-forge::held =1"))
    environments.resolve(layer, cached_base(greeter="1.0", held="1"), tmp_path, recorder.emit)
    [told] = recorder.of(Notice)
    assert told.severity == "warning"
    assert "gdal=3" in told.message
    assert "greeter" not in told.message
    assert "held" not in told.message


@pytest.fixture
def without_rattler(monkeypatch):
    """Nothing of conda is installed here."""
    monkeypatch.setattr("odahu_pack_core.environment.conda.find_spec", lambda _: None)


@pytest.mark.usefixtures("without_rattler")
def test_one_unknown_conda_package_makes_it_a_conda_environment(environments, recorder, tmp_path):
    assert may_need_engine(wanted(conda=("gdal",)))
    resolved = environments.resolve(wanted("greeter", conda=("gdal",)), facts(), tmp_path, recorder.emit)
    assert (resolved.mode, resolved.packages) == ("conda", ())
    assert "gdal" in mode(recorder).reason
    assert "micromamba" in mode(recorder).reason
    assert "pip install 'odahu-pack-core[conda]'" in mode(recorder).reason
    assert not recorder.commands


def test_no_engine_is_needed_where_rattler_is():
    assert not may_need_engine(wanted(conda=("gdal",)))


def test_a_conda_environment_for_triton_can_be_activated():
    layer = wanted(conda=("gdal",), as_written=CondaWords(("gdal",)), activate=True)
    instructions, files = conda_instructions(layer, facts("3.8"))
    assert instructions[-1] == Copy("conda/environment.activate", "/opt/model/bin/activate")
    assert b"PATH=/opt/model/bin:$PATH" in files["conda/environment.activate"]


def test_a_conda_environment_is_made_by_the_engine_from_the_users_own_words():
    words = CondaWords(("python=3.8", "numpy=1.19=py38_0", "gdal"), ("click==7.1.2",))
    layer = wanted("numpy==1.19", "click==7.1.2", "added>1", conda=("gdal",), as_written=words)
    instructions, files = conda_instructions(layer, facts("3.8"))
    assert instructions[:2] == (
        User("0:0"),
        Copy("conda/environment.yml", "/opt/odahu/conda/environment.yml"),
    )
    run = instructions[2]
    assert isinstance(run, Run)
    assert run.arguments[:2] == ("/bin/sh", "-c")
    assert "micromamba create --yes --prefix /opt/model " in run.arguments[2]
    assert yaml.safe_load(files["conda/environment.yml"]) == {
        "channels": ["conda-forge", "nodefaults"],
        "dependencies": [
            "python=3.8",
            "numpy=1.19=py38_0",
            "gdal",
            "pip",
            {"pip": ["click==7.1.2", "added>1"]},
        ],
    }


def test_a_conda_environment_gets_the_images_python_where_none_is_written():
    words = CondaWords(("gdal",))
    _, files = conda_instructions(wanted(conda=("gdal",), as_written=words), facts("3.6"))
    assert yaml.safe_load(files["conda/environment.yml"])["dependencies"] == ["python=3.6", "gdal"]


@pytest.mark.parametrize(
    ("written", "channels"),
    [
        ((), ["conda-forge", "nodefaults"]),
        (("mine", "conda-forge"), ["mine", "conda-forge", "nodefaults"]),
        (("defaults",), ["defaults"]),
        (("conda-forge", "nodefaults"), ["conda-forge", "nodefaults"]),
    ],
)
def test_defaults_is_never_a_channel_unasked(written, channels):
    _, files = conda_instructions(wanted(conda=("gdal",), channels=written), facts())
    assert yaml.safe_load(files["conda/environment.yml"])["channels"] == channels


def test_pips_settings_and_constraints_go_into_a_conda_environment():
    layer = wanted(
        "click",
        conda=("gdal",),
        constraints=("h11<1",),
        index_url="https://one.example/simple",
        extra_index_urls=("https://two.example/simple",),
    )
    instructions, files = conda_instructions(layer, facts())
    pip = yaml.safe_load(files["conda/environment.yml"])["dependencies"][-1]["pip"]
    assert pip == [
        "--index-url=https://one.example/simple",
        "--extra-index-url=https://two.example/simple",
        "--constraint=/opt/odahu/conda/environment.txt",
        "click",
    ]
    assert files["conda/environment.txt"] == b"h11<1\n"
    assert Copy("conda/environment.txt", "/opt/odahu/conda/environment.txt") in instructions


def test_wheels_of_the_artifact_cannot_go_into_a_conda_environment():
    layer = wanted(conda=("gdal",), wheels=("wheels/a-1-py3-none-any.whl",))
    with pytest.raises(DependencyError, match="gdal") as told:
        conda_instructions(layer, facts())
    assert "a-1-py3-none-any.whl" in told.value.message


@pytest.mark.parametrize(
    ("env", "tool"),
    [
        ({}, "micromamba"),
        ({"MAMBA_EXE": "/bin/micromamba", "PATH": "/opt/conda/bin:/bin"}, "micromamba"),
        ({"PATH": "/opt/conda/bin:/usr/bin"}, "conda"),
        ({"PATH": "/usr/bin:/root/miniconda3/condabin"}, "conda"),
        ({"PATH": "/opt/miniforge3/bin"}, "conda"),
        ({"CONDA_DIR": "/srv/c"}, "conda"),
        ({"PATH": "/usr/local/bin:/usr/bin"}, "micromamba"),
    ],
)
def test_the_bases_own_conda_is_used(env, tool):
    assert conda_tool(facts(env=env)) == tool


@pytest.mark.parametrize(
    ("wanted_base", "found", "python"),
    [
        ({"python": "3.7", "python_pin": "==3.7.*"}, "3.12", "3.7"),
        ({"python": "3.7", "python_pin": "==3.7.*"}, None, "3.7"),
        ({"python_pin": ">=3.8,<3.11"}, "3.12", "3.10"),
        ({}, "3.12", "3.12"),
        ({}, None, "3.6"),
    ],
)
def test_a_conda_environment_brings_its_own_python(wanted_base, found, python):
    base = replace(facts(), python=found)
    front = wanted("greeter", prefix="/opt/front", layout="site")
    layers = [wanted(conda=("gdal",)), front]
    assert with_python(BaseImage(base.reference, **wanted_base), base, layers).python == python


def test_a_layer_made_here_needs_the_bases_own_python(cached_base):
    needed = BaseImage(facts().reference, "3.7")
    for base, layer in [
        (facts("3.9"), wanted("x")),
        (replace(cached_base(greeter="1.0"), python="3.9"), wanted(conda=("gdal",))),
    ]:
        with pytest.raises(PlanError, match=r"3\.9"):
            with_python(needed, base, [layer])
        matching = replace(base, python="3.7")
        assert with_python(needed, matching, [layer]) == matching


def test_a_conda_range_of_pythons_is_narrowed_to_the_images():
    words = CondaWords(("numpy", "python>=3.8", "python<3.11", "gdal"))
    _, files = conda_instructions(wanted(conda=("gdal",), as_written=words), facts("3.10"))
    assert yaml.safe_load(files["conda/environment.yml"])["dependencies"] == ["python=3.10", "numpy", "gdal"]


def test_a_front_beside_a_conda_environment_is_made_for_its_python(environments, recorder, tmp_path):
    front = wanted("scripted", prefix="/opt/front", layout="site")
    planned = facts("3.9", "/usr/bin/python3.9")
    resolved = environments.resolve(front, planned, tmp_path, recorder.emit)
    bare = replace(planned, python=None, interpreter=None)
    assert pack(environments, front, resolved, bare, tmp_path, recorder.emit).content
