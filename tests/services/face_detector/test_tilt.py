"""How far heads are tilted, on drawings that are turned by known angles."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from PIL.Image import Resampling

from services.face_detector.acceptance import Acceptance, accepted
from services.face_detector.choice import Detectors, searches
from services.face_detector.detections import DETECTIONS
from services.face_detector.detector import Box, Candidate, Face, Voice, never, overlap
from services.face_detector.known_face import PLACE
from services.face_detector.tilt import UprightDetector
from services.face_detector.turning import turned_point
from shared.recipe.detectors import Cascade, DetectorKind, Vote
from shared.recipe.faces import Faces

Drawn = Callable[..., Image.Image]
GROUND = "#e8e4f4"


@pytest.fixture(scope="module")
def detectors() -> Iterator[Detectors]:
    detectors = Detectors()
    yield detectors
    detectors.close()


def turned(image: Image.Image, angle: float) -> tuple[Image.Image, Box]:
    """Turn a drawing clockwise, and return with it where its face has come to lie."""
    whole = image.rotate(-angle, Resampling.BICUBIC, expand=True, fillcolor=GROUND)
    middle = PLACE.x + (PLACE.width - image.width) / 2, PLACE.y + (PLACE.height - image.height) / 2
    x, y = turned_point(middle, angle)
    left, top = x + (whole.width - PLACE.width) / 2, y + (whole.height - PLACE.height) / 2
    return whole, Box(round(left), round(top), PLACE.width, PLACE.height)


def faces_in(image: Image.Image, detectors: Detectors, faces: Faces) -> list[Face]:
    return accepted(detectors.of(searches(faces)).detect(np.asarray(image)), Acceptance.of(faces))


@pytest.mark.parametrize("angle", [-55, -25, 0, 10, 40])
def test_a_head_is_found_at_any_tilt_and_its_angle_within_a_few_degrees(
    detectors: Detectors, drawn: Drawn, angle: int
) -> None:
    image, place = turned(drawn(), angle)
    (face,) = faces_in(image, detectors, Faces(upright=True))
    assert abs(face.angle - angle) <= 5
    assert overlap(face.box, place) > 0.4


@pytest.mark.parametrize("angle", [-45, 20])
def test_a_single_detector_is_told_the_angle_as_well(
    detectors: Detectors, drawn: Drawn, cascade: Cascade, angle: int
) -> None:
    image, _ = turned(drawn(), angle)
    for kind in (DetectorKind.ANIMEFACE, DetectorKind.CASCADE):
        (face,) = faces_in(image, detectors, Faces(detector=kind, cascade=cascade, upright=True))
        assert abs(face.angle - angle) <= 6


def test_without_the_option_nobody_looks_at_the_angle(detectors: Detectors, drawn: Drawn) -> None:
    image, _ = turned(drawn(), 20)
    found = detectors.of(searches(Faces())).detect(np.asarray(image))
    assert {each.angle for each in found} == {None}
    assert [face.angle for face in faces_in(image, detectors, Faces())] == [0.0]


def test_a_background_has_no_face_however_it_is_turned(detectors: Detectors, landscape: NDArray[np.uint8]) -> None:
    assert faces_in(Image.fromarray(landscape), detectors, Faces(upright=True)) == []


class Counted:
    """A detector that sees what it is told, and counts the pictures."""

    def __init__(self, *candidates: Candidate) -> None:
        self.seen = 0
        self._candidates = list(candidates)

    def detect(self, rgb: NDArray[np.uint8], given_up: Callable[[], bool] = never) -> list[Candidate]:
        self.seen += 1
        return self._candidates


@pytest.mark.parametrize(("score", "pictures"), [(80, 1), (79, 3)])
def test_a_picture_is_turned_only_where_no_face_is_found(drawn: Drawn, score: float, pictures: int) -> None:
    detector = Counted(Candidate(PLACE, score, Voice.LIBFACEDETECTION))
    found = UprightDetector(detector, Acceptance(vote=Vote())).detect(np.asarray(drawn()))
    assert detector.seen == pictures
    assert [each.box for each in found] == [PLACE]


def test_a_face_of_a_turned_picture_without_eyes_is_not_taken() -> None:
    plain, candidate = np.full((300, 300, 3), 200, np.uint8), Candidate(PLACE, 90, Voice.LIBFACEDETECTION)
    detector = UprightDetector(Counted(candidate), Acceptance(least=91))
    assert detector.detect(plain) == [candidate]
    assert UprightDetector(Counted(candidate), Acceptance(least=90)).detect(plain)[0].angle is None


def test_a_face_without_eyes_has_no_angle(landscape: NDArray[np.uint8]) -> None:
    there = [Candidate(Box(x, y, 120, 120), 90, Voice.LIBFACEDETECTION) for x in (20, 200) for y in (20, 200)]
    found = UprightDetector(Counted(*there), Acceptance(least=90)).detect(landscape)
    assert {each.angle for each in found} == {None}


@pytest.mark.parametrize("angle", [None, 0.0, -12.5])
def test_an_angle_is_recorded_and_read_again(angle: float | None) -> None:
    candidates = [Candidate(PLACE, 0.9, Voice.ANIMEFACE, angle)]
    record = DETECTIONS.write(candidates)
    assert ("angle" in record["candidates"][0]) is (angle is not None)
    assert DETECTIONS.read(record) == candidates


def test_what_is_recorded_depends_on_the_option_alone(detectors: Detectors) -> None:
    plain, upright = (detectors.identity(searches(Faces(upright=upright))) for upright in (False, True))
    assert plain == [each for each in upright if "upright" not in each]
    assert len(upright) == len(plain) + 1
