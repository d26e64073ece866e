"""YAML and JSON as people, and enemies, write it."""

import json
import time

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from odahu_pack_core.errors import SpecError
from odahu_pack_core.spec.document import MOST_BYTES, parse_documents

_EVERY_TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc")))
JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | _EVERY_TEXT,
    lambda children: st.lists(children, max_size=4) | st.dictionaries(_EVERY_TEXT, children, max_size=4),
    max_leaves=12,
)


def read(text, **options):
    return [document.value for document in parse_documents(text, "x.yaml", **options)]


def refusal(text, **options):
    with pytest.raises(SpecError) as caught:
        parse_documents(text, "x.yaml", **options)
    return caught.value.message


def test_several_documents_without_the_empty_ones():
    assert read("---\na: 1\n---\n---\n# nothing\n---\nb: 2\n...\n") == [{"a": 1}, {"b": 2}]


@pytest.mark.parametrize("key", ["k" * 1100, "\x7f", "\ufffe"])
def test_json_that_is_no_yaml_is_read(key):
    assert read(json.dumps({key: 1}, ensure_ascii=False)) == [{key: 1}]


def test_the_line_of_each_field_is_known():
    (document,) = parse_documents("a:\n  b:\n  - c: 1\n  - d\n", "x.yaml")
    assert document.origin.place(("a", "b", 0, "c")) == "x.yaml, line 3"
    assert document.origin.place(("a", "b", 1)) == "x.yaml, line 4"
    assert document.origin.place(("a", "b", 9, "nowhere")) == "x.yaml, line 2"


def test_the_document_is_named_where_there_are_several():
    documents = parse_documents("a: 1\n---\nb: 2\n", "x.yaml")
    assert [document.origin.place() for document in documents] == [
        "x.yaml, document 1, line 1",
        "x.yaml, document 2, line 3",
    ]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2024-01-02", "2024-01-02"),
        ("2024-01-02T03:04:05Z", "2024-01-02T03:04:05Z"),
        ("=", "="),
        ("~", None),
        ("yes", True),
        ("0x10", 16),
        ("1.5", 1.5),
        ("1e3", "1e3"),
        ("'1.10'", "1.10"),
        ("!!str 5", "5"),
    ],
)
def test_a_scalar(text, value):
    assert read(f"a: {text}") == [{"a": value}]


def test_scalars_as_text_keep_their_spelling():
    text = "a: 1.10\nb: 0x10\nc: true\nd: ~\ne: 2024-01-02\nf: null\ng: .nan\n"
    assert read(text, scalars_as_text=True) == [
        {"a": "1.10", "b": "0x10", "c": "true", "d": None, "e": "2024-01-02", "f": None, "g": ".nan"}
    ]


def test_json_scalars_as_text_keep_their_spelling():
    assert read('{"a":\t1.10, "b": "\\ud83d\\ude00"}', scalars_as_text=True) == [{"a": "1.10", "b": "😀"}]


@pytest.mark.property
@given(
    value=st.dictionaries(_EVERY_TEXT, JSON_VALUES, max_size=4),
    indent=st.sampled_from([None, 2, "\t"]),
    ascii_only=st.booleans(),
)
def test_json_is_read_as_json(value, indent, ascii_only):
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    assert read(text) == [value]


@pytest.mark.property
@given(value=st.dictionaries(_EVERY_TEXT, JSON_VALUES, max_size=4))
def test_what_yaml_dumps_is_read_back(value):
    assert read(yaml.safe_dump(value, allow_unicode=True)) == [value]


@pytest.mark.property
@given(text=st.text(st.sampled_from("ab:-\n {}[]\"'&*!|><%@#\t,?\\1.~=<\x00\ud800é"), max_size=60))
def test_any_text_is_read_or_refused_with_its_place(text):
    for as_text in (False, True):
        try:
            parse_documents(text, "x.yaml", scalars_as_text=as_text)
        except SpecError as error:
            assert error.message.startswith("x.yaml")  # noqa: PT017  # not every example fails


