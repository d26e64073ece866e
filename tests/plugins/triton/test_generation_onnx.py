"""Configurations made of ONNX graphs, against ONNX Runtime: its inputs and outputs, and what it answers."""

import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper

from odahu_pack_triton.config import read_config
from odahu_pack_triton.generation import IncompleteConfigError, complete_config
from odahu_pack_triton.lint import Severity, Subject, lint
from odahu_pack_triton.releases import RELEASES
from tests.plugins.triton.model_subjects import subject_of
from tests.plugins.triton.onnx_graphs import FLOAT, GRAPHS, classifier, identity, model, sequence, value

NEWEST = max(RELEASES)
NUMPY_TYPES = {
    "tensor(float)": ("TYPE_FP32", np.float32),
    "tensor(double)": ("TYPE_FP64", np.float64),
    "tensor(float16)": ("TYPE_FP16", np.float16),
    "tensor(bool)": ("TYPE_BOOL", np.bool_),
    "tensor(string)": ("TYPE_STRING", object),
    **{
        f"tensor({name})": (f"TYPE_{name.upper()}", np.dtype(name).type)
        for name in ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
    },
}


def _complete(root, made, *, release=NEWEST, config="", **wanted):
    subject = subject_of(root, config, {"1/model.onnx": made.SerializeToString()}, release=release)
    return subject, complete_config(subject.folder, subject.release, **wanted)


def _type_name(spec):
    return spec.DESCRIPTOR.fields_by_name["data_type"].enum_type.values_by_number[spec.data_type].name


def _backend_takes(argument, spec, max_batch_size):
    """Tell whether Triton's backend would take a configured tensor: its CompareDimsSupported."""
    shape = [size if isinstance(size, int) else -1 for size in argument.shape]
    dims = list(spec.reshape.shape if spec.HasField("reshape") else spec.dims)
    if not shape:
        return set(dims) <= {1}
    if max_batch_size:
        dims.insert(0, -1)
        if shape[0] != -1:
            return False
    return len(shape) == len(dims) and all(
        ours in (theirs, -1) for ours, theirs in zip(shape, dims, strict=True)
    )


@pytest.mark.parametrize("name", GRAPHS)
def test_the_backend_takes_what_is_made(tmp_path, name):
    subject, made = _complete(tmp_path, GRAPHS[name])
    config = read_config(made.text)
    assert not config.faults
    session = onnxruntime.InferenceSession(
        GRAPHS[name].SerializeToString(), providers=["CPUExecutionProvider"]
    )
    sides = [(config.message.input, session.get_inputs()), (config.message.output, session.get_outputs())]
    for specs, arguments in sides:
        assert [spec.name for spec in specs] == [argument.name for argument in arguments]
        for spec, argument in zip(specs, arguments, strict=True):
            assert _type_name(spec) == NUMPY_TYPES[argument.type][0]
            assert _backend_takes(argument, spec, config.message.max_batch_size)
    judged = Subject(subject.folder, config, subject.repository, subject.release)
    assert [str(finding) for finding in lint(judged)] == []
    assert config.message.platform == "onnxruntime_onnx"
    assert made.made_from == "1/model.onnx"


@pytest.mark.parametrize("name", GRAPHS)
def test_what_is_given_and_answered_has_the_shapes_that_are_made(tmp_path, name):
    """The real runtime is asked with inputs of the configured dims, in a batch of two where it takes one."""
    _, made = _complete(tmp_path, GRAPHS[name])
    message = read_config(made.text).message
    session = onnxruntime.InferenceSession(
        GRAPHS[name].SerializeToString(), providers=["CPUExecutionProvider"]
    )
    batch = [2] if message.max_batch_size else []
    given = {}
    for argument, spec in zip(session.get_inputs(), message.input, strict=True):
        dims = spec.reshape.shape if spec.HasField("reshape") else spec.dims
        shape = [*batch, *(3 if size < 0 else size for size in dims)] if argument.shape else []
        given[argument.name] = np.ones(shape, "int8").astype(NUMPY_TYPES[argument.type][1])
    for answer, spec in zip(session.run(None, given), message.output, strict=True):
        dims = spec.reshape.shape if spec.HasField("reshape") else spec.dims
        sizes = answer.shape[len(batch) :] or (1,) * (not spec.HasField("reshape"))
        assert len(sizes) == len(dims)
        assert all(size in (-1, got) for size, got in zip(dims, sizes, strict=True))


EXPECTED = """\
platform: "onnxruntime_onnx"
max_batch_size: 4
input {
  name: "features"
  data_type: TYPE_FP32
  dims: [ 4 ]
}
output {
  name: "scores"
  data_type: TYPE_FP32
  dims: [ 3 ]
}
output {
  name: "label"
  data_type: TYPE_INT64
  dims: [ 1 ]
  reshape { shape: [ ] }
}
dynamic_batching { }
"""


def test_a_whole_configuration(tmp_path):
    _, made = _complete(tmp_path, classifier())
    assert made.text == EXPECTED
    [reason] = made.reasons
    assert reason.startswith("max_batch_size 4: the first dimension of every input and output varies")


