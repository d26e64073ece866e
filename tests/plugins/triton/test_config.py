"""config.pbtxt as a text that may be anything."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odahu_pack_core import ArtifactError
from odahu_pack_triton.config import parse_config


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (
            'name: "x"\ninputt [ ]',
            "config.pbtxt, line 2, column 1: unknown field 'inputt' of ModelConfig; did you mean 'input'?",
        ),
        (
            'input [ { name: "a" data_typ: TYPE_FP32 } ]',
            "column 21: unknown field 'data_typ' of ModelInput; did you mean 'data_type'?",
        ),
        (
            "input { data_type: TYPE_FLOAT32 }",
            "unknown value 'TYPE_FLOAT32' of DataType; did you mean 'TYPE_FP32'?",
        ),
        ("instance_group { kind: KIND_GPUS }", "unknown value 'KIND_GPUS' of Kind; did you mean 'KIND_GPU'?"),
        ("max_batch_size: eight", "line 1, column 17"),
        ("max_batch_size: 9999999999", "9999999999 is out of the range of max_batch_size"),
        ('name: "wine', "line 1, column 7"),
        ('backend: "python"\nbackend: "python"', "line 2, column 1: backend is written twice"),
        ("input [ {", "line 1"),
        ('name: "\\377"', "line 1"),
        ("max_batch_size: ${BATCH}", "line 1, column 17"),
        ("[a.b]: 1", "line 1"),
    ],
)
def test_a_fault_is_told_with_its_place_and_the_near_match(text, fault):
    with pytest.raises(ArtifactError) as caught:
        parse_config(text)
    assert caught.value.code == "config-syntax"
    assert caught.value.message.startswith("config.pbtxt, line ")
    assert fault in caught.value.message


@pytest.mark.parametrize(
    "text", ["{" * 50_000, "input [" * 20_000, "input { reshape " + "{" * 20_000, "x" * 1_000_000]
)
def test_a_fault_of_a_large_text_is_a_short_error(text):
    with pytest.raises(ArtifactError) as caught:
        parse_config(text)
    assert len(caught.value.message) < 900


def test_a_huge_file_is_refused_before_it_is_parsed():
    with pytest.raises(ArtifactError, match="larger than"):
        parse_config("# " + "x" * 2_000_000)


@pytest.mark.property
@given(st.text(max_size=80) | st.text(alphabet="abdeinmptu_ :{}[]\"'\\0123456789-.<>,;#/\n", max_size=80))
def test_no_text_does_more_than_be_refused(text):
    try:
        parse_config(text)
    except ArtifactError as error:
        if error.code != "config-syntax":
            raise
