import pytest
from hypothesis import given
from hypothesis import strategies as st

from odahu_pack_core.registry.distribution.challenge import Challenge, parse_challenges

BEARER = {"realm": "https://auth.example/token", "service": "registry"}


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", []),
        ("Basic", [("basic", {})]),
        ('Basic realm="x"', [("basic", {"realm": "x"})]),
        ('Bearer realm="https://auth.example/token",service="registry"', [("bearer", BEARER)]),
        ('BEARER Realm="https://auth.example/token" , SERVICE = registry', [("bearer", BEARER)]),
        ('Bearer realm="a,b\\"c", scope="repository:x:pull,push"',
         [("bearer", {"realm": 'a,b"c', "scope": "repository:x:pull,push"})]),
        ('Negotiate, Basic realm="x", Bearer realm="y"',
         [("negotiate", {}), ("basic", {"realm": "x"}), ("bearer", {"realm": "y"})]),
        ("Negotiate YWJj==, Basic realm=x", [("negotiate", {}), ("basic", {"realm": "x"})]),
        ('Bearer realm="first",realm="second"', [("bearer", {"realm": "first"})]),
        ('realm="of nobody"', []),
        ('Basic realm="never ends', [("basic", {})]),
        ('Basic realm="x", @@@, Bearer realm="y"', [("basic", {"realm": "x"})]),
    ],
)  # fmt: skip
def test_what_a_registry_asks_for(header, expected):
    assert parse_challenges([header]) == tuple(Challenge(*each) for each in expected)


def test_headers_add_up():
    assert [each.scheme for each in parse_challenges(['Basic realm="x"', 'Bearer realm="y"'])] == [
        "basic",
        "bearer",
    ]


def test_an_endless_header_is_cut():
    header = "Basic " + ", ".join(f'a{number}="{"x" * 100}"' for number in range(100_000))
    (challenge,) = parse_challenges([header])
    assert 0 < len(challenge.parameters) < 200


@pytest.mark.property
@given(st.lists(st.text(st.sampled_from('Basic realm="x\\",=@\t é')), max_size=4))
def test_no_header_breaks_it(headers):
    for challenge in parse_challenges(headers):
        assert challenge.scheme == challenge.scheme.lower()


@pytest.mark.property
@given(st.text(st.characters(codec="latin-1", exclude_categories=["Cc"]), max_size=50))
def test_a_quoted_value_is_read_as_it_was_meant(value):
    quoted = value.replace("\\", "\\\\").replace('"', '\\"')
    (challenge,) = parse_challenges([f'Bearer realm="{quoted}", service=s'])
    assert challenge.parameters == {"realm": value, "service": "s"}
