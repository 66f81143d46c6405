from collections.abc import Callable, Iterator

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from services.face_detector.animeface_detector import AnimefaceDetector
from services.face_detector.detector import overlap
from services.face_detector.known_face import PLACE
from shared.child_processes import ChildProcesses
from shared.recipe import Animeface

Drawn = Callable[..., Image.Image]


@pytest.fixture(scope="module")
def children() -> Iterator[ChildProcesses]:
    children = ChildProcesses(1)
    yield children
    children.close()


def test_a_face_is_found_at_its_place(children: ChildProcesses, drawn: Drawn) -> None:
    (face,) = AnimefaceDetector(children, Animeface()).detect(np.asarray(drawn()))
    assert overlap(face.box, PLACE) > 0.5
    assert face.confidence > 0.9


def test_boxes_are_in_pixels_of_the_picture_that_was_given(children: ChildProcesses, drawn: Drawn) -> None:
    image = drawn()
    large = image.resize((image.width * 4, image.height * 4), Image.Resampling.BICUBIC)
    (face,) = AnimefaceDetector(children, Animeface(reduce_to=360)).detect(np.asarray(large))
    place = type(PLACE)(*(4 * value for value in PLACE))
    assert overlap(face.box, place) > 0.5


def test_a_box_does_not_leave_the_picture(children: ChildProcesses, drawn: Drawn) -> None:
    image = drawn().crop((75, 100, 245, 270))
    for face in AnimefaceDetector(children, Animeface(likelihood=0)).detect(np.asarray(image)):
        assert face.box == face.box.within(*image.size)


def test_faces_that_are_not_likely_enough_are_not_taken(children: ChildProcesses, drawn: Drawn) -> None:
    rgb = np.asarray(drawn())
    (face,) = AnimefaceDetector(children, Animeface()).detect(rgb)
    stricter = Animeface(likelihood=min(1.0, face.confidence + 1e-9))
    assert AnimefaceDetector(children, stricter).detect(rgb) == []


def test_a_background_has_no_face(children: ChildProcesses, landscape: NDArray[np.uint8]) -> None:
    assert AnimefaceDetector(children, Animeface()).detect(landscape) == []
