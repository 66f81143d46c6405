from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from services.face_detector.cascade import CascadeDetector
from services.face_detector.detector import Box, overlap
from services.face_detector.known_face import PLACE
from shared.contract.errors import RunUnusable
from shared.recipe.faces import Cascade

Drawn = Callable[..., Image.Image]


@pytest.fixture
def detector(cascade: Cascade) -> CascadeDetector:
    return CascadeDetector(Path(cascade.model).read_bytes(), cascade)


def test_every_face_of_a_picture_is_found_at_its_place(detector: CascadeDetector, drawn: Drawn) -> None:
    found = sorted(face.box for face in detector.detect(np.asarray(drawn(heads=2))))
    places = [PLACE, PLACE._replace(x=PLACE.x + 320)]
    assert len(found) == 2
    assert all(overlap(box, place) > 0.5 for box, place in zip(found, places, strict=True))


def test_boxes_are_those_of_detect_multi_scale(cascade: Cascade, drawn: Drawn) -> None:
    settings = cascade.model_copy(update={"scale_factor": 1.1, "min_neighbors": 0, "min_size": 60})
    rgb = np.asarray(drawn())
    grey = cv2.equalizeHist(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY))
    opencv = cv2.CascadeClassifier(cascade.model).detectMultiScale(grey, 1.1, 0, minSize=(60, 60))
    ours = CascadeDetector(Path(cascade.model).read_bytes(), settings).detect(rgb)
    assert sorted(face.box for face in ours) == sorted(Box(*map(int, box)) for box in opencv)
    assert ours


def test_faces_smaller_than_min_size_are_not_found(cascade: Cascade, drawn: Drawn) -> None:
    settings = cascade.model_copy(update={"min_size": 250})
    assert CascadeDetector(Path(cascade.model).read_bytes(), settings).detect(np.asarray(drawn())) == []


def test_a_background_has_no_face(detector: CascadeDetector, landscape: NDArray[np.uint8]) -> None:
    assert detector.detect(landscape) == []


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
