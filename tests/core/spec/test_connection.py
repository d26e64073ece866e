"""Connections: credentials in each of their forms, and that none is ever shown."""

import base64
import copy
import json
import pickle
import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odahu_pack_core.errors import SpecError
from odahu_pack_core.spec.connection import Connection, EncodedSecret, reveal
from odahu_pack_core.spec.document import parse_documents
from odahu_pack_core.spec.loading import load_entities
from odahu_pack_core.spec.validation import validate_document

FIELDS = ("password", "keyID", "keySecret")


def connection(**spec):
    value = {"kind": "Connection", "id": "c", "spec": {"type": "docker", "uri": "gcr.io/project", **spec}}
    (document,) = parse_documents(json.dumps(value), "c.yaml")
    return validate_document(document, Connection)


def refusal(**spec):
    with pytest.raises(SpecError) as caught:
        connection(**spec)
    return caught.value.message


def encoded(text):
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize("field", FIELDS)
def test_a_plain_string_is_base64(field):
    spec = connection(**{field: encoded("pässword")}).spec
    secret = {"password": spec.password, "keyID": spec.key_id, "keySecret": spec.key_secret}[field]
    assert isinstance(secret, EncodedSecret)
    assert reveal(secret, {}) == "pässword"


def test_base64_may_be_folded_over_lines():
    text = encoded("a long key " * 20)
    folded = "\n".join(text[at : at + 60] for at in range(0, len(text), 60)) + "\n"
    assert reveal(connection(password=folded).spec.password, {}) == "a long key " * 20


def test_a_value_is_no_base64():
    secret = connection(password={"value": "aGVsbG8="}).spec.password
    assert not isinstance(secret, EncodedSecret)
    assert reveal(secret, {}) == "aGVsbG8="


def test_a_variable_is_asked_when_the_secret_is():
    secret = connection(password={"env": "REGISTRY_PASSWORD"}).spec.password
    assert reveal(secret, {"REGISTRY_PASSWORD": "from outside"}) == "from outside"
    with pytest.raises(SpecError, match="the environment variable REGISTRY_PASSWORD is not set"):
        reveal(secret, {})
    with pytest.raises(SpecError, match=r"^connection hub: password: the environment variable REGISTRY"):
        reveal(secret, {}, "connection hub: password")


def test_a_file_is_read_without_its_last_line_end(tmp_path):
    file = tmp_path / "password"
    file.write_text("two\nlines\n\n")
    assert reveal(connection(password={"file": str(file)}).spec.password, {}) == "two\nlines\n"


@pytest.mark.parametrize(
    ("path", "content"),
    [("missing", None), ("latin", b"\xe9"), ("with\0nul", None), ("~nobody-at-all/x", None)],
)
def test_a_file_that_cannot_be_read(tmp_path, path, content):
    file = path if path.startswith("~") else f"{tmp_path}/{path}"
    if content is not None:
        (tmp_path / path).write_bytes(content)
    with pytest.raises(SpecError, match="cannot read a secret from "):
        reveal(connection(password={"file": file}).spec.password, {})


def test_no_secret_is_no_secret():
    spec = connection(password=None, keyID="").spec
    assert (spec.password, spec.key_id, spec.key_secret) == (None, None, None)


@pytest.mark.parametrize("password", ["not base64!", "YWJj=", "/w==", 12345, True, ["a"]])
def test_what_is_no_secret_shows_the_three_forms(password):
    message = refusal(password=password)
    assert message.startswith("c.yaml, line 1: spec.password: ")
    assert all(form in message for form in ("{env: NAME}", "{file: PATH}", "{value: TEXT}"))
    assert str(password) not in message


def test_the_mask_is_no_secret():
    assert "***** is what stands in place of a secret" in refusal(password="*****")


@pytest.mark.parametrize(
    ("password", "told"),
    [
        ({}, "spec.password.value: is required"),
        ({"value": 5}, "spec.password.value: must be text"),
        ({"env": ""}, "spec.password.env: must not be empty"),
        ({"env": "A", "file": "b"}, "spec.password.file: unknown key"),
    ],
)
def test_a_wrong_form(password, told):
    assert told in refusal(password=password)


