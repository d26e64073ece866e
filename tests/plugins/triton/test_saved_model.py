"""SavedModels and frozen graphs read by our own reader, and the configurations made of them."""

import io
from pathlib import Path

import pytest

from odahu_pack_triton.config import read_config
from odahu_pack_triton.generation import IncompleteConfigError, complete_config
from odahu_pack_triton.lint import Severity, Subject, lint
from odahu_pack_triton.model_files import ModelFileError, read_graph_def, read_saved_model
from tests.plugins.triton.model_subjects import subject_of
from tests.plugins.triton.protobuf_writer import graph_def, message, saved_model, signature

FLOAT, STRING, INT64, HALF, BFLOAT16, VARIANT = 1, 7, 9, 19, 14, 21
DEFAULT = signature(
    {"features": (FLOAT, [-1, 4]), "name": (STRING, [-1])},
    {"scores": (FLOAT, [-1, 3]), "label": (INT64, [-1])},
)
SCRIPT = (Path(__file__).parent / "torch_files" / "script.pt").read_bytes()
FILE = "1/model.savedmodel/saved_model.pb"


def _read(content):
    return read_saved_model(io.BytesIO(content), FILE)


def test_signatures_tags_and_variables_are_read():
    model = _read(saved_model({"serving_default": DEFAULT}, tags=["serve", "gpu"], ops=["VarHandleOp"]))
    [graph] = model.graphs
    assert (graph.tags, graph.has_variables) == (["serve", "gpu"], True)
    read = graph.signatures["serving_default"]
    assert [(tensor.name, tensor.data_type, tensor.shape) for tensor in (*read.inputs, *read.outputs)] == [
        ("features", "TYPE_FP32", (-1, 4)),
        ("name", "TYPE_STRING", (-1,)),
        ("scores", "TYPE_FP32", (-1, 3)),
        ("label", "TYPE_INT64", (-1,)),
    ]


def test_a_graph_without_variables_is_told():
    assert not _read(saved_model({}, ops=["Placeholder", "Const"])).graphs[0].has_variables


def test_the_tensors_that_are_told_least_are_told_so():
    tensors = {"unranked": (FLOAT, None), "half": (HALF, []), "brain": (BFLOAT16, [1]), "any": (VARIANT, [2])}
    read = _read(saved_model({"s": signature(tensors, {})})).graphs[0].signatures["s"]
    assert [(tensor.data_type, tensor.foreign, tensor.shape) for tensor in read.inputs] == [
        ("TYPE_FP32", "", None),
        ("TYPE_FP16", "", ()),
        ("", "bfloat16", (1,)),
        ("", "variant", (2,)),
    ]


def test_the_signature_that_triton_serves_is_found():
    graph = _read(saved_model({"__saved_model_init_op": b"", "a": DEFAULT, "b": DEFAULT})).graphs[0]
    assert list(graph.served("b")) == ["b"]
    assert list(graph.served()) == ["a", "b"]


@pytest.mark.parametrize("content", [b"", message((1, 1)), b"\x80\x02}q", saved_model({"s": DEFAULT})[:-9]])
def test_what_is_no_saved_model_is_refused(content):
    with pytest.raises(ModelFileError, match=r"saved_model\.pb"):
        _read(content)


def test_placeholders_are_the_inputs_of_a_graph():
    graph = read_graph_def(io.BytesIO(graph_def({"x": (FLOAT, [-1, 4])}, ["dense/MatMul", "out"])), "g")
    assert [(tensor.name, tensor.data_type, tensor.shape) for tensor in graph.inputs] == [
        ("x", "TYPE_FP32", (-1, 4))
    ]
    assert graph.others == {"dense/MatMul", "out"}


def test_an_empty_graph_is_refused():
    with pytest.raises(ModelFileError, match="no TensorFlow graph: it has no nodes"):
        read_graph_def(io.BytesIO(message((4, message((1, 1))))), "g")


def _complete(root, content, *, config="", release="24.10", **files):
    subject = subject_of(root, config, {FILE: content, **files}, release=release)
    return subject, complete_config(subject.folder, subject.release)


