"""ONNX models that the tests make themselves, which answer by the colours of a picture."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper

Shape = list[int | str]


def _model(nodes: list[Any], taken: Shape, given: Shape, constants: Sequence[tuple[str, Any]] = ()) -> bytes:
    inputs = [helper.make_tensor_value_info("input", TensorProto.FLOAT, taken)]
    outputs = [helper.make_tensor_value_info("output", TensorProto.FLOAT, given)]
    initial = [numpy_helper.from_array(np.asarray(value), name) for name, value in constants]
    graph = helper.make_graph(nodes, "toy", inputs, outputs, initial)
    return bytes(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8).SerializeToString()
    )


def mean_colour_model(side: int | None = 32) -> bytes:
    """Return a model whose vector of a picture [n, 3, side, side] is its mean colour."""
    nodes = [helper.make_node("ReduceMean", ["input"], ["output"], axes=[2, 3], keepdims=0)]
    return _model(nodes, ["n", 3, side or "height", side or "width"], ["n", 3])


def constant_model(value: float) -> bytes:
    """Return a model whose vector of any picture has three components of this value."""
    nodes = [
        helper.make_node("ReduceMean", ["input"], ["mean"], axes=[2, 3], keepdims=0),
        helper.make_node("Mul", ["mean", "zero"], ["nothing"]),
        helper.make_node("Add", ["nothing", "value"], ["output"]),
    ]
    constants = [("zero", np.float32(0)), ("value", np.float32(value))]
    return _model(nodes, ["n", 3, 16, 16], ["n", 3], constants)


def brightness_tagger(side: int = 448, range_: float = 255, channels_first: bool = False) -> bytes:
    """Return a tagger that tells how bright and how dark a picture is, how large the values of its last channel are,
    and 0.9 of anything; values go up to `range_`."""
    shape: Shape = ["n", 3, side, side] if channels_first else ["n", side, side, 3]
    space = [2, 3] if channels_first else [1, 2]
    weights = np.asarray([[1 / 3, -1 / 3, 0, 0], [1 / 3, -1 / 3, 0, 0], [1 / 3, -1 / 3, 1, 0]], np.float32) / range_
    nodes = [
        helper.make_node("ReduceMean", ["input"], ["mean"], axes=space, keepdims=0),
        helper.make_node("MatMul", ["mean", "weights"], ["weighted"]),
        helper.make_node("Add", ["weighted", "bias"], ["output"]),
    ]
    bias = np.asarray([0, 1, 0, 0.9], np.float32)
    return _model(nodes, shape, ["n", 4], [("weights", weights), ("bias", bias)])


def other_input_model() -> bytes:
    """Return a model that takes no pictures."""
    return _model([helper.make_node("Add", ["input", "input"], ["output"])], ["n", 5], ["n", 5])
