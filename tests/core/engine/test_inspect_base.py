"""Base images found and described by a real engine."""

import os

import pytest

from odahu_pack_core.engine.docker.engine import DockerEngine
from odahu_pack_core.errors import RegistryError
from odahu_pack_core.events import Decision, Notice, Progress
from odahu_pack_core.plan.base import BaseImage, SitePackages
from odahu_pack_core.plan.reference import ImageReference
from tests.core.engine.parts import Access

pytestmark = pytest.mark.engine


@pytest.fixture
def inspect(engine, events):
    """Inspect a base image by its name."""
    docker = DockerEngine({"DOCKER_HOST": engine.host})

    def inspected(name, pull=None, platform="linux/amd64"):
        return docker.inspect_base(BaseImage(ImageReference.parse(name)), platform, pull, events.append)

    return inspected


def _tree(root, files, links=()):
    for path, content in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content)
        (root / path).chmod(0o755)
    for path, target in dict(links).items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).symlink_to(target)


ELF = b"\x7fELF" + b"\0" * 600 + b"/lib64/ld-linux-x86-64.so.2\0" + b"\0" * 20000
MUSL_ELF = b"\x7fELF" + b"\0" * 600 + b"/lib/ld-musl-x86_64.so.1\0" + b"\0" * 20000


@pytest.mark.parametrize(
    ("name", "python", "interpreter"),
    [("debian", "3.11", "/usr/bin/python3.11"), ("python3.7", "3.7", "/usr/local/bin/python3.7")],
)
def test_finds_the_interpreter_wherever_it_is(*, base, inspect, docker_cli, name, python, interpreter):
    reference = base(name)

    facts = inspect(reference)

    assert (facts.python, facts.interpreter, facts.libc) == (python, interpreter, "glibc")
    assert facts.platform == "linux/amd64"
    assert facts.image_id == docker_cli.inspect(reference)["Id"]
    assert facts.env["PATH"].split(":")
    assert facts.site_packages is None


def test_falls_back_to_the_engine_and_says_so(base, inspect, engine, events):
    reference = base("debian")

    facts = inspect(reference)

    (decision,) = [event for event in events if isinstance(event, Decision)]
    assert decision.subject == "base image"
    assert engine.host in decision.choice
    assert "cannot pull" in decision.reason
    assert str(facts.reference) == reference, "an image that no registry has keeps its name"
    assert engine.host in facts.origin


def test_names_both_places_when_neither_has_it(inspect, engine):
    with pytest.raises(RegistryError) as caught:
        inspect("127.0.0.1:1/no/such:1")

    assert "127.0.0.1:1" in caught.value.message
    assert f"the Docker engine at {engine.host} holds no image of that name" in caught.value.message
    assert (caught.value.code, caught.value.exit_code) == ("base-missing", 16)


def test_leaves_no_container(base, inspect, docker_cli, new_name, tmp_path):
    name = new_name()
    docker_cli.make(
        name, tmp_path, f"FROM {base('debian')}\nLABEL unique={name.replace(':', '-')}\nVOLUME /data\n"
    )

    inspect(name)

    assert docker_cli.containers(f"ancestor={name}") == []


def test_an_image_without_python_and_without_a_command(inspect, docker_cli, new_name, tmp_path):
    name = new_name()
    _tree(tmp_path, {"etc/motd": b"hello"})
    docker_cli.make(name, tmp_path, "FROM scratch\nCOPY etc /etc\nENTRYPOINT []\n")

    facts = inspect(name)

    assert (facts.python, facts.interpreter, facts.libc) == (None, None, "glibc")


def test_python_version_helps_where_the_file_name_does_not(inspect, docker_cli, new_name, tmp_path):
    name = new_name()
    _tree(tmp_path, {"bin/python3": MUSL_ELF})
    docker_cli.make(
        name, tmp_path, "FROM scratch\nCOPY bin /bin\nENV PATH=/nowhere:/bin PYTHON_VERSION=3.9.18\n"
    )

    facts = inspect(name)

    assert (facts.python, facts.interpreter, facts.libc) == ("3.9", "/bin/python3", "musl")


def test_a_link_that_leads_nowhere_and_a_folder_are_no_interpreters(inspect, docker_cli, new_name, tmp_path):
    name = new_name()
    _tree(
        tmp_path,
        {"root/a/python3/file": b"", "root/c/python3.8": ELF},
        {"root/b/python3": "python3.99", "root/d/python3": "../c/python3.8", "root/loop/python3": "python3"},
    )
    docker_cli.make(name, tmp_path, "FROM scratch\nCOPY root /\nENV PATH=/loop:/a:/b:/d:/c\n")

    facts = inspect(name)

    assert (facts.python, facts.interpreter) == ("3.8", "/c/python3.8")


