"""ECR: hosts, tokens and repositories, against moto."""

import base64

import boto3
import pytest

from odahu_pack_core.errors import RegistryError, SpecError
from odahu_pack_core.plan.reference import ImageReference
from odahu_pack_core.registry.ecr import EcrAccess, ecr_problems
from odahu_pack_core.registry.ecr_host import EcrHost

pytestmark = pytest.mark.usefixtures("aws")

HOST = "123456789012.dkr.ecr.eu-central-1.amazonaws.com"
KEYS = {"keyID": {"value": "AKIAEXAMPLE"}, "keySecret": {"value": "s3cret-key"}}


@pytest.fixture
def ecr(connection):
    def access(environ=None, **spec):
        return EcrAccess(
            connection(**{"type": "ecr", "uri": f"{HOST}/models", **KEYS, **spec}), environ or {}
        )

    return access


@pytest.fixture
def client():
    return boto3.client(
        "ecr", region_name="eu-central-1", aws_access_key_id="AKIATEST", aws_secret_access_key="test"
    )


def _repositories(client):
    return {found["repositoryName"] for found in client.describe_repositories()["repositories"]}


def test_fetches_a_token(ecr):
    access = ecr()

    credentials = access.credentials()

    assert access.host == HOST
    assert (credentials.username, credentials.password) == ("AWS", "123456789012-auth-token")
    assert credentials.origin == "connection my-registry"
    assert "auth-token" not in repr(credentials)


def test_keys_may_come_from_variables_and_a_role_may_be_taken(ecr):
    access = ecr(
        {"KEY": "AKIAEXAMPLE", "SECRET": "s3cret-key"},
        keyID={"env": "KEY"},
        keySecret={"env": "SECRET"},
        role="arn:aws:iam::123456789012:role/packager",
    )

    assert access.credentials().username == "AWS"


def test_a_key_that_is_nowhere_is_told(ecr):
    with pytest.raises(SpecError, match="NOWHERE is not set"):
        ecr(keyID={"env": "NOWHERE"}).credentials()


def test_creates_the_repository_once(ecr, client):
    image = ImageReference.parse(f"{HOST}/models/wine-0-1:1")

    ecr().prepare_push(image)
    ecr().prepare_push(image)

    assert "models/wine-0-1" in _repositories(client)


def test_another_run_may_create_it_at_the_same_moment(ecr, client, monkeypatch):
    image = ImageReference.parse(f"{HOST}/models/raced:1")
    original = EcrAccess._client

    def late(self):
        ours = original(self)
        missing = ours.exceptions.RepositoryNotFoundException({"Error": {"Code": "x"}}, "describe")

        def not_yet(**_):
            raise missing

        monkeypatch.setattr(ours, "describe_repositories", not_yet)
        return ours

    client.create_repository(repositoryName="models/raced")
    monkeypatch.setattr(EcrAccess, "_client", late)

    ecr().prepare_push(image)

    assert "models/raced" in _repositories(client)


def test_without_keys_awss_own_chain_is_asked(ecr, monkeypatch):
    bare = ecr(keyID=None, keySecret=None)

    with pytest.raises(RegistryError, match="there are no AWS credentials") as caught:
        bare.credentials()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIATEST")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")

    assert caught.value.exit_code == 16
    assert bare.credentials().username == "AWS"


def test_an_aws_that_cannot_be_reached_is_told(ecr, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")

    with pytest.raises(RegistryError, match=r"127\.0\.0\.1:1") as caught:
        ecr().credentials()

    assert caught.value.code == "registry-failed"
    assert "s3cret-key" not in str(caught.value)


@pytest.mark.parametrize("encoded", [True, False])
def test_a_refusal_names_the_connection_and_the_form_of_its_keys(ecr, monkeypatch, encoded):
    key = base64.b64encode(b"s3cret-key").decode() if encoded else {"value": "s3cret-key"}
    access = ecr(keySecret=key)
    client = access._client()
    refusal = client.exceptions.ClientError(
        {"Error": {"Code": "InvalidSignatureException", "Message": "x-amz-security-token: s3cret"}}, "get"
    )

    def refuse(*_, **__):
        raise refusal

    monkeypatch.setattr(client, "get_authorization_token", refuse)
    monkeypatch.setattr(EcrAccess, "_client", lambda _: client)
    with pytest.raises(RegistryError) as caught:
        access.credentials()

    assert "connection my-registry" in caught.value.message
    assert "InvalidSignatureException" in caught.value.message
    assert ("base64" in caught.value.hint) == encoded
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("host", "read"),
    [
        (HOST, EcrHost("123456789012", "eu-central-1", fips=False)),
        (
            "123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com",
            EcrHost("123456789012", "us-gov-west-1", fips=True),
        ),
        (
            "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn",
            EcrHost("123456789012", "cn-north-1", fips=False),
        ),
        ("12345.dkr.ecr.eu-central-1.amazonaws.com", None),
        (f"{HOST}.evil.example", None),
        (f"{HOST}:443", None),
        ("gcr.io", None),
    ],
)
def test_hosts_say_account_and_region(host, read):
    assert EcrHost.of(host) == read


@pytest.mark.parametrize(
    ("spec", "paths"),
    [
        ({"uri": f"{HOST}/models", **KEYS}, []),
        ({"uri": f"https://{HOST}"}, []),
        ({"uri": HOST, "region": "eu-central-1"}, []),
        ({"uri": HOST, "region": "us-east-1"}, [("spec", "region")]),
        ({"uri": "gcr.io/project"}, [("spec", "uri")]),
        ({"uri": f"{HOST}/UPPER"}, [("spec", "uri")]),
        ({"uri": HOST, "keyID": {"value": "x"}}, [("spec", "keySecret")]),
        ({"uri": HOST, "keySecret": {"value": "x"}}, [("spec", "keyID")]),
    ],
)
def test_what_a_connection_lacks(connection, spec, paths):
    assert [problem.path for problem in ecr_problems(connection(type="ecr", **spec))] == paths
