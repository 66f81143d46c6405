"""`shared.onnx_model`, with models that the tests make themselves."""

from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper

from shared.onnx_model import NotAModel, OnnxModel, Port, library_version


def doubling() -> bytes:
    """A model that doubles any number of rows of three."""
    rows = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", 3]) for name in ("rows", "doubled")]
    graph = helper.make_graph([helper.make_node("Add", ["rows", "rows"], ["doubled"])], "doubling", rows[:1], rows[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    helper.set_model_props(model, {"author": "a test"})
    return bytes(model.SerializeToString())


def test_a_model_says_what_it_takes_and_gives() -> None:
    model = OnnxModel(doubling())
    assert model.inputs == (Port("rows", "float32", (None, 3)),)
    assert model.outputs == (Port("doubled", "float32", (None, 3)),)
    assert model.metadata == {"author": "a test"}
    assert library_version().count(".") == 2


def test_a_model_answers_by_name() -> None:
    rows = np.arange(6, dtype=np.float32).reshape(2, 3)
    np.testing.assert_array_equal(OnnxModel(doubling()).run({"rows": rows})["doubled"], 2 * rows)


@pytest.mark.parametrize("data", [b"", b"no model", doubling()[:-40]])
def test_other_bytes_are_no_model(data: bytes, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(NotAModel, match="no ONNX model"):
        OnnxModel(data)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("inputs", [{}, {"rows": np.zeros((2, 4), "f4")}, {"rows": np.zeros((2, 3), "i8")}])
def test_a_model_refuses_what_it_does_not_take(inputs: dict[str, Any], capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(NotAModel, match="refuses its input"):
        OnnxModel(doubling()).run(inputs)
    assert capfd.readouterr() == ("", "")
