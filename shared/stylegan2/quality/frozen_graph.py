"""The Inception network of TensorFlow's `inception-2015-12-05.tgz`, whose features FID and KID are defined by.

Its file `classify_image_graph_def.pb` is a program. It is not run: the few operations on the way from the picture to
`pool_3` are looked up in a table here, and a file that uses any other is refused.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]  # comes with TensorFlow
from tensorflow.core.framework.graph_pb2 import GraphDef

from shared.stylegan2.backend import Tensor
from shared.stylegan2.errors import BadFile

Node = Any
Nodes = dict[str, Node]

_LARGEST_CONSTANT = 1 << 24  # values; one number may stand for all of them. Of 2015, the largest has 1.5 million
_OUTPUT = "pool_3"
_ENTRANCE = "ResizeBilinear"  # its first input is the picture, 0 .. 255; what comes before decodes a JPEG


@dataclass(frozen=True)
class Structure:
    """The structure of a graph, without values, by which the network is recognised."""

    operations: dict[str, int]
    kernel_values: int
    side: int

    @classmethod
    def of(cls, nodes: Nodes) -> "Structure":
        """Return the structure of `nodes`, the part of a graph that is used."""
        counts = Counter(node.op for node in nodes.values())
        kernels = [node.input[1] for node in nodes.values() if node.op == "Conv2D"]
        entrance = next(node for node in nodes.values() if node.op == _ENTRANCE)
        return cls(
            operations={name: counts[name] for name in OF_2015.operations},
            kernel_values=sum(_constant(nodes, kernel).size for kernel in kernels if nodes[kernel].op == "Const"),
            side=int(_constant(nodes, entrance.input[1]).max()),
        )


OF_2015 = Structure(
    {"Conv2D": 94, "BatchNormWithGlobalNormalization": 94, "Relu": 94, "MaxPool": 5, "AvgPool": 9},
    kernel_values=21_751_136,
    side=299,
)
"""Structure of the official graph. Its mark is the fifth MaxPool, in `mixed_10`: other Inceptions v3 average there."""


def read(content: bytes) -> Nodes:
    """Read the nodes that `pool_3` depends on, by name, up to where the picture enters.

    Raises BadFile where the file is no graph, lacks these nodes or uses an operation that is not known here.
    """
    graph = GraphDef()
    try:
        graph.ParseFromString(content)
    except DecodeError as error:
        raise BadFile("is no frozen graph of TensorFlow") from error
    nodes = {node.name: node for node in graph.node}
    used = {name: nodes[name] for name in _needed(nodes)}
    if unknown := sorted({node.op for node in used.values()} - _OPERATIONS.keys() - {"Const"}):
        raise BadFile(f"uses operations that are not allowed in an Inception network: {', '.join(unknown)}")
    if sum(node.op == _ENTRANCE for node in used.values()) != 1:
        raise BadFile(f"has no single {_ENTRANCE} in which pictures enter")
    if any(node.attr["data_format"].s not in (b"", b"NHWC") for node in used.values()):
        raise BadFile("has channels before rows, which the graph of 2015 has not")
    return used


def function(nodes: Nodes) -> Callable[[Tensor], Tensor]:
    """Compile a function of features [N, d] of pictures [N, H, W, 3], float32 0 .. 255, resized as the graph says."""
    order = list(_needed(nodes))

    def features(pictures: Tensor) -> Tensor:
        values: dict[str, Tensor] = {}
        for name in order:
            values[name] = _value(nodes, name, values, pictures)
        output = values[_OUTPUT]
        return tf.reshape(output, [tf.shape(output)[0], -1])

    signature = [tf.TensorSpec([None, None, None, 3], tf.float32)]
    compiled: Callable[[Tensor], Tensor] = tf.function(features, input_signature=signature, autograph=False)
    return compiled


def _value(nodes: Nodes, name: str, values: dict[str, Tensor], pictures: Tensor) -> Tensor:
    node = nodes[name]
    if node.op == "Const":
        return tf.constant(_constant(nodes, name))
    inputs = [pictures if node.op == _ENTRANCE and not place else values[each] for place, each in _inputs(node)]
    return _OPERATIONS[node.op](node.attr, *inputs)


def _needed(nodes: Nodes) -> Iterator[str]:
    """Yield the names of nodes in computable order. Without recursion: the graph is deeper than Python goes.

    Raises BadFile for a cycle and for a node that is missing.
    """
    waiting, done = [_OUTPUT], set[str]()
    opened: set[str] = set()
    while waiting:
        name = waiting[-1]
        if name not in nodes:
            raise BadFile(f"has no node {name}, and is not the graph of 2015")
        before = [each for place, each in _inputs(nodes[name]) if place or nodes[name].op != _ENTRANCE]
        missing = [each for each in before if each not in done]
        if missing and name in opened:
            raise BadFile(f"has a circle at the node {name}")
        if missing:
            opened.add(name)
            waiting += missing
            continue
        waiting.pop()
        if name not in done:
            done.add(name)
            yield name


def _inputs(node: Node) -> Iterator[tuple[int, str]]:
    """Yield place and name of a node's inputs, without control inputs (`^name`)."""
    for place, text in enumerate(node.input):
        if not text.startswith("^"):
            yield place, text.removesuffix(":0")


