"""Frozen graphs like TensorFlow's inception-2015-12-05, with random weights.

Names, operations and sizes are those that programs reading the official graph rely on (its convolutions by name,
`mixed_10` ending in a MaxPool as described by pytorch-fid).
"""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf
from tensorflow.core.framework.graph_pb2 import GraphDef

SAME, VALID = "SAME", "VALID"


class Graph:
    """A graph in the making; `channels` are those of each node."""

    def __init__(self, side: int, seed: int = 1) -> None:
        self.definition = GraphDef()
        self.definition.versions.producer = 8  # a later graph has no BatchNormWithGlobalNormalization
        self.channels: dict[str, int] = {}
        self._random = np.random.default_rng(seed)
        self._entrance(side)

    def node(self, name: str, op: str, *inputs: str, **attributes: object) -> str:
        node = self.definition.node.add(name=name, op=op, input=inputs)
        if op not in ("Cast", "DecodeJpeg"):
            attributes["T"] = tf.float32
        for key, value in attributes.items():
            match value:
                case tf.DType():
                    node.attr[key].type = value.as_datatype_enum
                case int() if not isinstance(value, bool):
                    node.attr[key].i = value
                case bool():
                    node.attr[key].b = value
                case float():
                    node.attr[key].f = value
                case str():
                    node.attr[key].s = value.encode()
                case list():
                    node.attr[key].list.i.extend(value)
        return name

    def constant(self, name: str, value: object) -> str:
        tensor = tf.make_tensor_proto(value)
        node = self.definition.node.add(name=name, op="Const")
        node.attr["value"].tensor.CopyFrom(tensor)
        node.attr["dtype"].type = tensor.dtype
        return name

    def conv(
        self, name: str, x: str, width: int, size: tuple[int, int] = (1, 1), stride: int = 1, padding: str = SAME
    ) -> str:
        inputs = self.channels[x]
        kernel = self._random.standard_normal((*size, inputs, width), np.float32)
        kernel *= np.float32(np.sqrt(2 / (size[0] * size[1] * inputs)))
        params = self.constant(f"{name}/conv2d_params", kernel)
        self.node(f"{name}/Conv2D", "Conv2D", x, params, strides=[1, stride, stride, 1], padding=padding)
        statistics = {"moving_mean": 0.1, "moving_variance": 0.9, "beta": 0.05, "gamma": 0.8}
        for part, value in statistics.items():
            self.constant(f"{name}/batchnorm/{part}", np.full(width, value, np.float32))
        inputs_of_norm = [f"{name}/Conv2D", *(f"{name}/batchnorm/{part}" for part in statistics)]
        norm = f"{name}/batchnorm"
        options = {"variance_epsilon": 0.001, "scale_after_normalization": False}
        self.node(norm, "BatchNormWithGlobalNormalization", *inputs_of_norm, **options)
        self.node(f"{name}/CheckNumerics", "CheckNumerics", norm, message="not finite")
        self.node(f"{name}/control_dependency", "Identity", norm, f"^{name}/CheckNumerics")
        self.channels[name] = width
        return self.node(name, "Relu", f"{name}/control_dependency")

    def pool(self, name: str, x: str, op: str, size: int = 3, stride: int = 1, padding: str = SAME) -> str:
        self.channels[name] = self.channels[x]
        return self.node(name, op, x, ksize=[1, size, size, 1], strides=[1, stride, stride, 1], padding=padding)

    def join(self, name: str, *parts: str) -> str:
        self.channels[f"{name}/join"] = sum(self.channels[part] for part in parts)
        axis = self.constant(f"{name}/join/concat_dim", np.int32(3))
        return self.node(f"{name}/join", "Concat", axis, *parts, N=len(parts))

    def chain(self, name: str, x: str, *layers: tuple[int, tuple[int, int]], stride: int = 1) -> str:
        """Convolutions one after another; a stride above 1 is the last one's, which then is not padded."""
        for number, (width, size) in enumerate(layers):
            last = stride > 1 and number == len(layers) - 1
            suffix = f"_{number}" if number else ""
            x = self.conv(
                f"{name}/conv{suffix}", x, width, size, stride if last else 1, padding=VALID if last else SAME
            )
        return x

    def ending(self, x: str, side: int) -> bytes:
        """The file, with the classifier that comes after the features."""
        self.pool("pool_3", x, "AvgPool", size=side, padding=VALID)
        self.constant("pool_3/_reshape/shape", np.array([1, 2048], np.int32))
        self.node("pool_3/_reshape", "Reshape", "pool_3", "pool_3/_reshape/shape")
        self.node("softmax", "Softmax", "pool_3/_reshape")
        return self.definition.SerializeToString()

    def _entrance(self, side: int) -> None:
        self.constant("DecodeJpeg/contents", b"a JPEG")
        self.node("DecodeJpeg", "DecodeJpeg", "DecodeJpeg/contents")
        self.node("Cast", "Cast", "DecodeJpeg", SrcT=tf.uint8, DstT=tf.float32)
        self.constant("ExpandDims/dim", np.int32(0))
        self.node("ExpandDims", "ExpandDims", "Cast", "ExpandDims/dim")
        self.constant("ResizeBilinear/size", np.array([side, side], np.int32))
        self.node("ResizeBilinear", "ResizeBilinear", "ExpandDims", "ResizeBilinear/size")
        self.constant("Sub/y", np.float32(128))
        self.node("Sub", "Sub", "ResizeBilinear", "Sub/y")
        self.constant("Mul/y", np.float32(1 / 128))
        self.channels[self.node("Mul", "Mul", "Sub", "Mul/y")] = 3


