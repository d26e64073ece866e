"""Real packages of the user's package index, run by the Pythons that are on this machine."""

import hashlib
import os
import re
import subprocess
from pathlib import Path

import pytest
from uv import find_uv_bin

from odahu_pack_core.environment.environments import Environments
from odahu_pack_core.errors import DependencyError
from odahu_pack_core.events import Notice
from tests.core.environment.conftest import facts, pack, unpack_to, wanted

pytestmark = pytest.mark.slow

PINS = ("click==7.1.2", "h11==0.9.0", "starlette==0.13.6", "typing-extensions==3.7.4.3")
FRONT = ("h11>=0.13", "prometheus-client>=0.17", "httptools>=0.2", "uvloop>=0.14")


@pytest.fixture
def environments(cache_dir, recorder):
    return Environments(cache_dir, dict(os.environ), recorder)


@pytest.fixture
def pyenv():
    """Find an interpreter of a Python X.Y, and the base that it would be in."""
    versions = Path(os.environ.get("PYENV_ROOT", "/nonexistent")) / "versions"

    def base(minor, **other):
        found = list(versions.glob(f"{minor}.*/bin/python{minor}"))
        if not found:
            pytest.skip(f"there is no Python {minor} here")
        full = re.search(r"/(\d+\.\d+\.\d+)/bin", str(found[-1]))[1]
        return facts(minor, str(found[-1].resolve()), env={"PYTHON_VERSION": full}, **other)

    return base


