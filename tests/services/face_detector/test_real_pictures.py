"""The labels name originals that the folder may not hold; a copy that kept its geometry then stands in for one."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from services.face_detector.choice import Detectors
from services.face_detector.crop import distinct
from services.face_detector.detector import Box, overlap
from services.face_detector.monochrome import is_monochrome
from shared.pictures import Picture, decode, flatten
from shared.recipe import Cascade, Detector, Faces

REAL = Path(__file__).resolve().parents[4] / "shared" / "data" / "real"
pytestmark = pytest.mark.skipif(not (REAL / "labels.json").is_file(), reason=f"needs the real pictures in {REAL}")
SAME_GEOMETRY = {"jpeg-q60", "jpeg-q40", "watermark", "brightness"}


def labelled(monochrome: bool | None = None) -> Iterator[tuple[Image.Image, dict[str, Any]]]:
    """One picture per labelled original of which there is any."""
    for label in json.loads((REAL / "labels.json").read_text()):
        path = REAL / "images" / label["file"]
        copies = [
            REAL / "duplicates" / copy["file"]
            for copy in json.loads((REAL / "duplicates.json").read_text())
            if copy["original"] == label["file"] and copy["kind"] in SAME_GEOMETRY
        ]
        there = [candidate for candidate in [path, *copies] if candidate.is_file()]
        if there and monochrome in (None, label["monochrome"]):
            picture = decode(there[0].read_bytes())
            assert isinstance(picture, Picture)
            assert picture.image.size == (label["width"], label["height"])
            yield flatten(picture.image), label


def recall_and_precision(detectors: Detectors, faces: Faces) -> tuple[float, float]:
    """At an overlap of 0.4, as the set's own score_faces.py counts."""
    expected = found = hits = 0
    for image, label in labelled():
        boxes = distinct(detectors.of(faces).detect(np.asarray(image)))
        truths = [Box(*box) for box in label["faces"]]
        expected, found = expected + len(truths), found + len(boxes)
        hits += sum(any(overlap(truth, box) >= 0.4 for box in boxes) for truth in truths)
    assert expected >= 15
    return hits / expected, hits / found


def test_the_cascade_finds_most_faces(detectors: Detectors, cascade: Cascade) -> None:
    recall, precision = recall_and_precision(detectors, Faces(detector=Detector.CASCADE, cascade=cascade))
    assert recall >= 0.75
    assert precision >= 0.7


@pytest.mark.slow
def test_animeface_finds_most_faces(detectors: Detectors) -> None:
    recall, precision = recall_and_precision(detectors, Faces())
    assert recall >= 0.75
    assert precision >= 0.8


@pytest.mark.parametrize("monochrome", [True, False])
def test_black_and_white_is_told_from_colour(monochrome: bool) -> None:
    said = [is_monochrome(image) for image, _ in labelled(monochrome)]
    assert len(said) >= 5
    assert all(verdict is monochrome for verdict in said)
