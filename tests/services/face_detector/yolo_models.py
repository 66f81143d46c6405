"""ONNX models with the inputs and outputs of YOLO's, which find the one area of a picture that has a given colour."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from onnx import TensorProto, helper, numpy_helper

BRIGHT = ((1 / 3, 1 / 3, 1 / 3), 0.9)
"""Weights of red, green and blue, and the sum above which a pixel belongs to the area: white, but no grey."""

SKIN = ((1.0, 0.0, -1.0), 0.07)
"""As `BRIGHT`: colours with more red than blue, as in the face of `demo.drawing`."""

PLACES = 63


@dataclass(frozen=True)
class Yolo:
    """A model to be made: its layout is v8, v5 or end2end; the area has the given `confidences`, one for each class."""

    layout: str = "v8"
    colour: tuple[Sequence[float], float] = BRIGHT
    sides: Sequence[int | str] = (640, 640)
    dtype: int = TensorProto.FLOAT
    confidences: Sequence[float] = (0.9,)
    keypoints: int = 0
    masks: bool = False
    metadata: dict[str, str] = field(default_factory=dict)

    @property
    def data(self) -> bytes:
        """The file's bytes."""
        taken = helper.make_tensor_value_info("images", self.dtype, [1, 3, *self.sides])
        given = [helper.make_tensor_value_info("output0", self.dtype, [1, "a", "b"])]
        if self.masks:
            given.append(helper.make_tensor_value_info("masks", TensorProto.FLOAT, [1, 1, "h", "w"]))
        names, weights = zip(*self._constants().items(), strict=True)
        constants = [numpy_helper.from_array(np.asarray(w), n) for n, w in zip(names, weights, strict=True)]
        graph = helper.make_graph(self._nodes(), "yolo", [taken], given, constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        helper.set_model_props(model, self.metadata)
        return bytes(model.SerializeToString())

    def _constants(self) -> dict[str, np.ndarray]:
        """Weights and scales: the first place has the area, the second the same less surely, the others nothing."""
        objectness = [1.0] if self.layout == "v5" else []
        values = [*objectness, *self.confidences, *[1.0] * self.keypoints]
        if self.layout == "end2end":
            best = int(np.argmax(self.confidences))
            values = [self.confidences[best], best]
        scale = np.ones((1, 4 + len(values), PLACES), np.float32)
        surely = np.array([1, 0.8] + [0] * (PLACES - 2), np.float32)
        for row, value in enumerate(values, 4):
            scale[0, row] = value * surely
        return {
            "weights": np.array(self.colour[0], np.float32).reshape(1, 3, 1, 1),
            "least": np.array(self.colour[1], np.float32),
            "one": np.array(1, np.float32),
            "half": np.array(0.5, np.float32),
            "flat": np.array([1, 1, 1]),
            "x_axis": np.array(3),
            "y_axis": np.array(2),
            "scale": scale,
        }

    def _nodes(self) -> list[object]:
        def node(kind: str, taken: str, given: str, **attributes: object) -> object:
            return helper.make_node(kind, taken.split(), given.split(), **attributes)

        extents = [each for axis in "xy" for each in _extent(axis, node)]
        sides = {"end2end": "x_first y_first x_last y_last"}.get(self.layout, "x_middle y_middle x_size y_size")
        values = " found" * (self._constants()["scale"].shape[1] - 4 - self.keypoints) + " x_middle" * self.keypoints
        turned = [] if self.layout == "v8" else [node("Transpose", "scaled", "turned", perm=[0, 2, 1])]
        return [
            node("Cast", "images", "picture", to=TensorProto.FLOAT),
            node("Conv", "picture weights", "level"),
            node("Greater", "level least", "is_area"),
            node("Cast", "is_area", "area", to=TensorProto.FLOAT),
            *extents,
            node("ReduceMax", "area", "found_there", keepdims=1),
            node("Reshape", "found_there flat", "found"),
            node("Concat", sides + values, "place", axis=1),
            node("Mul", "place scale", "scaled"),
            *turned,
            node("Cast", "turned" if turned else "scaled", "output0", to=self.dtype),
            *([node("Identity", "area", "masks")] if self.masks else []),
        ]


def _extent(axis: str, node: object) -> list[object]:
    """Nodes for where the area begins and ends along an axis, from 0, its middle and its size, each [1, 1, 1]."""
    other = {"x": 2, "y": 3}[axis]
    lines = [
        ("ReduceMax", "area", "lines", {"axes": [other], "keepdims": 1}),
        ("Sub", "lines lines", "nothing", {}),
        ("Add", "nothing one", "ones", {}),
        ("CumSum", f"ones {axis}_axis", "ramp", {}),
        ("Mul", "lines ramp", "ends", {}),
        ("ReduceMax", "ends", "end", {"keepdims": 1}),
        ("ReduceMax", "ramp", "length", {"keepdims": 1}),
        ("Sub", "length ramp", "back", {}),
        ("Add", "back one", "backwards", {}),
        ("Mul", "lines backwards", "begins", {}),
        ("ReduceMax", "begins", "begin_back", {"keepdims": 1}),
        ("Sub", "length begin_back", "begin", {}),
        ("Reshape", "begin flat", "first", {}),
        ("Reshape", "end flat", "last", {}),
        ("Sub", "last first", "size", {}),
        ("Mul", "size half", "half_size", {}),
        ("Add", "first half_size", "middle", {}),
    ]
    shared = {"area", "one", "half", "flat", f"{axis}_axis"}

    def named(names: str) -> str:
        return " ".join(name if name in shared else f"{axis}_{name}" for name in names.split())

    return [node(kind, named(taken), named(given), **more) for kind, taken, given, more in lines]  # type: ignore[operator]
