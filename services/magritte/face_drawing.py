"""Draws boxes of faces and crops on pictures."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from services.magritte.face_changes import SAME_FACE, Changes, overlap
from shared.contract.found_faces import CutFace, FoundFaces, Rectangle, Sighting

if TYPE_CHECKING:
    from PIL.Image import Image

FACE, BEFORE, UNCHANGED, UNSURE = "#0000ff", "#ff7f00", "#20a020", "#808080"
"""Blue for faces, and for those of the second of two recipes; orange for those of the first; green for those that are
the same by both; grey for what no recipe takes for a face."""


@dataclass(frozen=True)
class Measures:
    """Pixels of thick and of thin lines, of a dash, and of letters."""

    thick: int
    thin: int
    dash: int
    letters: int

    @classmethod
    def of(cls, image: "Image") -> "Measures":
        """Return what can be seen on a picture of this size."""
        side = max(image.size)
        return cls(max(3, side // 200), max(1, side // 600), max(4, side // 100), max(11, side // 60))


class Pen:
    """Draws on a picture that may be a reduced one: `size` is what coordinates are in. The picture changes."""

    def __init__(self, image: "Image", size: tuple[int, int]) -> None:
        from PIL import ImageDraw

        from shared.pictures.contact_sheet import font

        self._measures = Measures.of(image)
        self._draw, self._font = ImageDraw.Draw(image), font(self._measures.letters)
        self._factors = image.width / size[0], image.height / size[1]

    def box(self, box: Rectangle, colour: str, *, thick: bool) -> None:
        """Draw a rectangle in full lines."""
        width = self._measures.thick if thick else self._measures.thin
        self._draw.rectangle(self._corners(box), outline=colour, width=width)

    def crop(self, face: CutFace, colour: str, *, thick: bool) -> None:
        """Draw what is cut out of a picture for a face, turned as far as that is; of one without a crop, its box."""
        if not face.crop or not face.angle:
            self.box(face.crop or face.box, colour, thick=thick)
            return
        across, down = self._factors
        corners = [(x * across, y * down) for x, y in _turned_corners(face.crop, face.angle)]
        self._draw.polygon(corners, outline=colour, width=self._measures.thick if thick else self._measures.thin)

    def dashed(self, box: Rectangle, colour: str) -> None:
        """Draw a rectangle in thin dashes."""
        left, top, right, bottom = self._corners(box)
        dash, width = self._measures.dash, self._measures.thin
        for x in range(left, right, 2 * dash):
            for y in (top, bottom):
                self._draw.line((x, y, min(x + dash, right), y), colour, width)
        for y in range(top, bottom, 2 * dash):
            for x in (left, right):
                self._draw.line((x, y, x, min(y + dash, bottom)), colour, width)

    def write(self, box: Rectangle, lines: Iterable[str], colour: str) -> None:
        """Write lines into the upper left corner of a box, with white around the letters."""
        left, top, *_ = self._corners(box)
        inside, step = self._measures.thick + 2, self._measures.letters + 2
        for number, line in enumerate(lines):
            place = left + inside, top + inside + number * step
            self._draw.text(place, line, colour, self._font, stroke_width=2, stroke_fill="#ffffff")

    def _corners(self, box: Rectangle) -> tuple[int, int, int, int]:
        (x, y, width, height), (across, down) = box, self._factors
        right, bottom = round((x + width) * across) - 1, round((y + height) * down) - 1
        left, top = round(x * across), round(y * down)
        return left, top, max(left, right), max(top, bottom)


def _turned_corners(box: Rectangle, angle: float) -> Iterator[tuple[float, float]]:
    """Yield the corners of a box that is turned about its middle by degrees clockwise, one after the other."""
    sine, cosine = math.sin(math.radians(angle)), math.cos(math.radians(angle))
    x, y, width, height = box
    for right, down in ((-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)):
        across, below = right * width, down * height
        yield (
            x + width / 2 + across * cosine - below * sine,
            y + height / 2 + across * sine + below * cosine,
        )


def draw_found(image: "Image", found: FoundFaces) -> None:
    """Draw all that was found: faces thick and blue, crops thin, what was too unsure grey and dashed, with scores."""
    pen = Pen(image, found.size)
    for seen in unsure(found):
        pen.dashed(seen.box, UNSURE)
        pen.write(seen.box, [label(seen)], UNSURE)
    for face in found.faces:
        if face.crop:
            pen.crop(face, FACE, thick=False)
        pen.box(face.box, FACE, thick=True)
    for face in found.faces:
        pen.write(face.box, voices(face, found), FACE)


def draw_changes(image: "Image", size: tuple[int, int], changes: Changes) -> None:
    """Draw the boxes of the first recipe in orange and those of the second in blue; what is the same thin and green."""
    pen = Pen(image, size)
    for face, _ in changes.same:
        pen.crop(face, UNCHANGED, thick=False)
    for first, second in changes.moved:
        pen.crop(first, BEFORE, thick=True)
        pen.crop(second, FACE, thick=True)
    for faces, colour in ((changes.lost, BEFORE), (changes.gained, FACE)):
        for face in faces:
            pen.crop(face, colour, thick=False)
            pen.box(face.box, colour, thick=True)


def unsure(found: FoundFaces) -> Iterator[Sighting]:
    """Yield the places that were not taken for a face, nor for a part of one."""
    for seen in found.sightings:
        if all(overlap(seen.box, face.box) < SAME_FACE for face in found.faces):
            yield seen


def voices(face: CutFace, found: FoundFaces) -> list[str]:
    """Return a line for each detector that has seen the face, with its highest score."""
    near = [seen for seen in found.sightings if overlap(seen.box, face.box) >= SAME_FACE]
    best = {seen.voice: seen for seen in sorted(near, key=lambda seen: seen.score)}
    return [label(seen) for _, seen in sorted(best.items())]


def label(seen: Sighting) -> str:
    """Return detector and score as they are written beside a box."""
    return f"{seen.voice} {seen.score:.2f}" if seen.score <= 1 else f"{seen.voice} {seen.score:.0f}"
