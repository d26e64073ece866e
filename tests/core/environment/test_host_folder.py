"""Environments as folders of this machine: they run where they are, and are made once."""

import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from odahu_pack_core.environment.environments import Environments
from odahu_pack_core.environment.uv import HostPython
from odahu_pack_core.errors import DependencyError
from odahu_pack_core.events import Notice
from tests.core.environment.conftest import facts, wanted
from tests.core.environment.wheelhouse import HOUSE

OWN = HostPython.own()
TELL = """\
import json, sys, greeter, space.two
print(json.dumps([sys.prefix, sys.base_prefix, greeter.__file__, greeter.__cached__, sys.pathed]))
"""


@pytest.fixture
def standing(environments, recorder, tmp_path):
    """Resolve an environment and make its folder."""

    def stand(layer, base=None, environments=environments):
        base = base or facts()
        resolved = environments.resolve(layer, base, tmp_path, recorder.emit)
        return environments.folder(layer, resolved, base, tmp_path, recorder.emit)

    return stand


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True, env={}).stdout


def test_it_is_a_virtual_environment_of_this_machine(standing):
    folder = standing(wanted(*HOUSE))
    prefix, base, module, cached, pathed = json.loads(run(folder / "bin" / "python3", "-I", "-c", TELL))
    assert (prefix, pathed) == (str(folder), True)
    assert base == sys.base_prefix
    assert module.startswith(f"{folder}/lib/python{OWN.version}/site-packages/")
    assert Path(cached).exists()


def test_its_scripts_start(standing):
    folder = standing(wanted(*HOUSE))
    assert run(folder / "bin" / "greet") == f"hello from {folder}\n"
    assert run(folder / "bin" / "shout") == "SHOUT\n"


def test_its_python_writes_no_byte_code_beside_a_model(standing, tmp_path):
    folder = standing(wanted("greeter"))
    (tmp_path / "model.py").write_text("LOADED = True\n")
    run(folder / "bin" / "python3", "-I", "-c", f"import sys; sys.path += [{str(tmp_path)!r}]; import model")
    assert not (tmp_path / "__pycache__").exists()


def test_a_flat_folder_has_packages_only(standing):
    folder = standing(wanted("greeter", prefix="/opt/front", layout="site"))
    assert {"greeter.py", "greeter-1.0.dist-info"} <= {path.name for path in folder.iterdir()}
    assert not (folder / "bin").exists()


def test_the_second_time_nothing_is_run(standing, recorder):
    first = standing(wanted(*HOUSE))
    recorder.commands.clear()
    assert standing(wanted(*HOUSE)) == first
    assert recorder.commands == []


def test_other_packages_and_another_python_are_another_folder(standing):
    folders = {
        standing(wanted("greeter")),
        standing(wanted("greeter", "sharing")),
        standing(wanted("greeter"), facts(env={"PYTHON_VERSION": f"{OWN.version}.99"})),
    }
    assert len(folders) == 3


def test_two_at_once_make_it_once(cache_dir, environ, recorder, standing):
    found = []

    def stand():
        found.append(standing(wanted(*HOUSE), environments=Environments(cache_dir, environ, recorder)))

    threads = [threading.Thread(target=stand) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 1
    assert len([command for command in recorder.commands if "install" in command.arguments]) == 1


def test_what_fails_on_the_way_is_not_there(environ, cache_dir, standing, recorder):
    def broken(command, on_line=None):
        if "install" in command.arguments:
            raise KeyboardInterrupt
        return recorder(command, on_line)

    with pytest.raises(KeyboardInterrupt):
        standing(wanted("greeter"), environments=Environments(cache_dir, environ, broken))
    assert [path for path in (cache_dir / "v1" / "environments").iterdir() if path.is_dir()] == []
    assert list((cache_dir / "v1" / "scratch").iterdir()) == []
    assert (standing(wanted("greeter")) / "bin" / "greet").exists()


def test_a_cache_that_cannot_be_written_is_told(cache_dir, standing, recorder):
    (cache_dir / "v1").mkdir(parents=True, exist_ok=True)
    (cache_dir / "v1" / "environments").write_text("in the way")
    with pytest.raises(DependencyError, match="cannot write to the cache"):
        standing(wanted("greeter"))
    assert recorder.of(Notice) == []