def test_a_key_of_a_merged_mapping_is_kept_and_overridden():
    text = "base: &b {cpu: 1, memory: 1Gi}\nlimits:\n  <<: *b\n  cpu: 2\nmore:\n  <<: [{cpu: 3}, *b]\n"
    (value,) = read(text)
    assert value["limits"] == {"cpu": 2, "memory": "1Gi"}
    assert value["more"] == {"cpu": 3, "memory": "1Gi"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: 1\nb: 2\na: 3\n", "line 3, column 1: key 'a' is repeated"),
        ('{"a": 1, "a": 2}', "key 'a' is repeated"),
        ('{"a": {"b": 1, "\\u0062": 2}}', "key 'b' is repeated"),
        ("a: [1\n", "x.yaml, line"),
        ("a: 'b\n", "x.yaml, line"),
        ("\ta: 1\n", "x.yaml, line 1"),
        ("? [a]\n: b\n", "a key must be text"),
        ("a: *nowhere\n", "undefined alias"),
        ("a: !!python/object/apply:os.system ['true']\n", "a tag that manifests do not use"),
        ("a: !!binary aGVsbG8=\n", "a tag that manifests do not use"),
        ("a: !!timestamp nonsense\n", "a tag that manifests do not use"),
        ("a: !!set {b}\n", "a tag that manifests do not use"),
        ("a: !mine b\n", "a tag that manifests do not use"),
        ("a: .nan\n", "not a finite number"),
        ("a: -.inf\n", "not a finite number"),
        ("a: !!int ''\n", "not a int"),
        ("a: !!bool perhaps\n", "not a bool"),
        (f"a: {'9' * 5000}\n", "not a int"),
        ("a: {<<: 5}\n", "only mappings can be merged"),
        ("a: &a {<<: *a}\n", "nested too deeply"),
        ("a: &a [*a]\n", "nested too deeply"),
        ("[" * 5000, "nested too deeply"),
        ('{"a":' * 5000, "nested too deeply"),
        ('a: "\\ud800"\n', "not Unicode text"),
        ("a: \x07\n", "special characters are not allowed"),
    ],
)
def test_what_no_manifest_needs_is_refused(text, told):
    assert told in refusal(text)


@pytest.mark.parametrize("tag", ["!!int", "!!float", "!!bool"])
def test_a_secret_that_is_no_number_is_not_shown(tag):
    assert "s3cret" not in refusal(f"password: {tag} s3cret\n")


@pytest.mark.parametrize("text", ['{"a": NaN}', '{"a": Infinity}', '{"a": 1e999}'])
def test_a_number_that_json_does_not_know_stays_text(text):
    (value,) = read(text)
    assert isinstance(value["a"], str)


def _levels(first, line):
    return "\n".join([first, *(line(n) for n in range(1, 12))])


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(
            _levels("a0: &a0 [x, x, x]", lambda n: f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]"),
            id="lists",
        ),
        pytest.param(
            _levels("a0: &a0 {x: 1}", lambda n: f"a{n}: &a{n} {{b: *a{n - 1}, c: *a{n - 1}, d: *a{n - 1}}}"),
            id="mappings",
        ),
    ],
)
def test_a_bomb_of_aliases_is_refused_soon(text):
    started = time.process_time()
    assert "too many values" in refusal(text)
    assert time.process_time() - started < 5


def test_a_bomb_of_merges_is_read_in_no_time():
    text = _levels("a0: &a0 {x: 1}", lambda n: f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 10)}]}}")
    started = time.process_time()
    (value,) = read(text)
    assert value["a11"] == {"x": 1}
    assert time.process_time() - started < 1


def test_many_keys_are_read_in_no_time():
    started = time.process_time()
    (value,) = read(json.dumps({f"key{n}": n for n in range(6_000)}))
    assert len(value) == 6_000
    assert time.process_time() - started < 3


def test_a_huge_text_is_refused_unread():
    assert "larger than" in refusal("#" * (MOST_BYTES + 1))