def _constant(nodes: Nodes, name: str) -> np.ndarray[Any, Any]:
    tensor = nodes[name].attr["value"].tensor
    if math.prod(dimension.size for dimension in tensor.tensor_shape.dim) > _LARGEST_CONSTANT:
        raise BadFile(f"has a constant {name} that is larger than any of an Inception network")
    try:
        value: np.ndarray[Any, Any] = tf.make_ndarray(tensor)
    except (KeyError, TypeError, ValueError) as error:
        raise BadFile(f"has no constant {name}: {error}") from error
    return value


def _pool(operation: Callable[..., Tensor]) -> Callable[..., Tensor]:
    def pooled(attr: Any, x: Tensor) -> Tensor:
        ksize, strides = list(attr["ksize"].list.i), list(attr["strides"].list.i)
        return operation(x, ksize, strides, attr["padding"].s.decode())

    return pooled


def _convolution(attr: Any, x: Tensor, kernel: Tensor) -> Tensor:
    return tf.nn.conv2d(x, kernel, list(attr["strides"].list.i), attr["padding"].s.decode())


def _normalization(attr: Any, x: Tensor, mean: Tensor, variance: Tensor, beta: Tensor, gamma: Tensor) -> Tensor:
    scale = gamma if attr["scale_after_normalization"].b else None
    return tf.nn.batch_normalization(x, mean, variance, beta, scale, attr["variance_epsilon"].f)


def _resized(attr: Any, x: Tensor, size: Tensor) -> Tensor:
    corners = attr["align_corners"].b
    return tf.raw_ops.ResizeBilinear(
        images=x, size=size, align_corners=corners, half_pixel_centers=attr["half_pixel_centers"].b
    )


def _same(attr: Any, x: Tensor) -> Tensor:
    return x


_OPERATIONS: dict[str, Callable[..., Tensor]] = {
    "AvgPool": _pool(tf.nn.avg_pool2d),
    "BatchNormWithGlobalNormalization": _normalization,
    "CheckNumerics": _same,  # features are checked at the end
    "Concat": lambda attr, axis, *parts: tf.concat(parts, axis),
    "Conv2D": _convolution,
    "Identity": _same,
    "MaxPool": _pool(tf.nn.max_pool2d),
    "Mul": lambda attr, x, y: x * y,
    "Relu": lambda attr, x: tf.nn.relu(x),
    "ResizeBilinear": _resized,
    "Sub": lambda attr, x, y: x - y,
}
"""The operations that a graph may use."""
