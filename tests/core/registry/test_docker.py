"""Registries with user and password, the user's own login, or neither."""

import base64
import json

import pytest

from odahu_pack_core.errors import RegistryError, SpecError
from odahu_pack_core.plan.reference import ImageReference
from odahu_pack_core.registry.connection_types import connection_types
from odahu_pack_core.registry.docker import DockerAccess, docker_problems, user_access
from odahu_pack_core.registry.hub import canonical_host

pytestmark = pytest.mark.usefixtures("environ")


@pytest.fixture
def environ(tmp_path, monkeypatch):
    """The variables of a user with a Docker config and a folder of credential helpers."""
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    return {"DOCKER_CONFIG": str(tmp_path), "PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin"}


@pytest.fixture
def docker_config(tmp_path):
    def write(content):
        text = content if isinstance(content, str) else json.dumps(content)
        (tmp_path / "config.json").write_text(text)

    return write


@pytest.fixture
def helper(tmp_path):
    """Install a credential helper that runs a shell script."""

    def install(name, script):
        program = tmp_path / "bin" / f"docker-credential-{name}"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)

    return install


def _auth(user, password):
    return {"auth": base64.b64encode(f"{user}:{password}".encode()).decode()}


def _pair(credentials):
    return credentials and (credentials.username, credentials.password)


@pytest.mark.parametrize(
    ("password", "was_base64"),
    [
        (base64.b64encode(b"s3cret").decode(), True),
        ({"value": "s3cret"}, False),
        ({"env": "TOKEN"}, False),
    ],
)
def test_the_connections_password_is_used(connection, password, was_base64):
    access = DockerAccess(
        connection(type="docker", uri="example.com/models", username="jane", password=password),
        {"TOKEN": "s3cret"},
    )

    credentials = access.credentials()

    assert access.host == "example.com"
    assert _pair(credentials) == ("jane", "s3cret")
    assert (credentials.origin, credentials.was_base64) == ("connection my-registry", was_base64)
    assert "s3cret" not in f"{credentials!r} {access!r}"


def test_a_password_is_read_only_when_it_is_needed(connection):
    access = DockerAccess(
        connection(type="docker", uri="example.com", username="jane", password={"env": "NOWHERE"}), {}
    )

    assert access.host == "example.com"
    with pytest.raises(SpecError, match="NOWHERE"):
        access.credentials()


def test_without_a_password_the_users_login_is_used(connection, environ, docker_config):
    docker_config({"auths": {"example.com": _auth("me", "mine"), "other.example": _auth("you", "yours")}})
    access = DockerAccess(connection(type="docker", uri="https://example.com/models"), environ)

    assert _pair(access.credentials()) == ("me", "mine")
    assert environ["DOCKER_CONFIG"] in access.credentials().origin


@pytest.mark.parametrize("content", [None, {}, {"auths": {}}, {"auths": {"other.example": _auth("a", "b")}}])
def test_nothing_found_is_anonymous(environ, docker_config, content):
    if content is not None:
        docker_config(content)

    assert user_access("example.com", environ).credentials() is None


def test_the_home_folder_has_the_config_by_default(tmp_path):
    (tmp_path / ".docker").mkdir()
    (tmp_path / ".docker" / "config.json").write_text(
        json.dumps({"auths": {"example.com": _auth("me", "x")}})
    )

    assert _pair(user_access("example.com", {"HOME": str(tmp_path)}).credentials()) == ("me", "x")


@pytest.mark.parametrize("host", ["docker.io", "index.docker.io", "registry-1.docker.io"])
@pytest.mark.parametrize("key", ["https://index.docker.io/v1/", "docker.io"])
def test_docker_hub_has_many_names(environ, docker_config, host, key):
    docker_config({"auths": {key: _auth("me", "mine")}})

    access = user_access(host, environ)

    assert access.host == "docker.io"
    assert _pair(access.credentials()) == ("me", "mine")


def test_a_credential_helper_is_asked(environ, docker_config, helper):
    helper("safe", 'read host; echo "{\\"Username\\": \\"$host\\", \\"Secret\\": \\"mine\\"}"')
    docker_config({"credHelpers": {"example.com": "safe"}})

    assert _pair(user_access("example.com", environ).credentials()) == ("example.com", "mine")
    assert user_access("other.example", environ).credentials() is None


