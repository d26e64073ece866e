"""Every test gets a home of its own; tests that ask for real parts get them from the workbench."""

import gc
import os
import shutil
import signal
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.pythons import PYENV_ROOT
from workbench import BaseImages, DockerEngine, PartMissingError, Registry
from workbench.command import locate
from workbench.surroundings import Surroundings

_NEEDY_MARKERS = frozenset({"engine", "registry", "triton", "slow"})
_ENVIRON = dict(os.environ)  # as the user has it: tests see an isolated one
_REQUIRED = _ENVIRON.get("ODAHU_PACK_REQUIRE_ENGINES") == "1"
# What the user has set of these holds in the isolated home, too.
_KEPT = ("PYENV_ROOT", "UV_CACHE_DIR", "PIP_CONFIG_FILE", "UV_CONFIG_FILE")
_USERS_CREDENTIALS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE")

# A shell has its background jobs ignore Ctrl-C, nohup has its command ignore a hang-up, and so would all that
# the tests start: what is ignored is inherited, what is handled is not.
signal.signal(signal.SIGINT, signal.default_int_handler)
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, lambda *_: None)

settings.register_profile("dev", max_examples=25, deadline=None)
settings.register_profile(
    "ci", max_examples=200, deadline=None, derandomize=True, database=None, print_blob=True
)
settings.register_profile(
    "thorough",
    max_examples=5000,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    print_blob=True,
)
settings.load_profile(_ENVIRON.get("HYPOTHESIS_PROFILE") or ("ci" if _ENVIRON.get("CI") else "dev"))


def pytest_addoption(parser):
    parser.addoption(
        "--engines", action="store_true", help="also run the tests that need a container engine or a registry"
    )
    parser.addoption(
        "--rewrite-expected", action="store_true", help="write what golden cases expect anew, for review"
    )


def _has_parts(config):
    return config.getoption("--engines") or _REQUIRED


def pytest_xdist_auto_num_workers(config):
    """Share out the tests of a whole run; of those that are not quick many do nothing but wait for others."""
    if config.option.file_or_dir:
        return 0
    return min(4, len(os.sched_getaffinity(0)) + bool(_has_parts(config)))


def pytest_xdist_make_scheduler(config, log):
    from tests.scheduling import SharedGround  # noqa: PLC0415  # only where there are several processes

    return SharedGround(config, log)


def pytest_collection_modifyitems(config, items):
    if _has_parts(config):
        return
    needy = [item for item in items if _NEEDY_MARKERS.intersection(mark.name for mark in item.iter_markers())]
    config.hook.pytest_deselected(items=needy)
    items[:] = [item for item in items if item not in set(needy)]


def pytest_collection_finish():
    gc.freeze()  # thousands of tests would be looked through at every collection of garbage


@contextmanager
def _real_part():
    """Skip the test when a part cannot be had; fail it where parts are required."""
    try:
        yield
    except PartMissingError as missing:
        if _REQUIRED:
            pytest.fail(f"ODAHU_PACK_REQUIRE_ENGINES=1, but {missing}", pytrace=False)
        pytest.skip(str(missing))


@pytest.fixture(scope="session")
def program():
    """Return the path of a program that a test needs: ``program("buildah")``."""

    def find(name):
        with _real_part():
            return locate(name)

    return find


@pytest.fixture(scope="session")
def engine():
    """A container engine: ``.host`` for docker-py, ``.environ`` for commands."""
    with ExitStack() as stack:
        with _real_part():
            running = stack.enter_context(DockerEngine(_ENVIRON))
        yield running


@pytest.fixture(scope="session")
def _registry_pids():
    return set()


@pytest.fixture(scope="session")
def start_registry(_registry_pids):
    """Start one more registry that lives as long as the session: ``start_registry(username="x")``."""
    with ExitStack() as stack:

        def start(**credentials):
            with _real_part():
                running = stack.enter_context(Registry(**credentials, environ=_ENVIRON))
            _registry_pids.add(running.pid)
            return running

        yield start


