"""Small ONNX models of every kind of input and output, as exporters write them."""

import numpy as np
from onnx import TensorProto, helper, numpy_helper

OPSET = 13
FLOAT, INT64, BOOL, STRING = TensorProto.FLOAT, TensorProto.INT64, TensorProto.BOOL, TensorProto.STRING


def value(name, shape, element=FLOAT):
    """An input or output; an empty name in a shape is a size without one."""
    return helper.make_tensor_value_info(name, element, shape)


def model(nodes, inputs, outputs, initializers=(), *, opset=OPSET, ir_version=7, domains=(), functions=()):
    """A model, with versions that old runtimes know."""
    graph = helper.make_graph(nodes, "graph", inputs, outputs, list(initializers))
    opsets = [helper.make_opsetid("", opset), *(helper.make_opsetid(name, 1) for name in domains)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=ir_version, functions=list(functions))


def identity(shape, element=FLOAT, **versions):
    """A model that answers with what it is given."""
    node = helper.make_node("Identity", ["x"], ["y"])
    return model([node], [value("x", shape, element)], [value("y", shape, element)], **versions)


def classifier(**versions):
    """A batch of four features each, to scores of three classes and the best of them."""
    weights = numpy_helper.from_array(np.full((4, 3), 0.5, "float32"), "weights")
    nodes = [
        helper.make_node("MatMul", ["features", "weights"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["scores"], axis=1),
        helper.make_node("ArgMax", ["logits"], ["label"], axis=1, keepdims=0),
    ]
    outputs = [value("scores", ["batch", 3]), value("label", ["batch"], INT64)]
    return model(nodes, [value("features", ["batch", 4])], outputs, [weights], **versions)


def _two_inputs():
    node = helper.make_node("Add", ["left", "right"], ["sum"])
    inputs = [value("left", ["", 2]), value("right", ["", 2])]
    return model([node], inputs, [value("sum", ["", 2])])


def _listed_initializer(ir_version):
    """An initializer that is an input, too: before IR version 4 each was."""
    weights = helper.make_tensor("w", FLOAT, [3], [1.0, 2.0, 3.0])
    node = helper.make_node("Mul", ["x", "w"], ["y"])
    inputs = [value("x", ["N", 3]), value("w", [3])]
    return model([node], inputs, [value("y", ["N", 3])], [weights], opset=8, ir_version=ir_version)


def _branches():
    """A graph with graphs in it, whose inputs and outputs are not the model's."""
    then = helper.make_graph(
        [helper.make_node("Neg", ["x"], ["negated"])], "then", [], [value("negated", [2])]
    )
    otherwise = helper.make_graph(
        [helper.make_node("Abs", ["x"], ["positive"])], "else", [], [value("positive", [2])]
    )
    node = helper.make_node("If", ["flag"], ["y"], then_branch=then, else_branch=otherwise)
    return model([node], [value("flag", [], BOOL), value("x", [2])], [value("y", [2])])


def _loop():
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["go"], ["go_on"]),
            helper.make_node("Add", ["before", "before"], ["after"]),
        ],
        "body",
        [value("count", [], INT64), value("go", [], BOOL), value("before", [1])],
        [value("go_on", [], BOOL), value("after", [1])],
    )
    node = helper.make_node("Loop", ["times", "", "x"], ["y"], body=body)
    return model([node], [value("times", [1], INT64), value("x", [1])], [value("y", [1])])


def _own_function():
    """An operator of a domain of one's own, defined in the model."""
    opsets = [helper.make_opsetid("", OPSET)]
    body = [helper.make_node("Add", ["a", "a"], ["b"])]
    twice = helper.make_function("our.own", "Twice", ["a"], ["b"], body, opsets)
    node = helper.make_node("Twice", ["x"], ["y"], domain="our.own")
    shapes = [value("x", ["N", 2])], [value("y", ["N", 2])]
    return model([node], *shapes, ir_version=8, domains=["our.own"], functions=[twice])


def _cast():
    node = helper.make_node("Cast", ["x"], ["y"], to=TensorProto.FLOAT16)
    return model([node], [value("x", ["n", 2])], [value("y", ["n", 2], TensorProto.FLOAT16)])


GRAPHS = {
    "fixed sizes": identity([2, 3]),
    "a batch with a name": classifier(),
    "a batch without one": _two_inputs(),
    "more sizes that vary": identity(["batch", "length", 8]),
    "strings": identity(["batch", 1], STRING),
    "booleans": identity(["batch", 5], BOOL),
    "int64": identity(["batch"], INT64),
    "uint8": identity(["batch", 2, 2], TensorProto.UINT8),
    "int8": identity([4], TensorProto.INT8),
    "uint16": identity([4], TensorProto.UINT16),
    "int16": identity([4], TensorProto.INT16),
    "int32": identity([4], TensorProto.INT32),
    "uint32": identity([4], TensorProto.UINT32),
    "uint64": identity([4], TensorProto.UINT64),
    "doubles": identity(["batch", 3], TensorProto.DOUBLE),
    "halves": _cast(),
    "a scalar": identity([]),
    "initializers among the inputs": _listed_initializer(3),
    "an input with a value": _listed_initializer(4),
    "graphs in a graph": _branches(),
    "a loop": _loop(),
    "a domain of its own": _own_function(),
    "operator set 7": identity(["batch", 2], opset=7, ir_version=3),
    "operator set 17": classifier(opset=17, ir_version=8),
    "operator set 21": identity(["batch", 2], opset=21, ir_version=10),
}
"""Models that ONNX Runtime loads, by what is special about them."""


def sequence():
    """A model whose output is a sequence, as classifiers have them."""
    node = helper.make_node("SequenceConstruct", ["x"], ["y"])
    output = helper.make_tensor_sequence_value_info("y", FLOAT, None)
    return model([node], [value("x", ["n", 2])], [output])