def test_a_helpers_identity_token_is_marked_as_one(environ, docker_config, helper):
    helper("safe", 'echo \'{"Username": "<token>", "Secret": "t0ken"}\'')
    docker_config({"credsStore": "safe"})

    assert _pair(user_access("example.com", environ).credentials()) == ("<token>", "t0ken")


def test_a_helper_that_knows_nothing_is_anonymous(environ, docker_config, helper):
    helper("safe", "echo 'credentials not found in native keychain'; exit 1")
    docker_config({"credsStore": "safe"})

    assert user_access("example.com", environ).credentials() is None


def test_a_helper_that_fails_is_an_error(environ, docker_config, helper):
    helper("safe", "echo 'the keychain is locked'; exit 1")
    docker_config({"credsStore": "safe"})

    with pytest.raises(RegistryError, match="the keychain is locked") as caught:
        user_access("example.com", environ).credentials()

    assert (caught.value.code, caught.value.exit_code) == ("login-failed", 16)


def test_a_helper_that_is_missing_is_an_error(environ, docker_config):
    docker_config({"credsStore": "nowhere"})

    with pytest.raises(
        RegistryError, match=r"docker-credential-nowhere for example\.com, which is not on PATH"
    ):
        user_access("example.com", environ).credentials()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "not JSON"),
        ("[]", "not a JSON object"),
        ({"auths": {"example.com": {"auth": "!!"}}}, "malformed"),
        ({"auths": {"example.com": {"auth": "bm8tY29sb24="}}}, "malformed"),
        ({"auths": []}, None),
    ],
)
def test_a_config_that_cannot_be_read_is_an_error(environ, docker_config, content, words):
    docker_config(content)

    if words is None:
        assert user_access("example.com", environ).credentials() is None
    else:
        with pytest.raises(RegistryError, match=words):
            user_access("example.com", environ).credentials()


def test_docker_hub_wants_a_namespace(environ):
    access = user_access("docker.io", environ)

    with pytest.raises(RegistryError, match="no namespace"):
        access.prepare_push(ImageReference.parse("docker.io/wine:1"))
    access.prepare_push(ImageReference.parse("docker.io/jane/wine:1"))
    user_access("example.com", environ).prepare_push(ImageReference.parse("example.com/wine:1"))


@pytest.mark.parametrize(
    ("spec", "paths"),
    [
        ({"uri": "gcr.io/project/odahuflow"}, []),
        ({"uri": "https://gcr.io/project/"}, []),
        ({"uri": "localhost"}, []),
        ({"uri": "docker.io/jane"}, []),
        ({"uri": "127.0.0.1:5000", "username": "jane", "password": {"value": "x"}}, []),
        ({"uri": "gcr.io", "username": "jane"}, [("spec", "password")]),
        ({"uri": "gcr.io", "password": {"value": "x"}}, [("spec", "username")]),
        ({"uri": "jane"}, [("spec", "uri")]),
        ({"uri": "jane/models"}, [("spec", "uri")]),
        ({"uri": "gcr.io/UPPER"}, [("spec", "uri")]),
        ({"uri": "/models"}, [("spec", "uri")]),
        ({"uri": "https://index.docker.io/v1/"}, [("spec", "uri")]),
    ],
)
def test_what_a_connection_lacks(connection, spec, paths):
    assert [problem.path for problem in docker_problems(connection(type="docker", **spec))] == paths


def test_only_docker_hubs_names_are_changed():
    assert canonical_host("Index.Docker.IO") == "docker.io"
    assert canonical_host("docker.io.example") == "docker.io.example"


def test_all_types_of_odahu_are_known_and_two_are_registries(connection):
    records = {record.name: record for record in connection_types()}

    assert sorted(records) == ["azureblob", "docker", "ecr", "gcs", "git", "s3"]
    assert {name for name, record in records.items() if record.registry} == {"docker", "ecr"}
    made = connection(type="docker", uri="example.com")
    assert records["docker"].registry(made, {}).host == "example.com"
    bucket = connection(type="s3", uri="s3://bucket/models", keyID={"value": "x"})
    assert [problem.path for problem in records["s3"].problems(bucket)] == [("spec", "keySecret")]


@pytest.mark.parametrize(
    ("uri", "plain"),
    [("http://reg.example/models", True), ("HTTP://reg.example", True), ("https://reg.example", False),
     ("reg.example", False)],
)  # fmt: skip
def test_plain_http_is_for_who_writes_so(connection, environ, uri, plain):
    assert DockerAccess(connection(type="docker", uri=uri), environ).plain_http is plain
    assert user_access("reg.example", environ).plain_http is False