@pytest.fixture(scope="session")
def registry(start_registry):
    """A registry with a password: ``.host``, ``.username``, ``.password``."""
    return start_registry(username="packer")


@pytest.fixture(scope="session")
def second_registry(start_registry):
    """Another registry, with another user and another password."""
    return start_registry(username="puller")


@pytest.fixture(scope="session")
def anonymous_registry(start_registry):
    """A registry that lets everybody in."""
    return start_registry()


@pytest.fixture(scope="session")
def base(engine):
    """Build a base image and return its reference: ``base("debian")``, ``base("python3.11")``."""
    images = BaseImages(engine.environ, engine.state)

    def ensure(name):
        with _real_part():
            return images.ensure(name)

    return ensure


@pytest.fixture(scope="session")
def base_python(base):
    """Build the base of a Python and return its reference: ``base_python("3.7")``."""
    return lambda minor: base(f"python{minor}")


@pytest.fixture(scope="session")
def triton_base(base):
    """The reference of an image that holds a real tritonserver under its true tag."""
    return base("triton")


@pytest.fixture(scope="session")
def _empty_homes():
    """Homes that a test has left empty, for the next one: most tests have no use for theirs."""
    return []


@pytest.fixture(scope="session")
def odahu_pack_cache_dir(tmp_path_factory):
    """The session's ``ODAHU_PACK_CACHE_DIR``, shared by its tests."""
    return tmp_path_factory.mktemp("odahu-pack-cache")


@pytest.fixture(autouse=True)
def _leak_guard(_registry_pids):
    before = Surroundings.now()
    yield
    leaks = before.leaks(expected_children=frozenset(_registry_pids))
    if leaks:
        pytest.fail("the test leaves something behind: " + "; ".join(leaks), pytrace=False)


@pytest.fixture(autouse=True)
def home(_leak_guard, _empty_homes, tmp_path_factory, odahu_pack_cache_dir, request):
    """The test's own home folder, empty; the way to the package indexes and uv's cache stay."""
    folder = _empty_homes.pop() if _empty_homes else tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in _isolated(folder).items():
            patch.setenv(name, value)
        for name in _USERS_CREDENTIALS:
            patch.delenv(name, raising=False)
        patch.setenv("ODAHU_PACK_CACHE_DIR", str(odahu_pack_cache_dir))
        patch.setenv("DOCKER_HOST", _docker_host(request, folder))
        yield folder
    if os.listdir(folder):  # noqa: PTH208  # for each test
        shutil.rmtree(folder, ignore_errors=True)
    else:
        _empty_homes.append(folder)


def _isolated(home):
    users_home = Path(_ENVIRON.get("HOME", "/"))
    users_config = Path(_ENVIRON.get("XDG_CONFIG_HOME") or users_home / ".config")
    users_cache = Path(_ENVIRON.get("XDG_CACHE_HOME") or users_home / ".cache")
    variables = {
        "HOME": str(home),
        "XDG_CACHE_HOME": str(home / ".cache"),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "XDG_DATA_HOME": str(home / ".local" / "share"),
        "XDG_STATE_HOME": str(home / ".local" / "state"),
        "DOCKER_CONFIG": str(home / ".docker"),
        "AWS_EC2_METADATA_DISABLED": "true",
        "UV_CACHE_DIR": str(users_cache / "uv"),
    }
    # Where the user's own settings name package indexes, they hold in the isolated home, too.
    for name, file in (("PIP_CONFIG_FILE", "pip/pip.conf"), ("UV_CONFIG_FILE", "uv/uv.toml")):
        if (users_config / file).exists():
            variables[name] = str(users_config / file)
    if PYENV_ROOT.is_dir():
        variables["PYENV_ROOT"] = str(PYENV_ROOT)
    return {**variables, **{name: _ENVIRON[name] for name in _KEPT if name in _ENVIRON}}


def _docker_host(request, home):
    """Return the engine's address for tests that ask for it; no other test may reach one by accident."""
    if "engine" in request.fixturenames:
        return request.getfixturevalue("engine").host
    return f"unix://{home / 'no-engine.sock'}"
