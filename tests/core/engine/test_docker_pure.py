"""What the Docker engine does without an engine: names, metadata, log lines, refusals, its absence."""

import base64
import json
import subprocess
import sys

import pytest

from odahu_pack_core.engine.build_log import BuildLog
from odahu_pack_core.engine.contents import conda_prefixes, distributions
from odahu_pack_core.engine.docker.engine import DockerEngine
from odahu_pack_core.engine.docker.login import auth_header, login_fields
from odahu_pack_core.engine.docker.messages import LOG_WORDS
from odahu_pack_core.engine.docker.repository import digests_of, full_name
from odahu_pack_core.engine.record import docker_engine
from odahu_pack_core.engine.refused import refused
from odahu_pack_core.errors import EngineError
from odahu_pack_core.events import Output, Progress
from odahu_pack_core.plan.base import BaseImage
from odahu_pack_core.plan.reference import ImageReference
from odahu_pack_core.plugins.protocols import Credentials, ImageOutput
from tests.core.engine.parts import build_request

DIGEST = "sha256:" + "0" * 63 + "1"
OTHER = "sha256:" + "0" * 63 + "2"


@pytest.mark.parametrize(
    ("name", "full"),
    [
        ("python:3.6", "docker.io/library/python"),
        ("docker.io/library/python", "docker.io/library/python"),
        ("index.docker.io/odahu/base", "docker.io/odahu/base"),
        ("odahu/base", "docker.io/odahu/base"),
        ("127.0.0.1:5000/base:1", "127.0.0.1:5000/base"),
    ],
)
def test_names_that_mean_one_repository_compare_equal(name, full):
    assert full_name(ImageReference.parse(name)) == full


def test_a_digest_counts_only_in_its_own_repository():
    image = {"RepoDigests": ["<none>@<none>", f"mirror.example/python@{OTHER}", f"python@{DIGEST}"]}

    assert digests_of(image, ImageReference.parse("docker.io/library/python:3.6")) == (DIGEST,)
    assert digests_of({"RepoDigests": None}, ImageReference.parse("python")) == ()


def test_distributions_are_read_from_metadata_names():
    names = [
        "numpy-1.19.5.dist-info",
        "ruamel_yaml-0.17.dist-info",
        "PyYAML-5.3.1-py3.6.egg-info",
        "Zope.Interface-5.4.0-py3.6-linux.egg-info",
        "nonsense-not a version.dist-info",
        "numpy",
    ]

    assert distributions(names) == (("numpy", "1.19.5"), ("pyyaml", "5.3.1"), ("ruamel-yaml", "0.17"))


def test_conda_environments_are_looked_for_on_the_path_first():
    env = {
        "PATH": "/srv/conda/envs/odahu_model/bin:/srv/conda/bin:relative:/usr/bin",
        "MAMBA_ROOT_PREFIX": "/mamba",
    }

    prefixes = list(conda_prefixes("odahu_model", env))

    assert prefixes[:2] == ["/srv/conda/envs/odahu_model", "/mamba/envs/odahu_model"]
    assert {"/srv/conda/envs/odahu_model", "/opt/conda/envs/odahu_model"} <= set(prefixes)
    assert "/opt/conda" in list(conda_prefixes("base", env))


@pytest.mark.parametrize("name", ["../../etc", "a/b", "", "a b", "-x"])
def test_what_is_no_name_of_an_environment_is_looked_for_nowhere(name):
    assert list(conda_prefixes(name, {"PATH": "/usr/bin"})) == []


def test_log_lines_come_whole_and_steps_are_counted(events):
    log = BuildLog(LOG_WORDS, events.append)

    for text in ('Step 2/5 : RUN ["x"]\n', "first ", "line\nsec", "ond\n", "unfinished"):
        log.add(text)

    assert events == [
        Progress("build", 'RUN ["x"]', 2, 5, "steps"),
        Output("docker", 'Step 2/5 : RUN ["x"]'),
        Output("docker", "first line"),
        Output("docker", "second"),
    ]
    assert list(log.lines) == ["first line", "second"]


def test_the_log_keeps_the_last_lines_of_the_step_only(events):
    log = BuildLog(LOG_WORDS, events.append)

    log.add("old\nStep 1/1 : X\n" + "".join(f"line {number}\n" for number in range(100)))
    log.add("x" * 1_000_000)

    assert list(log.lines) == [f"line {number}" for number in range(80, 100)]
    assert log.step == "step 1 of 1 (X)"


