"""What is told of a text that is no configuration: each fault with its place and what to write instead."""

import time

import pytest

from odahu_pack_core import ArtifactError
from odahu_pack_triton.config import ConfigTextError, parse_config, read_config
from odahu_pack_triton.config.remarks import remarks_of
from odahu_pack_triton.config.structure import doubtful_templates

MIB = 1024 * 1024


def faults(text):
    return [f"{fault.place.line}:{fault.place.column} {fault.reason}" for fault in read_config(text).faults]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('nme: "x"', "1:1 unknown field 'nme' of ModelConfig; did you mean 'name'?"),
        ("input { shape: [ 3 ] }", "1:9 unknown field 'shape' of ModelInput; did you mean 'dims'?"),
        ("input { dtype: TYPE_FP32 }", "1:9 unknown field 'dtype' of ModelInput; did you mean 'data_type'?"),
        (
            "input { max_batch_size: 3 }",
            "1:9 unknown field 'max_batch_size' of ModelInput; it belongs outside of all braces",
        ),
        (
            "gpus: [ 0 ]",
            "1:1 unknown field 'gpus' of ModelConfig; it belongs into instance_group { … }",
        ),
        ('"name": "x"', '1:1 names of fields stand without quotes, and "name" is a text'),
        (
            "instance_group { gpus: 0, 1 }",
            "1:27 1 is no field's name; several values stand in brackets, as in dims: [ 3, 4 ]",
        ),
    ],
)
def test_a_name_that_is_none(text, fault):
    assert faults(text) == [fault]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("TYPE_FLOAT", "TYPE_FP32"),
        ("TYPE_FLOAT32", "TYPE_FP32"),
        ("float32", "TYPE_FP32"),
        ("FP32", "TYPE_FP32"),
        ("double", "TYPE_FP64"),
        ("TYPE_HALF", "TYPE_FP16"),
        ("bfloat16", "TYPE_BF16"),
        ("i64", "TYPE_INT64"),
        ("TYPE_LONG", "TYPE_INT64"),
        ("uint8", "TYPE_UINT8"),
        ("BYTES", "TYPE_STRING"),
        ("TYPE_BOOLEAN", "TYPE_BOOL"),
        ("type_fp32", "TYPE_FP32"),
        ("TYPE_FP23", "TYPE_FP32"),
    ],
)
def test_a_data_type_as_others_spell_it(written, meant):
    [fault] = faults(f"input {{ data_type: {written} }}")
    assert fault == f"1:20 unknown value {written!r} of DataType; did you mean {meant!r}?"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("instance_group { kind: GPU }", "1:24 unknown value 'GPU' of Kind; did you mean 'KIND_GPU'?"),
        ("input { data_type: 'TYPE_FP32' }", "1:20 data_type: write TYPE_FP32 without quotes"),
        ("name: wine", '1:7 name is a text; write name: "wine"'),
        ('max_batch_size: "8"', "1:17 max_batch_size is a number, which stands without quotes"),
        ("max_batch_size: 8.0", "1:17 max_batch_size is a whole number, not 8.0"),
        ("max_batch_size: 2147483648", "1:17 2147483648 is out of the range of max_batch_size"),
        ("version_policy { latest { num_versions: -1 } }", "1:41 -1 is out of the range of num_versions"),
        ("model_transaction_policy { decoupled: yes }", "1:39 decoupled is true or false, not yes"),
        ("input { dims: { 1 } }", "1:15 dims is no message; write dims: [ … ]"),
        ("input { reshape: [ 1 ] }", "1:18 reshape is one message; write reshape { shape: [ … ] }"),
        ("input: 3", "1:8 input is a message; write input { … }"),
        (
            'parameters { key: "a" value: "/b" }',
            '1:30 value is a message; write value { string_value: "/b" }',
        ),
        ('backend: [ "python" ]', "1:10 backend takes one value, and no list"),
        ("input { dims: [ 1, 2, ] }", "1:21 there is no element after this comma"),
        ("input [ { } { } ]", "1:13 a comma is due between the elements of a list"),
        ('name: "a"\nname: "b"', "2:1 name is written twice"),
        ("version_policy { all {} }\nversion_policy { all {} }", "2:1 version_policy is written twice"),
        ("dynamic_batching { }\nsequence_batching { }", "exclude each other"),
        ("name", '1:5 expected ":"'),
        (",", "1:1 expected identifier or number, got ,"),
    ],
)
def test_a_value_or_a_mark_that_cannot_stand_there(text, fault):
    found = faults(text)
    assert any(fault in one for one in found), found


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('input [ {\n  name: "x"\n]', "3:1 ] where the { of line 1, column 9 is still open"),
        ('input [ { name: "x" }', "1:7 this [ is never closed by ]"),
        ("}", "1:1 this } closes nothing"),
        ("input {" * 60, "1:357 nested deeper than any field, 50 times"),
        ('# {\nname: "wine', '2:7 the text "wine has no closing " on its line'),
        ('{ "name": "x" }', "1:1 this is JSON; write the fields bare"),
        ("input:\n  - name: x", "2:3 this is YAML; repeat the field's name"),
        ("---\nname: x", "1:1 this is YAML"),
        ('name = "x"', "1:6 = cannot stand here; a field and its value are joined by a colon"),
        (r'name: "\d+"', r"1:8 \d means nothing in a text; a backslash is written \\"),
        (r"name: '\x'", r"1:8 \x means nothing in a text"),
        ("// a comment", "1:1 / cannot stand here; a comment begins with #"),
        ("name: “x”", "1:7 U+201C (left double quotation mark) cannot stand here; texts stand in straight"),
        (
            '\ufeffname: "x"',
            "1:1 U+FEFF (byte order mark) cannot stand here; save the file as UTF-8 without it",
        ),
        ("max_batch_size:\u00a08", "1:16 U+00A0 (no-break space) cannot stand here"),
        ('name: "x"\n\0', "2:1 U+0000 cannot stand here; is this a text file?"),
        ('name: "x"'.encode("utf-16"), "the file is not UTF-8 here; is it UTF-16?"),
    ],
)
def test_a_text_without_the_structure_of_one(text, fault):
    found = faults(text)
    assert len(found) == 1
    assert fault in found[0]


