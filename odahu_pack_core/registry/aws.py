"""AWS as a connection sees it: a session with its keys and role, and its refusals in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from odahu_pack_core.errors import RegistryError
from odahu_pack_core.spec.connection import Connection, EncodedSecret, reveal
from odahu_pack_core.spec.origin import Problem

if TYPE_CHECKING:
    import boto3
    from botocore.exceptions import ClientError

_ROLE_SESSION: Final = "odahu-pack"
_REFUSALS: Final = (
    "AccessDenied",
    "Unrecognized",
    "InvalidClientTokenId",
    "Signature",
    "AuthFailure",
    "Expired",
)


def aws_session(connection: Connection, region: str, environ: Mapping[str, str]) -> boto3.Session:
    """Return a session with a connection's keys and role.

    Without keyID and keySecret boto3 looks where AWS's own tools do: in the process's environment
    variables, its profile, the machine's role.

    Args:
        connection: May hold keyID, keySecret and role.
        region: The AWS region.
        environ: The environment variables that secrets may name.

    Raises:
        SpecError: A key cannot be read from where it is said to be.
    """
    import boto3  # noqa: PLC0415  # slow to import, needed only for ECR

    spec = connection.spec
    session = boto3.Session(region_name=region)
    if spec.key_id is not None and spec.key_secret is not None:
        owner = f"connection {connection.id}"
        session = boto3.Session(
            reveal(spec.key_id, environ, f"{owner}: keyID"),
            reveal(spec.key_secret, environ, f"{owner}: keySecret"),
            region_name=region,
        )
    if not spec.role:
        return session
    taken = session.client("sts").assume_role(RoleArn=spec.role, RoleSessionName=_ROLE_SESSION)["Credentials"]
    return boto3.Session(
        taken["AccessKeyId"], taken["SecretAccessKey"], taken["SessionToken"], region_name=region
    )


@contextmanager
def aws_told(connection: Connection, action: str) -> Iterator[None]:
    """Turn failures of AWS into errors in words.

    Args:
        connection: Whose keys are used.
        action: What AWS is asked to do.

    Raises:
        RegistryError: AWS refused or cannot be reached.
    """
    from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError  # noqa: PLC0415  # as above

    failed = f"connection {connection.id}: AWS did not {action}"
    try:
        yield
    except NoCredentialsError:
        raise RegistryError(
            f"{failed}: there are no AWS credentials",
            code="registry-refused",
            hint="give the connection keyID and keySecret, or configure AWS's own tools",
        ) from None
    except ClientError as error:
        raise _refused(connection, failed, error) from None
    except BotoCoreError as error:
        raise RegistryError(f"{failed}: {error}", code="registry-failed") from None


def _refused(connection: Connection, failed: str, error: ClientError) -> RegistryError:
    # AWS's own message may quote the signed request; its code says enough.
    code = error.response.get("Error", {}).get("Code", "")
    if not any(word in code for word in _REFUSALS):
        return RegistryError(f"{failed}: {code}", code="registry-failed")
    was_base64 = isinstance(connection.spec.key_secret, EncodedSecret)
    hint = "keyID and keySecret were read as base64, as ODAHU's plain strings are" if was_base64 else ""
    return RegistryError(f"{failed}: {code}", code="registry-refused", hint=hint)


def pair_problems(connection: Connection) -> list[Problem]:
    """Find whether one of keyID and keySecret is missing; both may be."""
    spec = connection.spec
    if spec.key_id is not None and spec.key_secret is None:
        return [Problem(("spec", "keySecret"), "is required, since there is a keyID")]
    if spec.key_secret is not None and spec.key_id is None:
        return [Problem(("spec", "keyID"), "is required, since there is a keySecret")]
    return []
