"""Elements of tensors in their binary form, beside numpy's."""

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as numpy_strategies
from tritonclient.utils import deserialize_bytes_tensor, serialize_byte_tensor, triton_to_np_dtype

from odahu_pack_core.gppi_runtime import DocumentError
from odahu_pack_core.gppi_runtime.tensors.datatypes import BYTES, DATATYPES, pack, unpack

NUMERIC = sorted(DATATYPES - {BYTES, "BF16"})


@pytest.mark.property
@pytest.mark.parametrize("datatype", NUMERIC)
@given(st.data())
def test_the_bytes_of_an_array_are_its_elements(datatype, data):
    array = data.draw(numpy_strategies.arrays(np.dtype(triton_to_np_dtype(datatype)), st.integers(0, 5)))
    elements = unpack(datatype, memoryview(array.tobytes()), array.size)
    np.testing.assert_array_equal(elements, array.tolist())
    assert set(map(type, elements)) == set(map(type, array.tolist()))


@pytest.mark.parametrize("datatype", ["BOOL", "INT64", "FP64"])
def test_elements_are_packed_as_an_array_is(datatype):
    array = np.array([0, 1, 1], dtype=triton_to_np_dtype(datatype))
    assert pack(datatype, array.tolist()) == array.tobytes()


def test_bfloat16_is_the_upper_half_of_a_float():
    array = np.array([1.5, -2.0, np.inf], dtype=ml_dtypes.bfloat16)
    assert unpack("BF16", array.tobytes(), 3) == [1.5, -2.0, float("inf")]


@pytest.mark.property
@given(st.lists(st.text()))
def test_texts_are_read_and_written_as_triton_does(texts):
    array = np.array([text.encode() for text in texts], dtype=object)
    raw = serialize_byte_tensor(array).item() if texts else b""
    assert unpack(BYTES, raw, len(texts)) == texts
    assert pack(BYTES, texts) == raw
    assert deserialize_bytes_tensor(raw).tolist() == array.tolist()


def test_a_missing_text_is_empty():
    assert pack(BYTES, ["a", None]) == pack(BYTES, ["a", ""])


@pytest.mark.parametrize(
    ("datatype", "raw", "count", "message"),
    [
        ("FP64", b"\0" * 15, 2, "has 15 bytes, its shape and datatype ask for 16"),
        ("FP64", b"", 10**30, "has 0 bytes"),
        (BYTES, b"\1\0\0\0", 1, "ends within text 1"),
        (BYTES, b"\xff\xff\xff\xffa", 1, "ends within text 1"),
        (BYTES, b"\1\0\0\0aaa", 1, "has 2 bytes behind its last text"),
        (BYTES, b"\0\0\0\0\x09\0\0\0abc\0\0\0\0", 3, "ends within text 2"),
        (BYTES, b"\4\0\0\0abcdab", 2, "ends within text 2"),
        (BYTES, b"\0\0\0\0\1\0\0\0\xff", 2, "has a text 2 that is not UTF-8"),
        (BYTES, b"\0" * 8, 10**30, "has 8 bytes, too few for 1000000000000000000000000000000 texts"),
    ],
)
def test_bytes_that_are_not_so_many_elements_are_refused(datatype, raw, count, message):
    with pytest.raises(DocumentError) as failure:
        unpack(datatype, raw, count)
    assert failure.value.message.startswith(message)


@pytest.mark.property
@given(st.sampled_from(sorted(DATATYPES)), st.binary(max_size=40), st.integers(0, 12))
def test_any_bytes_are_elements_or_the_callers_fault(datatype, raw, count):
    try:
        outcome = len(unpack(datatype, raw, count))
    except DocumentError as error:
        outcome = error.code
    assert outcome in (count, "invalid_request")
