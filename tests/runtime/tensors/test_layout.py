"""The tensors of models, told from their signatures."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odahu_pack_core.gppi_runtime import UNKNOWN, ModelFacts, read_signature
from odahu_pack_core.gppi_runtime.tensors import input_layout, model_metadata, output_layout
from odahu_pack_core.gppi_runtime.tensors.layout import unique_names

FACTS = ModelFacts(name="wine", version="1.0", work_dir="model", entrypoint="entrypoint")


def columns(*described):
    return [dict(zip(("name", "type", "example"), each, strict=False)) for each in described]


def tensors(layouts):
    return [(each.name, each.datatype, each.shape) for each in layouts]


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        ([], [("input-0", "FP64", [-1, -1])]),
        ([("features", "number")] * 3, [("features", "FP64", [-1, 3])]),
        ([("a", "number"), ("b", "number")], [("input-0", "FP64", [-1, 2])]),
        ([("a", "integer"), ("b", "integer")], [("input-0", "INT64", [-1, 2])]),
        ([("a", "integer"), ("b", "number")], [("input-0", "FP64", [-1, 2])]),
        ([("a", "boolean"), ("b", "boolean")], [("input-0", "BOOL", [-1, 2])]),
        ([("a", "boolean"), ("b", "number")], [("a", "BOOL", [-1, 1]), ("b", "FP64", [-1, 1])]),
        ([("a", "string"), ("b", "number")], [("a", "BYTES", [-1, 1]), ("b", "FP64", [-1, 1])]),
        ([("a", "string")], [("a", "BYTES", [-1, 1])]),
        ([("a", "string"), ("a", "string")], [("a", "BYTES", [-1, 1]), ("a-2", "BYTES", [-1, 1])]),
        ([("a", "array"), ("b", "object")], [("a", "BYTES", [-1, 1]), ("b", "BYTES", [-1, 1])]),
        ([("a", "string", True)], [("a", "BOOL", [-1, 1])]),
        ([("a", None, "x"), ("b", None)], [("a", "BYTES", [-1, 1]), ("b", "FP64", [-1, 1])]),
    ],
)
def test_input_columns_share_a_tensor_where_all_are_numbers(inputs, expected):
    assert tensors(input_layout("matrix", read_signature(columns(*inputs), []))) == expected


def test_output_columns_share_a_tensor_where_all_are_of_one_type():
    outputs = columns(("class", "integer"), ("probability", "number"))
    assert tensors(output_layout("matrix", read_signature([], outputs))) == [
        ("class", "INT64", [-1, 1]),
        ("probability", "FP64", [-1, 1]),
    ]
    assert tensors(output_layout("matrix", read_signature([], outputs[1:] * 2))) == [
        ("probability", "FP64", [-1, 2])
    ]


def test_objects_are_a_tensor_of_texts():
    assert tensors(input_layout("objects", UNKNOWN)) == [("objects", "BYTES", [-1, 1])]
    assert tensors(output_layout("objects", UNKNOWN)) == [("prediction", "BYTES", [-1, 1])]


def test_metadata_name_the_model_and_its_tensors():
    signature = read_signature(columns(*[("features", "number")] * 3), columns(("predictions", "number")))
    assert model_metadata(FACTS, "matrix", signature) == {
        "name": "wine",
        "versions": ["1.0"],
        "platform": "odahu_gppi",
        "inputs": [{"name": "features", "datatype": "FP64", "shape": [-1, 3]}],
        "outputs": [{"name": "predictions", "datatype": "FP64", "shape": [-1, 1]}],
    }


@pytest.mark.property
@given(st.lists(st.sampled_from(["", "a", "a-2", "a-3", "a-2-2", "b"])))
def test_unique_names_keep_what_is_unique_already(names):
    unique = unique_names(names)
    assert len(set(unique)) == len(names)
    firsts = [names.index(name) == index for index, name in enumerate(names)]
    assert all(new == old for new, old, first in zip(unique, names, firsts, strict=True) if first)