def test_what_a_build_prints_cannot_command_the_terminal(events):
    log = BuildLog(LOG_WORDS, events.append)

    log.add("\x1b[91merror\x1b[0m\tat \x1b]0;title\x07 10%\r\n\x1b[0m\n")

    assert [event.line for event in events] == ["error   at \ufffd]0;title\ufffd 10%"]


def test_the_builders_own_remarks_are_not_the_last_lines(events):
    log = BuildLog(LOG_WORDS, events.append)

    log.add(" ---> Running in 0123\nfatal\nRemoving intermediate container 0123\n")

    assert list(log.lines) == ["fatal"]
    assert len(events) == 3


def test_credentials_travel_in_a_header_and_none_is_an_empty_object():
    header = auth_header(Credentials("jane", "s3cret"))["X-Registry-Auth"]

    assert json.loads(base64.urlsafe_b64decode(header)) == {"username": "jane", "password": "s3cret"}
    assert json.loads(base64.urlsafe_b64decode(auth_header(None)["X-Registry-Auth"])) == {}
    token = auth_header(Credentials("<token>", "t0ken"))["X-Registry-Auth"]
    assert json.loads(base64.urlsafe_b64decode(token)) == {"identitytoken": "t0ken"}
    assert (
        login_fields(Credentials("jane", "x"), "docker.io")["serveraddress"] == "https://index.docker.io/v1/"
    )


def test_a_refusal_names_who_and_hides_the_password():
    credentials = Credentials("jane", "s3cret", "connection my-registry", was_base64=True)

    error = refused("cannot push a:1", "example.com", credentials, "denied: s3cret is wrong")

    assert "user 'jane' from connection my-registry" in error.message
    assert "base64" in error.hint
    assert "s3cret" not in str(error)
    assert error.code == "registry-refused"


def test_an_anonymous_refusal_says_how_to_log_in():
    error = refused("cannot push a:1", "example.com", None, "no basic auth credentials")

    assert "docker login example.com" in error.hint


def test_other_failures_are_no_refusals():
    error = refused("cannot push a:1", "example.com", None, "dial tcp: no such host")

    assert (error.code, error.hint) == ("registry-failed", "")


@pytest.mark.parametrize("host", ["unix:///nowhere/docker.sock", "tcp://127.0.0.1:1", "nonsense://x", ""])
def test_an_engine_that_is_not_running_is_told_with_a_hint(host, home, monkeypatch, events):
    monkeypatch.setattr("odahu_pack_core.engine.docker.presence._DEFAULT_HOST", f"unix://{home}/docker.sock")
    engine = DockerEngine({"DOCKER_HOST": host, "PATH": "/usr/bin"})

    with pytest.raises(EngineError, match="no Docker engine answers at") as caught:
        engine.inspect_base(BaseImage(ImageReference.parse("python:3.6")), "linux/amd64", None, events.append)

    assert (caught.value.code, caught.value.exit_code) == ("engine-absent", 15)
    assert "DOCKER_HOST" in caught.value.hint


@pytest.mark.parametrize(
    ("image", "output", "code"),
    [
        ("models/wine:1", ImageOutput("oci"), "unsupported-output"),
        ("models/wine:1", ImageOutput("context"), "unsupported-output"),
        ("models/wine:1", ImageOutput("registry"), "no-registry"),
        ("models/wine:1", ImageOutput("docker-archive"), "no-dest"),
    ],
)
def test_what_cannot_be_done_is_refused_before_an_engine_is_asked(image, output, code, events):
    with pytest.raises(EngineError) as caught:
        DockerEngine({"DOCKER_HOST": "unix:///nowhere"}).execute(build_request(image, output), events.append)

    assert caught.value.code == code


def test_the_record_makes_the_engine():
    record = docker_engine()

    assert record.outputs == {"registry", "docker", "docker-archive"}
    assert record.runs
    assert isinstance(record.create({}), DockerEngine)


def test_asking_for_the_record_imports_nothing_heavy():
    code = (
        "import sys, odahu_pack_core.engine.record, odahu_pack_core.registry.connection_types as types;"
        "types.connection_types();"
        "print([name for name in ('docker', 'boto3', 'botocore', 'requests') if name in sys.modules])"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