@pytest.mark.parametrize(
    "uri",
    [
        "gcr.io/project",
        "https://gcr.io/project/",
        "git@github.com:odahu/odahu.git",
        "ssh://git@host/x",
        "s3://bucket/@x",
    ],
)
def test_a_uri(uri):
    assert connection(uri=uri).spec.uri == uri


@pytest.mark.parametrize(
    "uri",
    [
        "https://user:s3cret@gcr.io",
        "user:s3cret@gcr.io/x",
        "https://s3cret@gcr.io",
        "ssh://git:s3cret@h/x",
        "http://a@s3cret@h",
    ],
)
def test_a_uri_with_credentials_is_refused_unseen(uri):
    message = refusal(uri=uri)
    assert "a uri holds no credentials" in message
    assert "s3cret" not in message


@pytest.mark.parametrize("uri", ["gcr.io/a b", "gcr.io\nRUN x", "gcr.io/\t"])
def test_a_uri_is_one_word(uri):
    assert "neither spaces nor control characters" in refusal(uri=uri)


@pytest.mark.parametrize("kind", ["s3", "gcs", "azureblob", "git", "docker", "ecr"])
def test_every_type_of_odahu_parses_with_all_that_odahu_writes(kind):
    fields = dict.fromkeys(
        ("region", "username", "role", "publicKey", "reference", "description", "webUILink", "vital", *FIELDS)
    )
    assert connection(type=kind, **fields).spec.type == kind


def test_a_connection_as_odahu_stores_it(tmp_path):
    text = """
kind: Connection
id: registry
createdAt: 2022-01-02T03:04:05Z
spec: {type: docker, uri: gcr.io/x, username: _json, password: eyJhIjoxfQ==, publicKey: a2V5, vital: true,
       webUILink: https://console, description: ours, reference: develop}
status: {secretName: s, serviceAccount: null}
"""
    (tmp_path / "c.yaml").write_text(text)
    (read,) = load_entities(tmp_path)
    assert reveal(read.spec.password, {}) == '{"a":1}'
    assert (read.created_at, read.spec.vital, read.status.secret_name) == ("2022-01-02T03:04:05Z", True, "s")


PLANTED = st.text(
    st.characters(min_codepoint=33, max_codepoint=0x2FF, exclude_categories=("Cc", "Cs")), min_size=12
)


@pytest.mark.property
@given(text=PLANTED, field=st.sampled_from(FIELDS), plain=st.booleans())
def test_a_planted_secret_is_shown_nowhere(text, field, plain):
    made = connection(**{field: {"value": text} if plain else encoded(text)})
    duplicate = copy.deepcopy(made)
    shown = [
        repr(made),
        str(made),
        repr(made.spec),
        made.model_dump_json(),
        made.model_dump_json(by_alias=True),
        repr(made.model_dump()),
        json.dumps(made.model_dump(mode="json")),
        repr(duplicate.model_dump()),
        f"{made!s} {made.spec.password} {made.spec.key_id} {made.spec.key_secret}",
    ]
    for words in shown:
        assert text not in words
        assert encoded(text) not in words
    kept = pickle.loads(pickle.dumps(made)).spec
    assert text in [reveal(secret, {}) for secret in (kept.password, kept.key_id, kept.key_secret) if secret]


@pytest.mark.property
@given(
    text=PLANTED,
    field=st.sampled_from(FIELDS),
    wrong=st.sampled_from([{"typ": "x"}, {"uri": 5}, {"vital": "yes"}, {"region": []}, {"uri": "a b"}]),
    form=st.sampled_from(["value", "valeu", "plain", "broken", "list", "tagged"]),
)
def test_a_planted_secret_is_in_no_error(text, field, wrong, form):
    secrets = {"plain": encoded(text), "broken": f"!{text}", "list": [text], "tagged": {"value": {"x": text}}}
    planted = secrets.get(form, {form: text})
    with pytest.raises(SpecError) as caught:
        connection(**{field: planted, **wrong})
    printed = "".join(traceback.format_exception(caught.value)) + repr(caught.value)
    assert text not in printed
    assert encoded(text) not in printed