def test_every_name_that_is_none_is_told_at_once():
    text = 'input [ {\n  name: "X" data_type: FP16 shap: [ 1 ]\n} ]\noutput { nam: "Y" }\n'
    assert [fault.partition(";")[0] for fault in faults(text)] == [
        "2:24 unknown value 'FP16' of DataType",
        "2:29 unknown field 'shap' of ModelInput",
        "4:10 unknown field 'nam' of ModelOutput",
    ]


def test_the_first_fault_is_the_error_of_a_text_that_must_be_right():
    with pytest.raises(ConfigTextError, match="models/x, line 1, column 1: unknown field 'a'") as caught:
        parse_config("a: 1 b: 2", "models/x")
    assert (caught.value.place.line, caught.value.place.column) == (1, 1)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("max_batch_size: ${max_batch_size}", ["1:17 ${max_batch_size}"]),
        ("max_batch_size: $max_batch_size", ["1:17 $max_batch_size"]),
        ('name: "${model}" platform: "{{ platform }}"', ["1:7 ${model}", "1:28 {{ platform }}"]),
        ('name: "${a}_${b}"', ["1:7 ${a}", "1:7 ${b}"]),
        ('name: "$model"', ["1:7 $model"]),
        ("{% if gpu %}\n", ["1:1 {% if gpu %}"]),
        ('# ${model}\nname: "cost of 5$ {a}"', []),
        ('parameters { key: "EXECUTION_ENV_PATH" value { string_value: "$$TRITON_MODEL_DIRECTORY/e" } }', []),
        ('parameters { key: "chat" value { string_value: "{{ bos }}{{ text }}" } }', []),
    ],
)
def test_templates_that_are_not_filled_in(text, found):
    config = read_config(text)
    assert all(fault.template for fault in config.faults)
    assert [f"{fault.place.line}:{fault.place.column} {fault.reason}" for fault in config.faults] == [
        "{} the template {} is not filled in".format(*one.split(" ", 1)) for one in found
    ]


