"""Whom to trust over TLS: the system's certificate store, or what the user's environment names."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from odahu_pack_core.errors import RegistryError

_FILES: Final = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_FOLDER: Final = "SSL_CERT_DIR"


def trusting_context(environ: Mapping[str, str]) -> ssl.SSLContext:
    """Return a context that checks certificates and host names.

    It takes some tens of milliseconds: ask for it only where TLS is spoken.

    Args:
        environ: May name a file (``SSL_CERT_FILE``, ``REQUESTS_CA_BUNDLE``, ``CURL_CA_BUNDLE``) or a
            folder (``SSL_CERT_DIR``) of certificates, else the system's are taken.

    Raises:
        RegistryError: What is named cannot be read.
    """
    file = next((environ[name] for name in _FILES if environ.get(name)), None)
    folder = environ.get(_FOLDER) or None
    if file is None and folder is None and not _system_has_some():
        import certifi  # noqa: PLC0415  # only machines without certificates need it

        file = certifi.where()
    try:
        return ssl.create_default_context(cafile=file, capath=folder)
    except OSError as error:
        named = " and ".join(path for path in (file, folder) if path)
        raise RegistryError(
            f"cannot read the certificates {named}: {error.strerror}",
            code="bad-certificates",
            hint=f"{', '.join(_FILES)} and {_FOLDER} say where certificates are",
        ) from None


def _system_has_some() -> bool:
    paths = ssl.get_default_verify_paths()
    file = Path(paths.cafile or paths.openssl_cafile)
    folder = Path(paths.capath or paths.openssl_capath)
    return file.is_file() or (folder.is_dir() and any(folder.iterdir()))