def test_a_configuration_is_made_of_the_default_signature(tmp_path):
    subject, made = _complete(tmp_path, saved_model({"serving_default": DEFAULT}))
    config = read_config(made.text)
    message_ = config.message
    assert (message_.platform, message_.max_batch_size) == ("tensorflow_savedmodel", 4)
    assert [(spec.name, list(spec.dims)) for spec in (*message_.input, *message_.output)] == [
        ("features", [4]),
        ("name", [1]),
        ("scores", [3]),
        ("label", [1]),
    ]
    assert made.reasons[-1] == "inputs and outputs: those of the signature 'serving_default'"
    assert made.made_from == FILE
    assert not lint(Subject(subject.folder, config, subject.repository, subject.release))


def test_a_configuration_is_made_of_the_signature_that_is_named(tmp_path):
    other = signature({"x": (FLOAT, [2])}, {"y": (FLOAT, [2])})
    config = 'parameters { key: "TF_SIGNATURE_DEF" value { string_value: "other" } }'
    _, made = _complete(tmp_path, saved_model({"serving_default": DEFAULT, "other": other}), config=config)
    assert [spec.name for spec in read_config(made.text).message.input] == ["x"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (saved_model({"a": DEFAULT, "b": DEFAULT}), "has no signature 'serving_default', and 2 others"),
        (saved_model({}), "has no signature 'serving_default', and no others"),
        (saved_model({"serving_default": DEFAULT}, tags=["train"]), "has no graph with the tag 'serve'"),
        (
            saved_model({"serving_default": signature({"x": (FLOAT, [])}, {})}),
            "has scalars, whose shape Triton cannot be told",
        ),
        (
            saved_model({"serving_default": signature({"x": (FLOAT, None)}, {})}),
            "does not say how many dimensions 'x' has",
        ),
    ],
)
def test_what_a_saved_model_does_not_tell_is_said(tmp_path, content, reason):
    with pytest.raises(IncompleteConfigError) as caught:
        _complete(tmp_path, content)
    assert caught.value.reason == f"{FILE} {reason}"


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"1/model.graphdef": ""}, "1/model.graphdef does not say which of its nodes are the outputs"),
        (
            {"1/model.pt": SCRIPT},
            (
                "1/model.pt says nothing of the types and shapes of its tensors, as no TorchScript does; "
                "forward takes x, scale"
            ),
        ),
        ({"1/model.plan": ""}, "inputs and outputs of TensorRT models cannot be read from 1/model.plan"),
        ({"1/weights.bin": ""}, "version 1 of wine holds no model file that is known"),
        ({}, "wine has no version, such as wine/1"),
        (
            {"1/model.onnx": "", "1/model.pt": ""},
            "nothing says which of 1/model.onnx, 1/model.pt is the model",
        ),
    ],
)
def test_models_that_tell_nothing_are_refused_in_words(tmp_path, files, reason):
    subject = subject_of(tmp_path, "", files)
    with pytest.raises(IncompleteConfigError) as caught:
        complete_config(subject.folder, subject.release)
    assert caught.value.reason.startswith(reason)


def test_an_ensemble_is_complete(tmp_path):
    config = 'ensemble_scheduling { step { model_name: "a" model_version: -1 } }'
    subject = subject_of(tmp_path, config, {"1/": ""})
    assert complete_config(subject.folder, subject.release).text == config


@pytest.mark.parametrize(("lines", "file"), [(3, "labels.txt"), (4, "")])
def test_labels_are_used_where_there_is_one_for_each_element(tmp_path, lines, file):
    only = signature({"x": (FLOAT, [-1, 4])}, {"scores": (FLOAT, [-1, 3])})
    labels = "".join(f"class {index}\n" for index in range(lines))
    subject, made = _complete(tmp_path, saved_model({"serving_default": only}), **{"labels.txt": labels})
    config = read_config(made.text)
    assert config.message.output[0].label_filename == file
    found = lint(Subject(subject.folder, config, subject.repository, subject.release))
    assert not [finding for finding in found if finding.severity is Severity.ERROR]
