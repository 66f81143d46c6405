from collections.abc import Callable

import numpy as np
import pytest
import tensorflow as tf

from shared.stylegan2.errors import BadFile
from shared.stylegan2.quality import frozen_graph
from tests.shared.stylegan2.quality import inception_graph
from tests.shared.stylegan2.quality.inception_graph import Graph


def pictures(count: int, side: int = 20) -> np.ndarray:
    return np.random.default_rng(5).uniform(0, 255, (count, side, side, 3)).astype(np.float32)


def test_what_lies_before_the_picture_and_after_the_features_is_left_out() -> None:
    found = frozen_graph.read(inception_graph.small())
    assert {"pool_3", "conv/Conv2D", "ResizeBilinear"} <= found.keys()
    assert {"DecodeJpeg", "ExpandDims", "softmax", "pool_3/_reshape"}.isdisjoint(found)


@pytest.mark.parametrize(
    "drawn", [inception_graph.small, pytest.param(inception_graph.official, marks=pytest.mark.slow)]
)
def test_features_are_those_that_tensorflow_computes_with_the_graph(drawn: Callable[[], bytes]) -> None:
    content, shown = drawn(), pictures(2)
    graph = tf.compat.v1.GraphDef.FromString(content)
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        entrance = tf.compat.v1.placeholder(tf.float32, [None, None, None, 3])
        (end,) = tf.import_graph_def(graph, {"ExpandDims:0": entrance}, ["pool_3:0"], name="")
        expected = session.run(end, {entrance: shown})
    found = frozen_graph.function(frozen_graph.read(content))(shown)
    np.testing.assert_allclose(found, expected.reshape(2, 2048), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("op", ["ReadFile", "PyFunc", "WriteFile", "StatefulPartitionedCall"])
def test_an_operation_that_no_such_network_needs_is_refused(op: str) -> None:
    with pytest.raises(BadFile, match=f"not allowed in an Inception network: {op}"):
        frozen_graph.read(inception_graph.small(op=op))


def test_a_graph_without_the_features_is_refused() -> None:
    graph = Graph(side=16)
    graph.conv("conv", "Mul", 8)
    with pytest.raises(BadFile, match="no node pool_3"):
        frozen_graph.read(graph.definition.SerializeToString())


def test_a_graph_in_which_no_picture_enters_is_refused() -> None:
    graph = Graph(side=16)
    graph.constant("pool_3", np.zeros((1, 1, 1, 2048), np.float32))
    with pytest.raises(BadFile, match="no single ResizeBilinear"):
        frozen_graph.read(graph.definition.SerializeToString())


def test_a_graph_that_runs_in_a_circle_is_refused() -> None:
    graph = Graph(side=16)
    graph.node("one", "Relu", "other")
    graph.node("other", "Identity", "one")
    graph.node("pool_3", "Mul", "Mul", "other")
    with pytest.raises(BadFile, match="circle at the node"):
        frozen_graph.read(graph.definition.SerializeToString())


def test_channels_before_rows_are_refused() -> None:
    graph = Graph(side=16)
    graph.channels[graph.node("odd", "Relu", graph.conv("conv", "Mul", 8), data_format="NCHW")] = 8
    with pytest.raises(BadFile, match="channels before rows"):
        frozen_graph.read(graph.ending("odd", side=4))


def test_a_constant_that_would_fill_the_memory_is_refused() -> None:
    definition = frozen_graph.GraphDef.FromString(inception_graph.small())
    kernel = next(node for node in definition.node if node.name == "conv/conv2d_params").attr["value"].tensor
    kernel.tensor_content = b""
    kernel.float_val.append(1)
    kernel.tensor_shape.dim[0].size = 1 << 40
    nodes = frozen_graph.read(definition.SerializeToString())
    with pytest.raises(BadFile, match="conv/conv2d_params that is larger"):
        frozen_graph.Structure.of(nodes)


def test_what_is_no_graph_is_refused() -> None:
    with pytest.raises(BadFile, match="no frozen graph"):
        frozen_graph.read(b"\x80\x04\x95 a pickle")


def test_only_the_structure_of_the_official_graph_is_taken_for_it() -> None:
    of_small = frozen_graph.Structure.of(frozen_graph.read(inception_graph.small()))
    assert of_small.operations["Conv2D"] == 1
    assert of_small.kernel_values == 3 * 3 * 3 * 2048
    assert of_small.side == 16
    assert frozen_graph.Structure.of(frozen_graph.read(inception_graph.official())) == frozen_graph.OF_2015
    averaging = frozen_graph.Structure.of(frozen_graph.read(inception_graph.official(last_pool="AvgPool")))
    assert averaging != frozen_graph.OF_2015
