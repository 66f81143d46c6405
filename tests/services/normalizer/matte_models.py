"""ONNX models that the tests make themselves, which take what is red in a picture for the figure."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper

Shape = list[int | str]


def red_model(side: int | None = 320, *, scale: float = 1.0, gain: float = 40.0, half: bool = False) -> bytes:
    """Return a model whose matte is 1 where red exceeds blue and 0 where it does not, as fed without mean.

    `scale` is multiplied onto the answer; with numbers of 16 bits if `half`.
    """
    kind, number = (TensorProto.FLOAT16, np.float16) if half else (TensorProto.FLOAT, np.float32)
    weights = np.asarray([gain, 0, -gain], number).reshape(1, 3, 1, 1)
    nodes = [
        helper.make_node("Conv", ["input", "weights"], ["difference"]),
        helper.make_node("Sigmoid", ["difference"], ["figure"]),
        helper.make_node("Mul", ["figure", "scale"], ["output"]),
    ]
    shape: Shape = [1, 3, side or "height", side or "width"]
    return _model(nodes, (shape, [1, 1, *shape[2:]]), [("weights", weights), ("scale", number(scale))], kind)


def constant_model(value: float) -> bytes:
    """Return a model whose matte has this value everywhere, whatever the picture is."""
    nodes = [
        helper.make_node("Conv", ["input", "weights"], ["nothing"]),
        helper.make_node("Add", ["nothing", "value"], ["output"]),
    ]
    weights = np.zeros((1, 3, 1, 1), np.float32)
    return _model(nodes, ([1, 3, 320, 320], [1, 1, 320, 320]), [("weights", weights), ("value", np.float32(value))])


def echo_model(channels: int = 3) -> bytes:
    """Return a model that gives what it takes, which is no matte."""
    shape: Shape = [1, channels, 320, 320]
    return _model([helper.make_node("Identity", ["input"], ["output"])], (shape, shape))


def telling_model(channel: int, side: int | None = None) -> bytes:
    """Return a model whose matte is the sigmoid of one channel of its input, so that a test sees what it is fed."""
    weights = np.zeros((1, 3, 1, 1), np.float32)
    weights[0, channel] = 1
    nodes = [
        helper.make_node("Conv", ["input", "weights"], ["value"]),
        helper.make_node("Sigmoid", ["value"], ["output"]),
    ]
    shape: Shape = [side or "height", side or "width"]
    return _model(nodes, ([1, 3, *shape], [1, 1, *shape]), [("weights", weights)])


def _model(
    nodes: list[Any],
    shapes: tuple[Shape, Shape],
    constants: Sequence[tuple[str, Any]] = (),
    kind: int = TensorProto.FLOAT,
) -> bytes:
    inputs = [helper.make_tensor_value_info("input", kind, shapes[0])]
    outputs = [helper.make_tensor_value_info("output", kind, shapes[1])]
    initial = [numpy_helper.from_array(np.asarray(value), name) for name, value in constants]
    graph = helper.make_graph(nodes, "matte", inputs, outputs, initial)
    return bytes(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8).SerializeToString()
    )
