"""A generator as an ONNX file, which runs wherever there is an ONNX runtime. No TensorFlow; needs `onnx` to write.

Inputs: `z` [N, z_size], `labels` [N, label_size] where the network has labels, and `psi`, a number that may be left out
(1: no truncation). Output: `pictures` [N, C, R, R], about -1 to 1, with the stored noise. All float32, NCHW.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from shared.stylegan2.architecture import Architecture
from shared.stylegan2.weights import MAPPING_LRMUL, Array, Weights

OPSET = 17
_IR_VERSION = 8
"""IR version of opset 17: newer ones are refused by runtimes of its time."""

_FILTER = np.outer([1, 3, 3, 1], [1, 3, 3, 1]).astype(np.float32) / 64
_EPSILON = np.float32(1e-8)


def dump(architecture: Architecture, weights: Weights) -> bytes:
    """Write a generator, usually Gs, as an ONNX file. Raises ModuleNotFoundError where `onnx` is not installed."""
    from onnx import TensorProto, checker, helper

    graph = _Graph(weights)
    _pictures(graph, architecture)
    inputs = [_value("z", ("N", architecture.z_size))]
    if architecture.label_size:
        inputs.append(_value("labels", ("N", architecture.label_size)))
    inputs.append(helper.make_tensor_value_info("psi", TensorProto.FLOAT, []))
    sides = (architecture.num_channels, architecture.resolution, architecture.resolution)
    made = helper.make_graph(
        graph.nodes, "generator", inputs, [_value("pictures", ("N", *sides))], initializer=graph.constants()
    )
    opset = [helper.make_opsetid("", OPSET)]
    model = helper.make_model(made, opset_imports=opset, ir_version=_IR_VERSION, producer_name="magritte")
    checker.check_model(model)
    file: bytes = model.SerializeToString()
    return file


def _value(name: str, shape: Sequence[int | str]) -> Any:
    from onnx import TensorProto, helper

    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


class _Graph:
    """The nodes so far, and the constants that they take; results are known by names."""

    def __init__(self, weights: Weights) -> None:
        self.weights = weights
        self.nodes: list[Any] = []
        self._constants: dict[str, npt.NDArray[Any]] = {"psi": np.ones((), np.float32), "axes": np.array([2, 3])}

    def constants(self) -> list[Any]:
        from onnx import numpy_helper

        return [numpy_helper.from_array(value, name) for name, value in self._constants.items()]

    def constant(self, name: str, value: npt.ArrayLike) -> str:
        """Add a constant unless its name is there already; return its name."""
        self._constants.setdefault(name, np.ascontiguousarray(value, np.float32).reshape(np.shape(value)))
        return name

    def apply(self, kind: str, *inputs: str, to: str | None = None, **attributes: object) -> str:
        """Add a node of the operator `kind`; return the name of its result."""
        from onnx import helper

        result = to or f"{kind}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [result], name=result, **attributes))
        return result

    def dense(self, scope: str, x: str, lrmul: float = 1.0, bias: float = 0.0, prefix: str = "") -> str:
        """Add a linear layer; `bias` is added to its own. Returns the name of its result."""
        weight, own = self.weights[f"{scope}/{prefix}weight"], self.weights[f"{scope}/{prefix}bias"]
        scaled = self.constant(f"{scope}/{prefix}weight", weight * np.float32(lrmul / math.sqrt(len(weight))))
        return self.apply("Gemm", x, scaled, self.constant(f"{scope}/{prefix}bias", own * np.float32(lrmul) + bias))

    def lrelu(self, x: str) -> str:
        return self.apply("Mul", self.apply("LeakyRelu", x, alpha=0.2), self.constant("gain", math.sqrt(2)))

    def unit(self, x: str) -> str:
        """Add nodes that scale the rows of `x` to unit mean square; return the name of the result."""
        mean = self.apply("ReduceMean", self.apply("Mul", x, x), axes=[1], keepdims=1)
        return self.apply("Div", x, self.apply("Sqrt", self.apply("Add", mean, self.constant("epsilon", _EPSILON))))

    def clamped(self, x: str, most: float | None) -> str:
        if most is None:
            return x
        return self.apply("Clip", x, self.constant("lowest", -most), self.constant("highest", most))


def _pictures(graph: _Graph, architecture: Architecture) -> None:
    w = _truncated(graph, _mapped(graph, architecture))
    x = graph.constant("const", graph.weights["G_synthesis/4x4/Const/const"])
    picture, noises = "", iter(range(architecture.num_noises))
    for side in architecture.sides:
        scope = f"G_synthesis/{side}x{side}"
        for name in ("Conv",) if side == 4 else ("Conv0_up", "Conv1"):
            x = _layer(graph, architecture, f"{scope}/{name}", x, w, f"G_synthesis/noise{next(noises)}")
        rgb = _to_rgb(graph, architecture, f"{scope}/ToRGB", x, w)
        end = "pictures" if side == architecture.resolution else None
        picture = graph.apply("Add", _upsampled(graph, architecture, picture), rgb, to=end) if picture else rgb


def _mapped(graph: _Graph, architecture: Architecture) -> str:
    if architecture.label_fmaps:
        embedded = graph.unit(graph.dense("G_mapping/LabelEmbed", "labels"))
        x = graph.apply("Concat", graph.unit("z"), embedded, axis=1)
    elif architecture.label_size:
        weight = graph.constant("labels/weight", graph.weights["G_mapping/LabelConcat/weight"])
        x = graph.unit(graph.apply("Concat", "z", graph.apply("MatMul", "labels", weight), axis=1))
    else:
        x = graph.unit("z")
    for layer in range(architecture.mapping_layers):
        x = graph.lrelu(graph.dense(f"G_mapping/Dense{layer}", x, MAPPING_LRMUL))
    return x


def _truncated(graph: _Graph, w: str) -> str:
    average = graph.constant("dlatent_avg", graph.weights["dlatent_avg"])
    return graph.apply("Add", average, graph.apply("Mul", graph.apply("Sub", w, average), "psi"))


def _layer(graph: _Graph, architecture: Architecture, scope: str, x: str, w: str, noise: str) -> str:
    """Add a modulated 3x3 convolution: styles scale its input, demodulation its output."""
    weight = _scaled(graph.weights[f"{scope}/weight"])
    style = graph.dense(scope, w, bias=1.0, prefix="mod_")
    energy = graph.constant(f"{scope}/energy", np.square(weight).sum(axis=(0, 1)))
    demodulation = graph.apply("MatMul", graph.apply("Mul", style, style), energy)
    demodulation = graph.apply("Sqrt", graph.apply("Add", demodulation, graph.constant("epsilon", _EPSILON)))
    x = graph.apply("Mul", x, _per_channel(graph, style))
    convolution = _up_convolution if scope.endswith("_up") else _convolution
    x = graph.apply("Div", convolution(graph, scope, x, weight), _per_channel(graph, demodulation))
    shift = graph.weights[noise] * graph.weights[f"{scope}/noise_strength"]
    x = graph.apply("Add", x, graph.constant(f"{scope}/noise", shift))
    x = graph.apply("Add", x, graph.constant(f"{scope}/bias", graph.weights[f"{scope}/bias"][:, None, None]))
    return graph.clamped(graph.lrelu(x), architecture.conv_clamp)


def _to_rgb(graph: _Graph, architecture: Architecture, scope: str, x: str, w: str) -> str:
    style = graph.dense(scope, w, bias=1.0, prefix="mod_")
    x = graph.apply("Mul", x, _per_channel(graph, style))
    x = _convolution(graph, scope, x, _scaled(graph.weights[f"{scope}/weight"]))
    x = graph.apply("Add", x, graph.constant(f"{scope}/bias", graph.weights[f"{scope}/bias"][:, None, None]))
    return graph.clamped(x, architecture.conv_clamp)


def _per_channel(graph: _Graph, factors: str) -> str:
    """Reshape factors from [N, C] to [N, C, 1, 1]."""
    return graph.apply("Unsqueeze", factors, "axes")


def _convolution(graph: _Graph, scope: str, x: str, weight: Array) -> str:
    pad = len(weight) // 2
    return graph.apply("Conv", x, graph.constant(f"{scope}/weight", weight.transpose(3, 2, 0, 1)), pads=[pad] * 4)


def _up_convolution(graph: _Graph, scope: str, x: str, weight: Array) -> str:
    """Add a transposed convolution to 2H + 1, then the filter; the official kernel correlates, hence the flip."""
    flipped = weight[::-1, ::-1].transpose(2, 3, 0, 1)
    x = graph.apply("ConvTranspose", x, graph.constant(f"{scope}/weight", flipped), strides=[2, 2])
    channels = weight.shape[3]
    return graph.apply("Conv", x, _filters(graph, channels), pads=[1] * 4, group=channels)


def _upsampled(graph: _Graph, architecture: Architecture, picture: str) -> str:
    channels = architecture.num_channels
    filters = _filters(graph, channels)
    return graph.apply("ConvTranspose", picture, filters, strides=[2, 2], pads=[1] * 4, group=channels)


def _filters(graph: _Graph, channels: int) -> str:
    """Add the low-pass filter with gain 4 for each of `channels` by itself."""
    return graph.constant(f"filter/{channels}", np.broadcast_to(_FILTER * 4, (channels, 1, 4, 4)))


def _scaled(weight: Array) -> Array:
    return weight * np.float32(1 / math.sqrt(math.prod(weight.shape[:-1])))
