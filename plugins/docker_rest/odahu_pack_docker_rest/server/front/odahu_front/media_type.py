"""Which bodies may be JSON, by what their request says about them."""

from .http.request import Request
from .http.response import Refusal

_NOT_JSON_FAMILIES = ("audio/", "font/", "image/", "multipart/", "video/")
_NOT_JSON = frozenset(
    [
        "application/gzip",
        "application/msgpack",
        "application/pdf",
        "application/vnd.apache.arrow.stream",
        "application/vnd.apache.parquet",
        "application/x-protobuf",
        "application/xml",
        "application/yaml",
        "application/zip",
        "text/css",
        "text/csv",
        "text/html",
        "text/xml",
    ]
)
_CHARSETS = frozenset(["", "utf-8", "utf8", "us-ascii", "ascii"])
UNCOMPRESSED = frozenset(["", "identity"])
# What nearly every client says.
_PLAIN = frozenset([b"application/json", b"application/x-www-form-urlencoded"])


def admit_json(request: Request) -> None:
    """Refuse what cannot be JSON.

    Raises:
        Refusal: 415.
    """
    encoding = content_encoding(request)
    if encoding not in UNCOMPRESSED:
        raise unsupported(f"the content encoding {encoding} is not read")
    admit_type(request)


def content_encoding(request: Request) -> str:
    """Tell how a body is encoded, in lower case."""
    return (request.header(b"content-encoding") or b"identity").decode("latin-1").strip().lower()


def admit_type(request: Request) -> None:
    """Refuse the types that cannot be JSON. curl calls any ``-d`` a form, so a form is taken for JSON.

    Raises:
        Refusal: 415.
    """
    content_type = request.header(b"content-type")
    if content_type is None or content_type in _PLAIN:
        return
    media_type, _, parameters = content_type.decode("latin-1").lower().partition(";")
    media_type = media_type.strip()
    if media_type in _NOT_JSON or media_type.startswith(_NOT_JSON_FAMILIES) or media_type.endswith("+xml"):
        raise unsupported(f"{media_type} is not JSON")
    if _charset(parameters) not in _CHARSETS:
        raise unsupported("JSON is read as UTF-8 only")


def unsupported(message: str) -> Refusal:
    """Make the refusal of a body that is not read, whatever it holds."""
    return Refusal(415, "unsupported_media_type", message)


def _charset(parameters: str) -> str:
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip() == "charset":
            return value.strip().strip('"')
    return ""
