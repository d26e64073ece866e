"""Which proxy leads to a registry: the environment variables that curl and httpx know, too."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit
from urllib.request import proxy_bypass_environment  # type: ignore[attr-defined]  # typeshed lacks it

from .endpoint import is_loopback


def proxy_for(url: str, environ: Mapping[str, str]) -> str | None:
    """Return the address of the proxy for a request; None for a direct connection.

    Args:
        url: Where the request goes. Nobody but this machine itself can reach what is on loopback.
        environ: May hold ``https_proxy``, ``http_proxy``, ``all_proxy`` and ``no_proxy``, in either case;
            but ``HTTP_PROXY`` may stem from the header of a request to a CGI script (CVE-2016-5385).
    """
    parts = urlsplit(url)
    hostname = parts.hostname or ""
    if is_loopback(hostname) or _is_bypassed(parts.netloc.rpartition("@")[2], environ):
        return None
    names = ["http_proxy"] if parts.scheme == "http" else ["https_proxy", "HTTPS_PROXY"]
    found = next((environ[name] for name in (*names, "all_proxy", "ALL_PROXY") if environ.get(name)), None)
    if found is None:
        return None
    return found if "://" in found else f"http://{found}"


def _is_bypassed(netloc: str, environ: Mapping[str, str]) -> bool:
    excepted = environ.get("no_proxy") or environ.get("NO_PROXY") or ""
    return bool(excepted) and bool(proxy_bypass_environment(netloc, {"no": excepted}))
