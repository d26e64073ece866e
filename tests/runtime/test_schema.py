"""Models described for their callers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openapi_spec_validator import OpenAPIV2SpecValidator

from odahu_pack_core.gppi_runtime import (
    UNKNOWN,
    ModelFacts,
    input_schema,
    output_schema,
    printed_output_schema,
    read_signature,
    swagger,
)

FIELDS = st.lists(
    st.fixed_dictionaries(
        {"name": st.text(max_size=5)},
        optional={
            "type": st.sampled_from(
                ["integer", "number", "string", "boolean", "object", "float", "odd", None]
            ),
            "required": st.booleans() | st.none(),
            "example": st.none() | st.integers() | st.floats() | st.text(max_size=3),
        },
    ),
    max_size=3,
)


@pytest.mark.property
@given(FIELDS, FIELDS, st.sampled_from(["matrix", "objects"]), st.text(max_size=5))
def test_every_description_is_valid_swagger(inputs, outputs, mode, name):
    facts = ModelFacts(name, "1.0", "model", "entrypoint")
    OpenAPIV2SpecValidator(swagger(facts, mode, read_signature(inputs, outputs))).validate()


@pytest.mark.parametrize("mode", ["matrix", "objects"])
def test_a_model_that_says_nothing_has_open_types(mode):
    schema = input_schema(mode, UNKNOWN)
    if mode == "matrix":
        assert schema["data"] == {"items": {"items": {}, "type": "array"}, "type": "array", "example": []}
    else:
        assert schema["objects"]["items"] == {"properties": {}, "type": "object"}
    OpenAPIV2SpecValidator(swagger(ModelFacts("a", "1", "m", "e"), mode, UNKNOWN)).validate()


@pytest.mark.parametrize(
    ("types", "cell"),
    [
        (["integer", "integer"], {"type": "integer"}),
        (["integer", "number"], {"type": "number"}),
        (["number", "string"], {}),
        (["float"], {"type": "number"}),
        ([None], {}),
    ],
)
def test_a_matrix_has_the_type_of_its_columns_where_they_agree(types, cell):
    signature = read_signature([], [{"name": "a", "type": type_} for type_ in types])
    assert output_schema("matrix", signature)["prediction"]["items"] == {"items": cell, "type": "array"}
    assert printed_output_schema("matrix", signature)["prediction"]["items"] == cell
