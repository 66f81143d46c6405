"""What YOLO models take and give: how a picture is fitted into their input, and the boxes in their output. Pure."""

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.Image import Resampling

from services.face_detector.detector import Box
from shared.onnx_model import NotAModel

GREY = 114
"""Level beside a picture that doesn't fill the input: what these models were trained with."""

Floats = NDArray[np.float32]


class Layout(StrEnum):
    """Layouts of outputs, by what they say of each place."""

    YOLOV8 = "YOLOv8 and later: [1, 4 sides and a score for each class, places]"
    YOLOV5 = "YOLOv5 or YOLOv7: [1, places, 4 sides, a score and one for each class]"
    END_TO_END = "without overlaps: [1, places, 4 corners, score, class]"

    @property
    def head(self) -> int:
        """Values of a place before those of its classes."""
        return {Layout.YOLOV8: 4, Layout.YOLOV5: 5, Layout.END_TO_END: 5}[self]


@dataclass(frozen=True)
class Reading:
    """A way to read the output of a model: its layout, and the numbers of the classes that count."""

    layout: Layout
    counted: tuple[int, ...]

    def boxes(self, output: Floats) -> tuple[Floats, Floats]:
        """Return boxes [N, 4] as left, top, width and height in pixels of the input, and their scores [N]."""
        rows = output[0].T if self.layout is Layout.YOLOV8 else output[0]
        sides = rows[:, :4].copy()
        if self.layout is Layout.END_TO_END:
            sides[:, 2:] -= sides[:, :2]
        else:
            sides[:, :2] -= sides[:, 2:] / 2
        return sides, self._scores(rows)

    def _scores(self, rows: Floats) -> Floats:
        if self.layout is Layout.END_TO_END:
            return np.where(np.isin(np.rint(rows[:, 5]), self.counted), rows[:, 4], np.float32(0))
        of_classes: Floats = rows[:, [self.layout.head + number for number in self.counted]].max(axis=1)
        return of_classes * rows[:, 4] if self.layout is Layout.YOLOV5 else of_classes


def reading(output: Floats, metadata: Mapping[str, str], counted: Sequence[str | int]) -> Reading:
    """Work out how a model's output is to be read, from an example of it and what the model says about itself.

    `counted` are names or numbers of the classes that count, empty for all. Raises `NotAModel` for other outputs.
    """
    rows, columns = output.shape[1:]
    is_end_to_end = metadata.get("end2end", "").lower() == "true"
    layout = Layout.END_TO_END if is_end_to_end else Layout.YOLOV8 if rows < columns else Layout.YOLOV5
    values = (rows if layout is Layout.YOLOV8 else columns) - layout.head
    names = _names(metadata)
    number = len(names) or (1 if is_end_to_end else values)
    if values < 1 or rows == columns or (number > values and not is_end_to_end):
        about = f" and names {len(names)} classes" if names else ""
        raise NotAModel(f"it gives {list(output.shape)}{about}; {_EXPECTED}")
    found = Reading(layout, tuple(_number(each, names, number) for each in counted) or tuple(range(number)))
    scores = found.boxes(output)[1]
    if not (scores.min(initial=0) >= 0 and scores.max(initial=0) <= 1):
        raise NotAModel(f"its scores are not between 0 and 1, as if it gave other things with the classes; {_EXPECTED}")
    return found


_EXPECTED = "expected is one of " + "; ".join(Layout)


def _names(metadata: Mapping[str, str]) -> list[str]:
    """Return the names of the classes, which exports have as a Python dictionary or list; none where they lack them."""
    try:
        found = ast.literal_eval(metadata.get("names", "[]"))
    except (ValueError, SyntaxError) as error:
        raise NotAModel(f"the names of its classes cannot be read: {error}") from error
    return [str(name) for name in (found.values() if isinstance(found, dict) else found)]


def _number(wanted: str | int, names: Sequence[str], classes: int) -> int:
    if wanted in names:
        return names.index(str(wanted))
    if isinstance(wanted, int) and wanted < classes:
        return wanted
    known = ", ".join(names) or f"0 to {classes - 1}"
    raise NotAModel(f"it has no class {wanted}, which `classes` names: its classes are {known}")


@dataclass(frozen=True)
class Letterbox:
    """A picture of some `size`, as large as it can be in the middle of an input of `sides` (width, height)."""

    size: tuple[int, int]
    sides: tuple[int, int]

    @property
    def _scaled(self) -> tuple[int, int]:
        factor = min(side / length for side, length in zip(self.sides, self.size, strict=True))
        return max(1, round(self.size[0] * factor)), max(1, round(self.size[1] * factor))

    @property
    def _corner(self) -> tuple[int, int]:
        return (self.sides[0] - self._scaled[0]) // 2, (self.sides[1] - self._scaled[1]) // 2

    def picture(self, rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return the picture in the input, [height, width, 3], with grey beside it."""
        scaled = Image.fromarray(rgb).resize(self._scaled, Resampling.BILINEAR, reducing_gap=2.0)
        whole = Image.new("RGB", self.sides, (GREY, GREY, GREY))
        whole.paste(scaled, self._corner)
        return np.asarray(whole)

    def box(self, sides: Floats) -> Box:
        """Return a box of the input (left, top, width, height) in pixels of the picture, and within it."""
        (x, y), (width, height) = self._corner, self._scaled
        across, down = self.size[0] / width, self.size[1] / height
        left, right = (sides[0] - x) * across, (sides[0] + sides[2] - x) * across
        top, bottom = (sides[1] - y) * down, (sides[1] + sides[3] - y) * down
        corner = round(float(left)), round(float(top))
        return Box(*corner, round(float(right)) - corner[0], round(float(bottom)) - corner[1]).within(*self.size)
