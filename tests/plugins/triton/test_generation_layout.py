"""Configurations as text: the same message again, in lines as people write them."""

import pytest
from google.protobuf import text_format
from hypothesis import given
from hypothesis import strategies as st
from tritonclient.grpc import model_config_pb2

from odahu_pack_triton.config import read_config
from odahu_pack_triton.generation.layout import lay_out

TEXT = """\
name: "wine"
backend: "python"
version_policy { latest { num_versions: 2 } }
max_batch_size: 8
input {
  name: "x"
  data_type: TYPE_FP32
  dims: [ 3, -1 ]
  reshape { shape: [ -1 ] }
  optional: true
}
instance_group {
  count: 2
  kind: KIND_CPU
}
dynamic_batching {
  preferred_batch_size: [ 4, 8 ]
  max_queue_delay_microseconds: 100
}
parameters { key: "a" value { string_value: "one \\"two\\"\\n\\\\ \u00fc" } }
parameters { key: "b" value { string_value: "2" } }
model_transaction_policy { decoupled: true }
"""


def test_a_text_as_people_write_it():
    assert lay_out(read_config(TEXT).message) == TEXT


def test_numbers_that_are_no_integers_come_back():
    text = "sequence_batching { direct { minimum_slot_utilization: 0.3 } }"
    message = read_config(text).message
    assert read_config(lay_out(message)).message == message


SCALARS = {
    "string": st.text(st.characters(codec="utf-8", exclude_characters="\r")),
    "int": st.integers(-(1 << 31), (1 << 31) - 1),
    "bool": st.booleans(),
}


@st.composite
def messages(draw):
    message = model_config_pb2.ModelConfig(
        name=draw(SCALARS["string"]), max_batch_size=draw(SCALARS["int"]), backend=draw(SCALARS["string"])
    )
    for tensors in (message.input, message.output):
        for _ in range(draw(st.integers(0, 2))):
            tensor = tensors.add(
                name=draw(SCALARS["string"]), dims=draw(st.lists(SCALARS["int"], max_size=3))
            )
            tensor.data_type = draw(st.integers(0, 14))
            if draw(st.booleans()):
                tensor.reshape.shape.extend(draw(st.lists(SCALARS["int"], max_size=2)))
                tensor.reshape.SetInParent()
    for key, value in draw(st.dictionaries(SCALARS["string"], SCALARS["string"], max_size=3)).items():
        message.parameters[key].string_value = value
    if draw(st.booleans()):
        message.dynamic_batching.preserve_ordering = draw(st.booleans())
        message.dynamic_batching.SetInParent()
    message.cc_model_filenames["7.5"] = draw(SCALARS["string"])
    return message


@pytest.mark.property
@given(messages())
def test_what_is_laid_out_is_the_same_again(message):
    assert text_format.Parse(lay_out(message), model_config_pb2.ModelConfig()) == message
