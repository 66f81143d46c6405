import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from services.face_detector.acceptance import Acceptance, accepted
from services.face_detector.choice import Detectors, searches
from services.face_detector.detector import Box, overlap
from services.face_detector.monochrome import is_monochrome
from shared.pictures import Picture, decode, flatten
from shared.recipe.detectors import Cascade, DetectorKind
from shared.recipe.faces import Faces

REAL = Path(__file__).resolve().parents[4] / "shared" / "data" / "real"
pytestmark = pytest.mark.skipif(not (REAL / "labels.json").is_file(), reason=f"needs the real pictures in {REAL}")

SMALLEST = 40
"""Pixels of a face's shorter side below which the set's own score_faces.py does not ask for it."""


def labelled(monochrome: bool | None = None) -> Iterator[tuple[Image.Image, dict[str, Any]]]:
    """Yield every labelled picture with its label."""
    for label in json.loads((REAL / "labels.json").read_text()):
        if monochrome in (None, label["monochrome"]):
            picture = decode((REAL / "images" / label["file"]).read_bytes())
            assert isinstance(picture, Picture)
            assert picture.image.size == (label["width"], label["height"])
            yield flatten(picture.image), label


def recall_and_precision(detectors: Detectors, faces: Faces) -> tuple[float, float]:
    """Measure at an overlap of 0.4, as the set's own score_faces.py counts."""
    expected = found = hits = 0
    for image, label in labelled():
        found_here = detectors.of(searches(faces)).detect(np.asarray(image))
        boxes = [face.box for face in accepted(found_here, Acceptance.of(faces))]
        truths = [Box(*box) for box in label["faces"]]
        hit = {truth: [box for box in boxes if overlap(truth, box) >= 0.4] for truth in truths}
        large = [truth for truth in truths if min(truth.width, truth.height) >= SMALLEST]
        counted = {box for box in boxes if not any(_is_centred_in(box, area) for area in label["ignore"])}
        small = {box for truth in truths if truth not in large for box in hit[truth]}
        expected, found = expected + len(large), found + len(counted - small)
        hits += sum(bool(hit[truth]) for truth in large)
    assert expected >= 100
    return hits / expected, hits / found


def _is_centred_in(box: Box, area: list[int]) -> bool:
    x, y = box.x + box.width / 2, box.y + box.height / 2
    return area[0] <= x <= area[0] + area[2] and area[1] <= y <= area[1] + area[3]


def test_the_cascade_finds_most_faces(detectors: Detectors, cascade: Cascade) -> None:
    recall, precision = recall_and_precision(detectors, Faces(detector=DetectorKind.CASCADE, cascade=cascade))
    assert recall >= 0.66  # 0.69 and 0.86, measured on 150 faces
    assert precision >= 0.82


@pytest.mark.slow
def test_a_vote_finds_more_faces_than_each_detector_and_is_wrong_less_often(
    detectors: Detectors, cascade: Cascade
) -> None:
    recall, precision = recall_and_precision(detectors, Faces(cascade=cascade))
    assert recall >= 0.82  # 0.84 and 0.92, measured on 150 faces
    assert precision >= 0.90


@pytest.mark.slow
def test_a_vote_without_the_cascades_file_finds_nearly_as_many(detectors: Detectors) -> None:
    recall, precision = recall_and_precision(detectors, Faces())
    assert recall >= 0.80  # 0.82 and 0.95, measured on 150 faces
    assert precision >= 0.92


@pytest.mark.slow
def test_a_head_that_is_turned_by_20_degrees_is_seen_to_be_tilted_by_20_degrees_more(detectors: Detectors) -> None:
    faces = Faces(detector=DetectorKind.ANIMEFACE, upright=True)
    detector, off = detectors.of(searches(faces)), []

    def angle(image: Image.Image, truth: Box) -> float | None:
        found = accepted(detector.detect(np.asarray(image)), Acceptance.of(faces))
        return next((face.angle for face in found if overlap(face.box, truth) >= 0.3 and face.angle), None)

    for image, label in islice((each for each in labelled() if len(each[1]["faces"]) == 1), 16):
        x, y, width, height = label["faces"][0]
        turned = image.rotate(-20, Image.Resampling.BICUBIC, center=(x + width / 2, y + height / 2), fillcolor="white")
        before, after = (angle(each, Box(x, y, width, height)) for each in (image, turned))
        if before is not None and after is not None:
            off.append(abs(after - before - 20))
    assert len(off) >= 6
    assert np.median(off) <= 4


@pytest.mark.parametrize("monochrome", [True, False])
def test_black_and_white_is_told_from_colour(monochrome: bool) -> None:
    judged = [is_monochrome(image) for image, _ in labelled(monochrome)]
    assert len(judged) >= 5
    assert all(verdict is monochrome for verdict in judged)