def small(width: int = 2048, op: str = "Relu") -> bytes:
    """A graph of one convolution over 16 px; `op` stands in the way to its end."""
    graph = Graph(side=16)
    pooled = graph.pool("pool", graph.conv("conv", "Mul", width, (3, 3), stride=2), "MaxPool", size=3, stride=2)
    graph.channels[graph.node("extra", op, pooled)] = width
    return graph.ending("extra", side=4)


def official(last_pool: str = "MaxPool") -> bytes:
    """A graph with the structure of the official one."""
    graph = Graph(side=299)
    x = graph.conv("conv", "Mul", 32, (3, 3), 2, VALID)
    x = graph.conv("conv_2", graph.conv("conv_1", x, 32, (3, 3), padding=VALID), 64, (3, 3))
    x = graph.pool("pool", x, "MaxPool", stride=2, padding=VALID)
    x = graph.conv("conv_4", graph.conv("conv_3", x, 80, padding=VALID), 192, (3, 3), padding=VALID)
    x = graph.pool("pool_1", x, "MaxPool", stride=2, padding=VALID)
    for name, width in (("mixed", 32), ("mixed_1", 64), ("mixed_2", 64)):
        x = _coarse(graph, name, x, width)
    x = _smaller(graph, "mixed_3", x, [[(384, (3, 3))], [(64, (1, 1)), (96, (3, 3)), (96, (3, 3))]])
    for name, width in (("mixed_4", 128), ("mixed_5", 160), ("mixed_6", 160), ("mixed_7", 192)):
        x = _long(graph, name, x, width)
    seven = [(192, (1, 1)), (192, (1, 7)), (192, (7, 1)), (192, (3, 3))]
    x = _smaller(graph, "mixed_8", x, [[(192, (1, 1)), (320, (3, 3))], seven])
    x = _wide(graph, "mixed_9", x, "AvgPool")
    return graph.ending(_wide(graph, "mixed_10", x, last_pool), side=8)


def _coarse(graph: Graph, name: str, x: str, width: int) -> str:
    return graph.join(
        name,
        graph.conv(f"{name}/conv", x, 64),
        graph.chain(f"{name}/tower", x, (48, (1, 1)), (64, (5, 5))),
        graph.chain(f"{name}/tower_1", x, (64, (1, 1)), (96, (3, 3)), (96, (3, 3))),
        _pooled(graph, name, x, width),
    )


def _smaller(graph: Graph, name: str, x: str, towers: Sequence[list[tuple[int, tuple[int, int]]]]) -> str:
    parts = [graph.chain(f"{name}/tower_{place}", x, *tower, stride=2) for place, tower in enumerate(towers)]
    return graph.join(name, *parts, graph.pool(f"{name}/pool", x, "MaxPool", stride=2, padding=VALID))


def _long(graph: Graph, name: str, x: str, width: int) -> str:
    tall, broad = (7, 1), (1, 7)
    return graph.join(
        name,
        graph.conv(f"{name}/conv", x, 192),
        graph.chain(f"{name}/tower", x, (width, (1, 1)), (width, broad), (192, tall)),
        graph.chain(f"{name}/tower_1", x, (width, (1, 1)), (width, tall), (width, broad), (width, tall), (192, broad)),
        _pooled(graph, name, x, 192),
    )


def _wide(graph: Graph, name: str, x: str, pool: str) -> str:
    parts = [graph.conv(f"{name}/conv", x, 320)]
    for tower, layers in (("tower", [(384, (1, 1))]), ("tower_1", [(448, (1, 1)), (384, (3, 3))])):
        end = graph.chain(f"{name}/{tower}", x, *layers)
        parts += [graph.conv(f"{name}/{tower}/mixed/conv", end, 384, (1, 3))]
        parts += [graph.conv(f"{name}/{tower}/mixed/conv_1", end, 384, (3, 1))]
    return graph.join(name, *parts, _pooled(graph, name, x, 192, pool))


def _pooled(graph: Graph, name: str, x: str, width: int, op: str = "AvgPool") -> str:
    return graph.conv(f"{name}/tower_2/conv", graph.pool(f"{name}/tower_2/pool", x, op), width)
