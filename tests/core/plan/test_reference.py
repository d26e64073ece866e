"""Image references against Docker's own grammar."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odahu_pack_core.errors import SpecError
from odahu_pack_core.plan.reference import ImageReference, registry_prefix, split_registry

# Word for word from github.com/distribution/reference, reference.go, the comment at its head.
ALPHA_NUMERIC = "[a-z0-9]+"
SEPARATOR = "(?:[._]|__|[-]+)"
PATH_COMPONENT = f"{ALPHA_NUMERIC}(?:{SEPARATOR}{ALPHA_NUMERIC})*"
DOMAIN_COMPONENT = "(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
DOMAIN = f"(?:{DOMAIN_COMPONENT}(?:\\.{DOMAIN_COMPONENT})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?"
DOCKERS = re.compile(
    f"(?:{DOMAIN}/)?{PATH_COMPONENT}(?:/{PATH_COMPONENT})*"
    "(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(?:@sha256:[0-9a-f]{64})?"
)
DIGEST = "sha256:" + "0123456789abcdef" * 4


def refusal(text):
    with pytest.raises(SpecError) as caught:
        ImageReference.parse(text)
    return caught.value.message


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("python", ("", "python", "", "")),
        ("python:3.6", ("", "python", "3.6", "")),
        ("library/python", ("", "library/python", "", "")),
        ("localhost/x:1", ("localhost", "x", "1", "")),
        ("localhost:5000/x", ("localhost:5000", "x", "", "")),
        ("localhost:5000", ("", "localhost", "5000", "")),
        ("gcr.io/project/odahuflow/wine:1", ("gcr.io", "project/odahuflow/wine", "1", "")),
        ("[::1]:5000/x", ("[::1]:5000", "x", "", "")),
        (f"a/b@{DIGEST}", ("", "a/b", "", DIGEST)),
        (f"h.io/b:t@{DIGEST}", ("h.io", "b", "t", DIGEST)),
    ],
)
def test_the_parts_of_a_reference(text, parts):
    reference = ImageReference.parse(text)
    assert (reference.registry, reference.repository, reference.tag, reference.digest) == parts
    assert str(reference) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Upper",
        "a b",
        "a//b",
        "/a",
        "a/",
        "-a",
        "a.",
        "a..b",
        "a___b",
        "a:",
        "a:.tag",
        "a:-tag",
        f"a:{'t' * 129}",
        "a@",
        "a@sha256:abc",
        f"a@{DIGEST}@{DIGEST}",
        "a:b:c",
        "a\n",
        "a$b",
        "http://gcr.io/a",
        "gcr.io:port/a",
        "-gcr.io/a",
        "é/a",
        "0123456789abcdef" * 4,
        "x" * 240,
        "gcr.io/" + "x" * 250,
    ],
)
def test_no_reference(text):
    refusal(text)


def test_a_hostile_reference_is_not_shown_in_full():
    assert len(refusal("A" * 100_000)) < 200


@pytest.mark.property
@given(st.text(st.sampled_from("aZ0._-/:@[]é \n") | st.characters(), max_size=40))
def test_what_parses_is_what_docker_takes_and_reads_the_same(text):
    try:
        reference = ImageReference.parse(text)
    except SpecError:
        return
    assert DOCKERS.fullmatch(text)
    assert ImageReference.parse(str(reference)) == reference
    assert str(reference) == text


@pytest.mark.property
@given(
    st.from_regex(
        f"{PATH_COMPONENT}(/{PATH_COMPONENT}){{0,2}}(:[A-Za-z0-9_][A-Za-z0-9_.-]{{0,9}})?", fullmatch=True
    )
)
def test_what_docker_takes_without_a_registry_parses(text):
    if len(text) < 200 and not split_registry(text)[0]:
        assert str(ImageReference.parse(text)) == text


@pytest.mark.parametrize(
    ("registry", "repository"), [("", "localhost/x"), ("", "my.host/x"), ("team", "x"), ("a b", "x")]
)
def test_a_reference_that_would_be_read_in_another_way(registry, repository):
    with pytest.raises(SpecError):
        ImageReference(repository, registry)


@pytest.mark.parametrize(
    ("uri", "parts"),
    [
        ("gcr.io/project/odahuflow", ("gcr.io", "project/odahuflow")),
        ("https://gcr.io/project/", ("gcr.io", "project")),
        ("http://127.0.0.1:5000", ("127.0.0.1:5000", "")),
        ("docker.io/odahu/", ("docker.io", "odahu")),
        ("localhost", ("localhost", "")),
    ],
)
def test_the_uri_of_a_registry(uri, parts):
    assert registry_prefix(uri) == parts


@pytest.mark.parametrize(
    "uri", ["", "/", "https://", "odahu/project", "registry", "gcr.io/Upper", "gcr.io/a//b", "a_b.io"]
)
def test_no_uri_of_a_registry(uri):
    with pytest.raises(SpecError):
        registry_prefix(uri)
