"""Wheels installed, tarred, unpacked and run."""

import base64
import csv
import hashlib
import os
import subprocess
from pathlib import Path

import pytest

from odahu_pack_core.environment.environments import Environments
from odahu_pack_core.environment.uv import HostPython
from tests.core.environment.conftest import Recorder, facts, members, pack, unpack_to, wanted
from tests.core.environment.wheelhouse import HOUSE


def run(program, *arguments):
    ended = subprocess.run(
        [program, *arguments], capture_output=True, text=True, cwd="/", check=False, env={"PATH": os.defpath}
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.strip()


def python(prefix, code):
    return run(prefix / "bin" / "python3", "-I", "-c", code)


@pytest.fixture
def prefix(unpacked):
    return unpacked(*HOUSE)


def test_it_is_a_virtual_environment_of_its_interpreter(prefix):
    path = python(
        prefix, "import sys; print(sys.prefix); print(sys.prefix != sys.base_prefix); print(sys.path[-1])"
    )
    version = HostPython.own().version
    assert path.splitlines() == [str(prefix), "True", f"{prefix}/lib/python{version}/site-packages"]


def test_both_links_lead_to_the_interpreter_of_the_base(prefix):
    links = {name: str((prefix / "bin" / name).readlink()) for name in ("python", "python3")}
    assert set(links.values()) == {HostPython.own().path}


def test_a_console_script_runs_under_the_environments_interpreter(prefix):
    assert run(prefix / "bin" / "greet") == f"hello from {prefix}"


def test_a_script_of_a_wheel_gets_the_interpreter_and_a_shell_script_keeps_its_own(prefix):
    assert run(prefix / "bin" / "shout") == "SHOUT"
    assert run(prefix / "bin" / "shelled") == "shelled"
    assert (prefix / "bin" / "shout").read_text().splitlines()[0] == f"#!{prefix}/bin/python3"


def test_data_files_are_below_the_prefix(prefix):
    code = "import sys; print(open(sys.prefix + '/share/sharing/table.txt').read())"
    assert python(prefix, code) == "table"


def test_path_files_are_read(prefix):
    assert python(prefix, "import sys; print(sys.pathed)") == "True"


def test_a_namespace_is_shared_by_two_wheels(prefix):
    assert python(prefix, "import space.one, space.two; print(space.one.ONE + space.two.TWO)") == "3"


def test_bundled_libraries_stand_beside_their_package_and_stay_executable(prefix):
    [library] = prefix.glob("lib/python*/site-packages/bundling.libs/*.so.1")
    assert library.read_text() == "not really\n"
    assert library.stat().st_mode & 0o777 == 0o755


def test_a_module_named_like_one_of_the_standard_library_does_not_hide_it(prefix):
    assert python(prefix, "import statistics; print(hasattr(statistics, 'MINE'))") == "False"


def test_nothing_of_the_hosts_own_packages_is_seen(prefix):
    assert python(prefix, "import importlib.util as u; print(u.find_spec('pytest'))") == "None"


def test_a_spawned_process_has_the_same_environment(prefix):
    code = (
        "import subprocess, sys\n"
        "print(subprocess.check_output([sys.executable, '-c', 'import greeter; print(1)']).decode())"
    )
    assert python(prefix, code) == "1"


def test_every_record_tells_the_truth(prefix):
    records = list(prefix.glob("lib/python*/site-packages/*.dist-info/RECORD"))
    assert len(records) == len(HOUSE) + 1
    for record in records:
        site = record.parent.parent
        rows = list(csv.reader(record.read_text().splitlines()))
        assert rows
        for path, digest, size in rows:
            content = (site / path).read_bytes()
            if digest:
                algorithm, _, value = digest.partition("=")
                assert _digest(algorithm, content) == value, path
                assert int(size) == len(content), path


def test_the_installers_traces_are_gone(prefix):
    names = {path.name for path in prefix.rglob("*")}
    assert not names & {".lock", "direct_url.json", "uv_cache.json", ".gitignore", "CACHEDIR.TAG"}
    assert (prefix / "pyvenv.cfg").read_text() == "include-system-site-packages = false\n"


def test_no_path_of_the_host_is_in_the_layer(made, cache_dir, house):
    tar = made(wanted(*HOUSE))
    content = tar.content
    for trace in (str(cache_dir), str(house), str(Path.home())):
        assert trace.encode() not in content


def test_headers_are_the_same_for_everybody(made):
    found = members(made(wanted(*HOUSE)))
    assert {(m.uid, m.gid, m.uname, m.gname, m.mtime) for m in found} == {(0, 0, "", "", 0)}
    assert {m.mode for m in found if not m.issym()} == {0o644, 0o755}
    assert [m.name for m in found][:4] == ["opt", "opt/model", "opt/model/bin", "opt/model/bin/greet"]
    assert len({m.name for m in found}) == len(found)


def test_bytes_do_not_depend_on_cache_folder_or_umask(environ, tmp_path):
    digests = set()
    for number, mask in enumerate((0o022, 0o077)):
        before = os.umask(mask)
        try:
            recorder = Recorder()
            settings = {**environ, "UV_CACHE_DIR": str(tmp_path / f"uv{number}")}
            folder = tmp_path / ("cache with spaces" if number else "cache")
            environments = Environments(folder, settings, recorder)
            layer = wanted(*HOUSE)
            resolved = environments.resolve(layer, facts(), tmp_path, recorder.emit)
            digests.add(pack(environments, layer, resolved, facts(), tmp_path, recorder.emit).digests[0])
        finally:
            os.umask(before)
    assert len(digests) == 1


def test_the_tar_is_what_it_says(made):
    [layer] = made(wanted("greeter")).layers
    content = b"".join(layer.chunks())
    assert layer.size == len(content)
    assert layer.diff_id == f"sha256:{hashlib.sha256(content).hexdigest()}"
    assert layer.descriptor.digest == f"sha256:{hashlib.sha256(layer.blob.path.read_bytes()).hexdigest()}"


@pytest.mark.parametrize("minor", ["3.6", "3.9", "3.14"])
def test_folders_are_named_after_the_images_python(made, minor):
    names = {m.name for m in members(made(wanted("scripted"), facts(minor, f"/usr/local/bin/python{minor}")))}
    assert f"opt/model/lib/python{minor}/site-packages/scripted.py" in names
    assert f"opt/model/include/site/python{minor}/scripted/scripted.h" in names
    own = HostPython.own().version
    assert not [name for name in names if own in name]


def test_an_edited_script_does_not_reach_uvs_cache(made, tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    for prefix in (first, second):
        unpack_to(made(wanted("scripted", prefix=prefix)), prefix)
    assert (first / "bin" / "shout").read_text().startswith(f"#!{first}/bin/python3\n")
    assert (second / "bin" / "shout").read_text().startswith(f"#!{second}/bin/python3\n")


def test_an_environment_can_be_activated(unpacked):
    prefix = unpacked("greeter", activate=True)
    script = f". {prefix}/bin/activate && command -v python3 && command -v greet && echo $VIRTUAL_ENV"
    assert run("/bin/sh", "-c", script).split() == [
        f"{prefix}/bin/python3",
        f"{prefix}/bin/greet",
        str(prefix),
    ]


def test_without_requirements_it_is_still_an_environment(unpacked):
    prefix = unpacked()
    assert python(prefix, "import sys; print(sys.prefix)") == str(prefix)


def test_a_site_folder_is_flat_and_holds_packages_only(unpacked):
    prefix = unpacked(*HOUSE, layout="site")
    top = {path.name for path in prefix.iterdir()}
    assert {"greeter.py", "space", "bundling.libs", "greeter-1.0.dist-info"} <= top
    assert not top & {"bin", "lib", "share", "include", "pyvenv.cfg", ".lock"}
    isolated = [
        "-I",
        "-S",
        "-c",
        f"import sys; sys.path.insert(0, {str(prefix)!r}); import greeter, space.two",
    ]
    run(HostPython.own().path, *isolated)
    record = (prefix / "greeter-1.0.dist-info" / "RECORD").read_text()
    assert "bin/greet" not in record
    assert "greeter.py" in record


def _digest(algorithm, content):
    return base64.urlsafe_b64encode(hashlib.new(algorithm, content).digest()).rstrip(b"=").decode()
