from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from services.face_detector.cascade import CascadeDetector
from services.face_detector.detector import Box, Candidate, Voice, overlap
from services.face_detector.known_face import PLACE
from shared.contract.errors import RunUnusable
from shared.recipe.detectors import Cascade

Drawn = Callable[..., Image.Image]


@pytest.fixture
def detector(cascade: Cascade) -> CascadeDetector:
    return CascadeDetector(Path(cascade.model).read_bytes(), cascade)


def sure(found: list[Candidate]) -> list[Candidate]:
    return [each for each in found if each.score > 5]


def test_every_face_of_a_picture_is_found_at_its_place(detector: CascadeDetector, drawn: Drawn) -> None:
    found = sorted(face.box for face in sure(detector.detect(np.asarray(drawn(heads=2)))))
    places = [PLACE, PLACE._replace(x=PLACE.x + 320)]
    assert len(found) == 2
    assert all(overlap(box, place) > 0.5 for box, place in zip(found, places, strict=True))


@pytest.mark.parametrize("neighbors", [1, 3, 5, 20])
def test_the_faces_of_any_min_neighbors_are_those_of_detect_multi_scale(
    cascade: Cascade, drawn: Drawn, neighbors: int
) -> None:
    rgb = np.asarray(drawn(heads=2))
    grey = cv2.equalizeHist(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY))
    opencv = cv2.CascadeClassifier(cascade.model).detectMultiScale(grey, 1.02, neighbors, minSize=(30, 30))
    settings = cascade.model_copy(update={"scale_factor": 1.02, "min_size": 30})
    ours = CascadeDetector(Path(cascade.model).read_bytes(), settings).detect(rgb)
    assert {each.voice for each in ours} == {Voice.CASCADE}
    assert sorted(each.box for each in ours if each.score > neighbors) == sorted(Box(*map(int, box)) for box in opencv)


def test_a_reduced_picture_gives_boxes_in_pixels_of_the_one_that_was_given(cascade: Cascade, drawn: Drawn) -> None:
    large = drawn().resize((1280, 1440), Image.Resampling.BICUBIC)
    settings = cascade.model_copy(update={"reduce_to": 360})
    (face,) = sure(CascadeDetector(Path(cascade.model).read_bytes(), settings).detect(np.asarray(large)))
    assert overlap(face.box, PLACE.scaled(4, 4)) > 0.5


def test_faces_smaller_than_min_size_are_not_found(cascade: Cascade, drawn: Drawn) -> None:
    settings = cascade.model_copy(update={"min_size": 250})
    assert CascadeDetector(Path(cascade.model).read_bytes(), settings).detect(np.asarray(drawn())) == []


def test_a_background_has_no_face(detector: CascadeDetector, landscape: NDArray[np.uint8]) -> None:
    assert sure(detector.detect(landscape)) == []


def test_threads_do_not_disturb_each_other(detector: CascadeDetector, drawn: Drawn) -> None:
    pictures = [np.asarray(drawn(scale=scale)) for scale in (0.6, 0.75, 0.9)] * 4
    alone = [detector.detect(picture) for picture in pictures]
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(detector.detect, pictures)) == alone


@pytest.mark.parametrize(
    "model", [b"", b"no cascade", b"<?xml version='1.0'?><opencv_storage><a>1</a></opencv_storage>"]
)
def test_a_file_that_is_no_cascade_is_refused(model: bytes) -> None:
    with pytest.raises(RunUnusable, match="not an OpenCV cascade"):
        CascadeDetector(model, Cascade())