@pytest.mark.parametrize(
    ("shape", "reason"),
    [
        ([], "'x' is a scalar"),
        ([1, 3], "the first dimension of 'x' is always 1"),
    ],
)
def test_no_batch_is_made_where_none_is_taken(tmp_path, shape, reason):
    _, made = _complete(tmp_path, identity(shape))
    message = read_config(made.text).message
    assert (message.max_batch_size, message.HasField("dynamic_batching")) == (0, False)
    assert made.reasons == (f"max_batch_size 0: {reason}",)


def _nonzero():
    node = helper.make_node("NonZero", ["x"], ["places"])
    return model([node], [value("x", ["n", 2])], [value("places", [2, "found"], TensorProto.INT64)])


def _differently_named():
    node = helper.make_node("Identity", ["x"], ["y"])
    return model([node], [value("x", ["batch", 2])], [value("y", ["rows", 2])])


def test_sizes_of_other_names_are_no_batch_unless_it_is_asked_for(tmp_path):
    _, made = _complete(tmp_path / "a", _differently_named())
    assert read_config(made.text).message.max_batch_size == 0
    assert "different names, 'batch', 'rows'" in made.reasons[0]
    _, made = _complete(tmp_path / "b", _differently_named(), max_batch_size=16)
    message = read_config(made.text).message
    assert (message.max_batch_size, list(message.input[0].dims)) == (16, [2])


@pytest.mark.parametrize("made_up", ["unk__12", "Gemmoutput_dim_0", "p2o.DynamicDimension.3", "?"])
def test_names_that_converters_make_up_say_nothing(tmp_path, made_up):
    made = _differently_named()
    made.graph.output[0].type.tensor_type.shape.dim[0].dim_param = made_up
    _, completed = _complete(tmp_path, made)
    assert read_config(completed.text).message.max_batch_size == 4


def test_a_batch_that_cannot_be_is_refused(tmp_path):
    with pytest.raises(IncompleteConfigError) as caught:
        _complete(tmp_path, _nonzero(), max_batch_size=8)
    assert caught.value.reason == (
        "1/model.onnx takes no batches of 8: the first dimension of 'places' is always 2"
    )


def test_a_batch_of_one_is_not_put_together(tmp_path):
    _, made = _complete(tmp_path, classifier(), max_batch_size=1)
    message = read_config(made.text).message
    assert (message.max_batch_size, message.HasField("dynamic_batching")) == (1, False)


def test_without_batches_the_first_size_is_written(tmp_path):
    _, made = _complete(tmp_path, classifier(), max_batch_size=0)
    assert list(read_config(made.text).message.input[0].dims) == [-1, 4]


def test_what_is_written_is_kept(tmp_path):
    config = '# ours\nmax_batch_size: 32 # at most\ninstance_group { count: 2 }\nname: "wine"'
    _, made = _complete(tmp_path, classifier(), config=config, max_batch_size=8)
    assert made.text.startswith(f"{config}\n")
    message = read_config(made.text).message
    assert (message.max_batch_size, message.instance_group[0].count) == (32, 2)
    assert [spec.name for spec in message.output] == ["scores", "label"]


def test_a_written_zero_is_kept(tmp_path):
    _, made = _complete(tmp_path, classifier(), config="max_batch_size: 0")
    message = read_config(made.text).message
    assert (message.max_batch_size, list(message.input[0].dims)) == (0, [-1, 4])


@pytest.mark.parametrize(("dims", "max_batch_size", "scores"), [("4", 4, [3]), ("-1, 4", 0, [-1, 3])])
def test_outputs_are_made_as_the_written_inputs_are(tmp_path, dims, max_batch_size, scores):
    config = f'input {{ name: "features" data_type: TYPE_FP32 dims: [ {dims} ] }}'
    _, made = _complete(tmp_path, classifier(), config=config)
    message = read_config(made.text).message
    assert (message.max_batch_size, list(message.output[0].dims)) == (max_batch_size, scores)


def test_the_scheduler_that_is_written_is_kept(tmp_path):
    config = "dynamic_batching { max_queue_delay_microseconds: 100 }"
    _, made = _complete(tmp_path, classifier(), config=config)
    assert read_config(made.text).message.dynamic_batching.max_queue_delay_microseconds == 100


def test_what_triton_gives_by_itself_is_no_input(tmp_path):
    nodes = [helper.make_node("Add", ["x", "start"], ["y"])]
    made = model(nodes, [value("x", ["n", 1]), value("start", ["n", 1])], [value("y", ["n", 1])])
    config = """
sequence_batching { control_input { name: "start"
  control { kind: CONTROL_SEQUENCE_START fp32_false_true: [ 0, 1 ] } } }
"""
    _, completed = _complete(tmp_path, made, config=config)
    message = read_config(completed.text).message
    assert [spec.name for spec in message.input] == ["x"]
    assert not message.HasField("dynamic_batching")


