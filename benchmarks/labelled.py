"""Labelled pictures of a folder that is given by path: `manifest.json` beside `images/`, as in the shelf's data."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from services.face_detector.detector import Box, overlap
from shared.pictures import Limits, Picture, decode, flatten

MATCH = 0.4
"""Intersection over union from which a box is that of a labelled face."""

_LIMITS = Limits(min_side=1, max_elongation=100)


@dataclass(frozen=True)
class Labelled:
    """A picture, its faces, areas in which nobody says whether there is one, and what kind of picture it is."""

    path: Path
    faces: tuple[Box, ...]
    ignored: tuple[Box, ...]
    monochrome: bool
    page: bool

    def image(self) -> Image.Image:
        """Decode the picture, as RGB."""
        picture = decode(self.path.read_bytes(), _LIMITS)
        assert isinstance(picture, Picture), self.path
        return flatten(picture.image)


@dataclass
class Score:
    """Counts of labelled faces, of those that were found, and of boxes where there is none."""

    faces: int = 0
    found: int = 0
    false: int = 0

    def add(self, boxes: Sequence[Box], labelled: Labelled) -> None:
        """Pair boxes and labelled faces, those that overlap most first, each once."""
        pairs = sorted(
            (
                (overlap(box, face), box, face)
                for box in boxes
                for face in labelled.faces
                if overlap(box, face) >= MATCH
            ),
            reverse=True,
        )
        boxes_left, faces_left = set(boxes), set(labelled.faces)
        for _, box, face in pairs:
            if box in boxes_left and face in faces_left:
                boxes_left.remove(box)
                faces_left.remove(face)
        self.faces += len(labelled.faces)
        self.found += len(labelled.faces) - len(faces_left)
        self.false += sum(not any(_lies_in(box, area) for area in labelled.ignored) for box in boxes_left)

    def __str__(self) -> str:
        recall, precision = self.found / max(1, self.faces), self.found / max(1, self.found + self.false)
        return (
            f"recall {recall:.3f}, precision {precision:.3f} ({self.found} of {self.faces} faces, {self.false} wrong)"
        )


def labelled(folder: Path) -> Iterator[Labelled]:
    """Yield all labelled pictures of a folder."""
    for each in json.loads((folder / "manifest.json").read_text()):
        faces, ignored = (tuple(Box(*box) for box in each[name]) for name in ("faces", "ignore"))
        kind = each["monochrome"], each["manga_page"]
        yield Labelled(folder / "images" / each["file"], faces, ignored, *kind)


def _lies_in(box: Box, area: Box) -> bool:
    common = Box(max(box.x, area.x), max(box.y, area.y), 0, 0)
    width = min(box.x + box.width, area.x + area.width) - common.x
    height = min(box.y + box.height, area.y + area.height) - common.y
    return max(0, width) * max(0, height) >= MATCH * box.area or overlap(box, area) >= MATCH