@pytest.mark.parametrize("root", ["opt/conda", "srv/somewhere"])
def test_a_cache_written_by_hand_tells_what_its_environment_holds(
    inspect, docker_cli, new_name, tmp_path, root
):
    name, prefix = new_name(), f"{root}/envs/odahu_model"
    packages = f"root/{prefix}/lib/python3.7/site-packages"
    _tree(
        tmp_path,
        {
            f"root/{prefix}/bin/python3.7": ELF,
            "root/usr/bin/python3.11": ELF,
            f"{packages}/numpy-1.19.5.dist-info/METADATA": b"",
            f"{packages}/numpy/core.so": os.urandom(3_000_000),
            f"{packages}/scikit_learn-0.24.2-py3.7.egg-info": b"",
        },
        {f"root/{prefix}/bin/python3": "python3.7", "root/usr/bin/python3": "python3.11"},
    )
    path = f"/{root}/bin:/usr/bin"
    docker_cli.make(
        name, tmp_path, f"FROM scratch\nCOPY root /\nENV PATH={path} ODAHU_CONDA_ENV_NAME=odahu_model\n"
    )

    facts = inspect(name)

    assert (facts.python, facts.interpreter) == ("3.7", f"/{prefix}/bin/python3.7")
    assert facts.site_packages == SitePackages(
        f"/{prefix}/lib/python3.7/site-packages", (("numpy", "1.19.5"), ("scikit-learn", "0.24.2"))
    )


def test_a_cache_that_lacks_its_environment_is_an_ordinary_base_with_a_warning(
    *, base, inspect, docker_cli, new_name, tmp_path, events
):
    name = new_name()
    docker_cli.make(name, tmp_path, f"FROM {base('debian')}\nENV ODAHU_CONDA_ENV_NAME=odahu_model\n")

    facts = inspect(name)

    assert (facts.interpreter, facts.site_packages) == ("/usr/bin/python3.11", None)
    (notice,) = [event for event in events if isinstance(event, Notice)]
    assert notice.severity == "warning"
    assert "ODAHU_CONDA_ENV_NAME=odahu_model" in notice.message


def test_a_cache_that_odahu_pack_built_is_known_by_its_label(base, inspect, docker_cli, new_name, tmp_path):
    name = new_name()
    _tree(
        tmp_path,
        {"cache/lib/python3.11/site-packages/click-8.1.7.dist-info/METADATA": b""},
        {"cache/bin/python3": "/usr/bin/python3"},
    )
    docker_cli.make(
        name,
        tmp_path,
        f"FROM {base('debian')}\nCOPY cache /opt/odahu-cache\nLABEL org.odahu.pack.cache=1\n",
    )

    facts = inspect(name)

    assert (facts.python, facts.interpreter) == ("3.11", "/usr/bin/python3.11")
    assert facts.site_packages == SitePackages(
        "/opt/odahu-cache/lib/python3.11/site-packages", (("click", "8.1.7"),)
    )


def test_what_is_known_of_an_image_is_not_looked_for_again(engine, base, events):
    known = {}
    asked = BaseImage(ImageReference.parse(base("debian")))

    first = DockerEngine(engine.environ, known).inspect_base(asked, "linux/amd64", None, events.append)
    (image_id,) = known
    known[image_id] = type(known[image_id])("3.99", "/known/python3.99", "glibc")
    second = DockerEngine(engine.environ, known).inspect_base(asked, "linux/amd64", None, events.append)

    assert (first.image_id, second.python) == (image_id, "3.99")


def test_another_platform_is_refused(base, inspect):
    with pytest.raises(RegistryError, match="is for linux/amd64, not linux/arm64"):
        inspect(base("debian"), platform="linux/arm64")


@pytest.mark.registry
class TestPrivateRegistry:
    """A base image in a registry with a password, not in the engine."""

    @pytest.fixture
    def private(self, base, docker_cli, new_name, registry, home):
        """Push a base with contents of its own, and forget it."""
        name = new_name(registry.host)
        folder = home / "private"
        folder.mkdir()
        docker_cli.make(name, folder, f"FROM {base('debian')}\nLABEL unique={name.replace(':', '-')}\n")
        login = {"DOCKER_CONFIG": str(home / "login")}
        docker_cli("login", "-u", registry.username, "-p", registry.password, registry.host, **login)
        docker_cli("push", "--quiet", name, **login)
        docker_cli.remove(name)
        return name

    def test_is_pulled_with_the_password_and_pinned(self, *, private, inspect, registry, docker_cli, events):
        facts = inspect(private, Access(registry.host, registry.username, registry.password))

        assert str(facts.reference).startswith(f"{private}@sha256:")
        assert (
            f"{private.rpartition(':')[0]}@{facts.reference.digest}"
            in docker_cli.inspect(private)["RepoDigests"]
        )
        assert facts.interpreter == "/usr/bin/python3.11"
        assert facts.origin == f"the registry {registry.host}"
        assert {event.step for event in events if isinstance(event, Progress)} <= {"resolve"}
        assert not any(registry.password in repr(event) for event in events)

    def test_a_digest_that_the_engine_holds_needs_no_registry(self, private, inspect, registry):
        pinned = str(inspect(private, Access(registry.host, registry.username, registry.password)).reference)

        facts = inspect(pinned, Access(registry.host, registry.username, "no longer right"))

        assert str(facts.reference) == pinned

    @pytest.mark.parametrize("was_base64", [True, False])
    def test_a_wrong_password_is_told(self, private, inspect, registry, was_base64):
        with pytest.raises(RegistryError) as caught:
            inspect(private, Access(registry.host, registry.username, "wr0ng", was_base64))

        assert "refused user 'packer' from connection my-registry" in caught.value.message
        assert ("base64" in caught.value.hint) == was_base64
        assert "wr0ng" not in str(caught.value)

    def test_credentials_of_another_registry_are_not_sent(self, private, inspect, registry):
        with pytest.raises(RegistryError, match="refused anonymous access"):
            inspect(private, Access("other.example", registry.username, registry.password))