def test_a_complete_configuration_is_left_alone(tmp_path):
    config = """backend: "onnxruntime"
input { name: "features" data_type: TYPE_FP32 dims: [ -1, 4 ] }
output { name: "scores" data_type: TYPE_FP32 dims: [ -1, 3 ] }"""
    _, made = _complete(tmp_path, classifier(), config=config)
    assert (made.text, made.made_from, made.reasons) == (config, "", ())


def test_only_the_platform_may_be_missing(tmp_path):
    config = 'input { name: "x" }\noutput { name: "y" }\n'
    _, made = _complete(tmp_path, identity([2]), config=config)
    assert made.text == f'{config}platform: "onnxruntime_onnx"\n'


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (sequence(), "1/model.onnx has 'y' as sequence, which Triton cannot serve"),
        (identity([2], TensorProto.BFLOAT16), "1/model.onnx has 'x' as bfloat16, which Triton cannot serve"),
        (identity(None), "1/model.onnx does not say how many dimensions 'x' has"),
        (identity([0, 2]), "1/model.onnx has 'x' with a dimension of size 0"),
        (
            model([], [helper.make_tensor_value_info("x", 0, [1])], []),
            "1/model.onnx does not say of which type 'x' is",
        ),
    ],
)
def test_what_cannot_be_told_is_said(tmp_path, made, reason):
    with pytest.raises(IncompleteConfigError) as caught:
        _complete(tmp_path, made)
    assert caught.value.reason == reason


def test_a_release_that_serves_no_scalars_is_named(tmp_path):
    with pytest.raises(IncompleteConfigError) as caught:
        _complete(tmp_path, identity([]), release="22.12")
    assert caught.value.reason == "1/model.onnx has the scalar 'x', which Triton 22.12 cannot serve"
    assert "23.10-py3" in caught.value.hint


def test_a_size_that_the_runtime_may_know_better_is_told(tmp_path):
    made = identity(["batch", 3])
    made.graph.output[0].type.tensor_type.shape.dim[1].dim_param = "found"
    _, completed = _complete(tmp_path, made)
    assert completed.doubts[0].startswith("dims -1 of 'y': 1/model.onnx names no size")


def test_a_model_may_be_a_folder(tmp_path):
    folder = tmp_path / "1" / "model.onnx"
    folder.mkdir(parents=True)
    onnx.save(classifier(), folder / "model.onnx", save_as_external_data=True, location="w", size_threshold=0)
    subject = subject_of(tmp_path, "", {})
    made = complete_config(subject.folder, subject.release)
    assert made.made_from == "1/model.onnx/model.onnx"
    config = read_config(made.text)
    assert not lint(Subject(subject.folder, config, subject.repository, subject.release))


def test_the_newest_version_tells(tmp_path):
    files = {
        "2/model.onnx": identity([2]).SerializeToString(),
        "10/model.onnx": identity([9]).SerializeToString(),
    }
    subject = subject_of(tmp_path, "", files)
    made = complete_config(subject.folder, subject.release)
    assert made.made_from == "10/model.onnx"
    assert list(read_config(made.text).message.input[0].dims) == [9]


SIZES = st.one_of(st.integers(1, 4), st.sampled_from(["batch", "length", ""]))
ELEMENTS = st.sampled_from(
    [FLOAT, TensorProto.INT64, TensorProto.BOOL, TensorProto.STRING, TensorProto.DOUBLE]
)


@pytest.mark.property
@given(st.lists(st.tuples(st.lists(SIZES, max_size=4), ELEMENTS), min_size=1, max_size=3), st.data())
def test_any_graph_is_configured_as_the_runtime_has_it(tmp_path_factory, tensors, data):
    inputs = [value(f"x{index}", shape, element) for index, (shape, element) in enumerate(tensors)]
    outputs = [value(f"y{index}", shape, element) for index, (shape, element) in enumerate(tensors)]
    nodes = [helper.make_node("Identity", [f"x{index}"], [f"y{index}"]) for index in range(len(tensors))]
    made = model(nodes, inputs, outputs)
    wanted = data.draw(st.sampled_from([None, 0, 1, 8]))
    session = onnxruntime.InferenceSession(made.SerializeToString(), providers=["CPUExecutionProvider"])
    arguments = [*session.get_inputs(), *session.get_outputs()]
    try:
        subject, completed = _complete(tmp_path_factory.mktemp("model"), made, max_batch_size=wanted)
    except IncompleteConfigError:
        assert wanted
        assert any(not tensor.shape or isinstance(tensor.shape[0], int) for tensor in arguments)
        return
    config = read_config(completed.text)
    specs = {spec.name: spec for spec in (*config.message.input, *config.message.output)}
    for argument in arguments:
        assert _type_name(specs[argument.name]) == NUMPY_TYPES[argument.type][0]
        assert _backend_takes(argument, specs[argument.name], config.message.max_batch_size)
    judged = Subject(subject.folder, config, subject.repository, subject.release)
    assert [str(found) for found in lint(judged) if found.severity is Severity.ERROR] == []
