import pytest

from odahu_pack_core.registry.distribution.address import web_address
from odahu_pack_core.registry.distribution.endpoint import Endpoint, is_loopback

from .serving import Serving

PLACE = Endpoint("reg.example:5000", "https", "reg.example:5000")


@pytest.mark.parametrize(
    ("hostname", "expected"),
    [("localhost", True), ("127.0.0.1", True), ("127.9.9.9", True), ("::1", True),
     ("localhost.example", False), ("128.0.0.1", False), ("reg.example", False), ("", False)],
)  # fmt: skip
def test_what_is_on_this_machine(hostname, expected):
    assert is_loopback(hostname) is expected


@pytest.mark.parametrize(
    ("host", "plain_http", "expected"),
    [("reg.example", False, "https"), ("reg.example:80", False, "https"), ("reg.example", True, "http"),
     ("docker.io", True, "https")],
)  # fmt: skip
def test_hosts_elsewhere_speak_tls_unless_the_user_wrote_http(host, plain_http, expected):
    assert Endpoint.find(host, plain_http=plain_http).scheme == expected


def test_loopback_is_asked_what_it_speaks(server, certificate):
    assert Endpoint.find(server.host).plain
    with Serving(certificate) as secured:
        assert not Endpoint.find(secured.host).plain
    assert Endpoint.find(secured.host).plain  # nobody listens any more


def test_docker_hub_has_another_name_and_a_folder_for_official_images():
    hub = Endpoint.find("docker.io")
    assert hub.url("/v2/") == "https://registry-1.docker.io/v2/"
    assert (hub.repository("python"), hub.repository("jane/wine")) == ("library/python", "jane/wine")
    assert PLACE.repository("python") == "python"


@pytest.mark.parametrize(
    ("target", "url", "own"),
    [("/v2/x", "https://reg.example:5000/v2/x", True),
     ("x?a=b", "https://reg.example:5000/v2/x?a=b", True),
     ("http://reg.example:5000/v2/x?a=b#c", "https://reg.example:5000/v2/x?a=b", True),
     ("https://REG.example:5000/v2/x", "https://REG.example:5000/v2/x", True),
     ("https://reg.example/v2/x", "https://reg.example/v2/x", False),
     ("//evil.example/x", "https://evil.example/x", False),
     ("http://evil.example/x", "http://evil.example/x", False)],
)  # fmt: skip
def test_only_its_own_addresses_belong_to_a_registry(target, url, own):
    parts = PLACE.own(web_address(PLACE.url("/v2/"), target))
    assert parts.geturl() == url
    assert PLACE.owns(url) is own


@pytest.mark.parametrize(
    "target",
    ["https://reg.example:5000@evil.example/x", "https://[::1", "https://reg.example:99999/", "https://a:b/",
     "https://:5000/", "file:///etc/passwd", "https://reg.example:0/"],
)  # fmt: skip
def test_what_is_no_web_address(target):
    assert web_address(PLACE.url("/v2/"), target) is None