def python(prefix, code):
    ended = subprocess.run(
        [prefix / "bin" / "python3", "-I", "-c", code], capture_output=True, text=True, check=False, cwd="/"
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.strip()


@pytest.mark.parametrize(
    ("minor", "pip"),
    [
        ("3.6", ("scikit-learn==0.24.2", "pandas==1.1.5")),
        ("3.7", ("scikit-learn==0.24.2", "pandas==1.3.5")),
        ("3.11", ("scikit-learn", "pandas")),
        ("3.13", ("scikit-learn", "pandas")),
    ],
)
def test_a_model_can_be_fitted(made, pyenv, tmp_path, minor, pip):
    prefix = tmp_path / "model"
    unpack_to(made(wanted(*pip, prefix=prefix), pyenv(minor)), prefix)
    code = (
        "import sys, pandas, sklearn.linear_model as m\n"
        "frame = pandas.DataFrame({'a': [1.0, 2.0, 3.0], 'b': [2.0, 4.0, 6.0]})\n"
        "model = m.LinearRegression().fit(frame[['a']], frame['b'])\n"
        "print('%d.%d' % sys.version_info[:2], round(float(model.predict(frame[['a']])[2]), 3))"
    )
    assert python(prefix, code).split() == [minor, "6.0"]


@pytest.mark.parametrize("minor", ["3.6", "3.7", "3.11", "3.13"])
def test_old_pins_install_together_and_the_front_beside_them(made, pyenv, tmp_path, minor):
    base = pyenv(minor)
    model, front = tmp_path / "model", tmp_path / "front"
    unpack_to(made(wanted(*PINS, prefix=model), base), model)
    unpack_to(made(wanted(*FRONT, prefix=front, layout="site"), base), front)
    names = "click", "h11", "starlette", "typing_extensions"
    assert all(list(model.glob(f"lib/python{minor}/site-packages/{name}-*")) for name in names)
    assert python(model, "import click, h11; print(click.__version__, h11.__version__)") == "7.1.2 0.9.0"
    path = f"import sys; sys.path.insert(0, {str(front)!r})"
    code = f"{path}\nimport httptools, uvloop, prometheus_client, h11; print(h11.__version__)"
    isolated = [model / "bin" / "python3", "-I", "-S", "-c", code]
    ended = subprocess.run(isolated, capture_output=True, text=True, check=True)
    assert ended.stdout.strip() != "0.9.0"


@pytest.mark.parametrize(
    ("base", "part"),
    [
        (facts("3.12", "/usr/bin/python3", platform="linux/arm64"), b"aarch64-linux-gnu.so"),
        (facts("3.12", "/usr/bin/python3", libc="musl"), b"x86_64-linux-musl.so"),
    ],
)
def test_other_platforms_get_their_own_wheels(made, base, part):
    content = made(wanted("numpy"), base).content
    assert part in content
    assert b"x86_64-linux-gnu.so" not in content


def test_a_source_distribution_needs_permission(environments, recorder, pyenv, tmp_path):
    base = pyenv("3.11")
    with pytest.raises(DependencyError) as told:
        environments.resolve(wanted("docopt==0.6.2"), base, tmp_path, recorder.emit)
    assert told.value.code == "no-wheel"


@pytest.mark.parametrize("minor", ["3.7", "3.11"])
def test_a_source_distribution_is_built_by_the_images_python(cache_dir, recorder, pyenv, tmp_path, minor):
    base, prefix = pyenv(minor), tmp_path / "model"
    path = f"{Path(base.interpreter).parent}:{os.environ['PATH']}"
    environments = Environments(cache_dir, {**os.environ, "PATH": path}, recorder)
    layer = wanted("docopt==0.6.2", "simplejson==3.17.0", prefix=prefix, build_from_source=True)
    resolved = environments.resolve(layer, base, tmp_path, recorder.emit)
    unpack_to(pack(environments, layer, resolved, base, tmp_path, recorder.emit), prefix)
    code = "import docopt, simplejson._speedups; print(docopt.__version__)"
    assert python(prefix, code) == "0.6.2"


def test_a_compiled_source_distribution_needs_the_images_python(environments, recorder, pyenv, tmp_path):
    base = pyenv("3.7")
    environments._environ["PATH"] = os.defpath
    layer = wanted("simplejson==3.17.0", build_from_source=True)
    resolved = environments.resolve(layer, base, tmp_path, recorder.emit)
    with pytest.raises(DependencyError) as told:
        pack(environments, layer, resolved, base, tmp_path, recorder.emit)
    assert told.value.code == "wrong-wheel"
    assert any("no Python 3.7" in notice.message for notice in recorder.of(Notice))


def test_the_second_packaging_asks_nobody(made, pyenv, recorder):
    base, layer = pyenv("3.11"), wanted("numpy", "pandas")
    first = made(layer, base).layers
    asked = len(recorder.commands)
    assert made(layer, base).layers == first
    assert len(recorder.commands) == asked


def test_the_parts_together_are_one_common_installation(environments, recorder, pyenv, tmp_path):
    """Compared with what uv itself installs into a virtual environment that it makes."""
    base, layer = pyenv("3.11"), wanted("scikit-learn", "pandas", prefix=tmp_path / "model")
    resolved = environments.resolve(layer, base, tmp_path, recorder.emit)
    made = pack(environments, layer, resolved, base, tmp_path, recorder.emit)
    assert len(made.names) == 5
    assert made.names[-1] == "environment"
    unpack_to(made, tmp_path / "model")
    common = tmp_path / "common"
    uv = [find_uv_bin(), "--no-config", "--no-cache", "--quiet"]
    subprocess.run([*uv, "venv", "--python", base.interpreter, common], check=True)
    subprocess.run(
        [*uv, "pip", "install", "--python", common / "bin" / "python", "--no-deps"]
        + [f"{package.name}=={package.version}" for package in resolved.packages],
        check=True,
    )
    ours, theirs = installed(tmp_path / "model"), installed(common)
    assert len(theirs) > 4000
    assert ours == theirs


def installed(prefix):
    """Digests of what packages brought, without byte code and what belongs to the environment itself."""
    inside = "lib/python3.11/site-packages"
    own = {"uv_cache.json", "_virtualenv.py", "_virtualenv.pth"}
    return {
        path.relative_to(prefix).as_posix(): hashlib.sha256(told(path, prefix)).hexdigest()
        for path in (*(prefix / inside).rglob("*"), *prefix.glob("bin/*"), *prefix.glob("share/**/*"))
        if path.is_file() and not path.is_symlink() and path.suffix != ".pyc" and path.name not in own
        if path.parent.name != "bin" or not path.name.startswith(("activate", "deactivate", "pydoc"))
    }


def told(path, prefix):
    """A file's bytes; what scripts and records say of the environment's own place is made the same."""
    content = path.read_bytes()
    if path.name == "RECORD":  # the digest of a script is that of its interpreter's path, too
        rows = (row for row in content.splitlines() if not row.startswith(b"../../../bin/"))
        return b"\n".join(sorted(rows))
    return content.replace(str(prefix / "bin" / "python3").encode(), b"PYTHON").replace(
        str(prefix / "bin" / "python").encode(), b"PYTHON"
    )