def test_a_parameter_that_is_a_template_is_doubtful():
    line = 'parameters { key: "a" value { string_value: "%s" } }\n'
    text = line % "${b}" + line % "x${d}"
    assert [(template, place.column) for template, place in doubtful_templates(text)] == [("${b}", 45)]


@pytest.mark.parametrize(
    "text",
    [
        'name: "x",\nmax_batch_size: 4;',
        "input [ ]",
        "input: [ { dims: [ - 1 ] } ]",
        "instance_group < count: 0x1 >",
        "model_transaction_policy { decoupled: True }",
        "input { data_type: 11 }",
        "name: 'x' \"y\"",
        "\tmax_batch_size\t:\r\n 8\f",
        'parameters { key: "é - 1" value { string_value: "ü" } } # é',
        'parameters { key: "a" }',
        r"""name: "\a\b\f\n\r\t\v\\\?\'\"\101\x41\u0041\U00000041" """,
        "# nothing else\n",
        "",
    ],
)
def test_what_triton_takes_is_taken(text):
    assert faults(text) == []


def test_a_sign_apart_changes_no_text():
    config = read_config('name: "a - 1" input { dims: [ - 1, -  2 ] }')
    assert config.message.name == "a - 1"
    assert list(config.message.input[0].dims) == [-1, -2]


def test_what_is_not_utf_8_is_read():
    config = read_config(b'name: "x" # \xe9')
    assert config.faults == ()
    assert config.message.name == "x"


@pytest.mark.parametrize(
    ("comment", "remarks"),
    [
        ("# odahu-pack: ignore TR305", [("ignore", "TR305")]),
        ("## odahu-pack:ignore TR305, TR201 since it is meant", [("ignore", "TR305"), ("ignore", "TR201")]),
        ("# odahu-pack: ignore", [("ignore", "")]),
        ("# odahu-pack: skip TR305", [("skip", "TR305")]),
        ("# see odahu-pack: ignore TR305", []),
        ('name: "# odahu-pack: ignore TR305"', []),
    ],
)
def test_comments_for_the_linter(comment, remarks):
    assert [(remark.verb, remark.code) for remark in remarks_of(comment)] == remarks


@pytest.mark.parametrize(
    "unit",
    [
        *("[", "{", "<", "] ", "a{}", "a{", "input{}", "input [ ", "input { dims: 1 }", "dims: [ 1 ] "),
        *("# ", "#\n", '"" ', '"', "'\"", "\\", '"\\', "$", "${", "{{", 'name: "${a}" ', "- ", "x:", ":"),
        *(",", " ", "\n", "\0", "é", "9", "name"),
    ],
)
def test_the_time_of_a_large_text_grows_with_its_size_only(unit):
    def seconds(size):
        text = (unit * (size // len(unit) + 1))[:size]
        before = time.process_time()
        read_config(text)
        return time.process_time() - before

    small, large = (min(seconds(size) for _ in range(2)) for size in (MIB // 128, MIB // 32))
    # Four times the text: four times the time, or sixteen where it is quadratic.
    assert large < 8 * small + 0.1


def test_a_text_beyond_all_measure_is_not_parsed():
    assert faults("#" * (MIB // 4 + 1)) == ["1:1 larger than 262144 characters"]
    with pytest.raises(ArtifactError, match="larger than"):
        parse_config("#" * (MIB // 4 + 1))
