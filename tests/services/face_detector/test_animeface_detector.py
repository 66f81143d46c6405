from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from services.face_detector.animeface_detector import AnimefaceDetector
from services.face_detector.detector import overlap
from services.face_detector.known_face import PLACE
from shared.recipe.faces import Animeface

Drawn = Callable[..., Image.Image]


def test_a_face_is_found_at_its_place(drawn: Drawn) -> None:
    (face,) = AnimefaceDetector(Animeface()).detect(np.asarray(drawn()))
    assert overlap(face.box, PLACE) > 0.5
    assert face.confidence > 0.9


def test_boxes_are_in_pixels_of_the_picture_that_was_given(drawn: Drawn) -> None:
    image = drawn()
    large = image.resize((image.width * 4, image.height * 4), Image.Resampling.BICUBIC)
    (face,) = AnimefaceDetector(Animeface(reduce_to=360)).detect(np.asarray(large))
    place = type(PLACE)(*(4 * value for value in PLACE))
    assert overlap(face.box, place) > 0.5


def test_a_box_does_not_leave_the_picture(drawn: Drawn) -> None:
    image = drawn().crop((75, 100, 245, 270))
    for face in AnimefaceDetector(Animeface(likelihood=0)).detect(np.asarray(image)):
        assert face.box == face.box.within(*image.size)


def test_faces_that_are_not_likely_enough_are_not_taken(drawn: Drawn) -> None:
    rgb = np.asarray(drawn())
    (face,) = AnimefaceDetector(Animeface()).detect(rgb)
    stricter = Animeface(likelihood=min(1.0, face.confidence + 1e-9))
    assert AnimefaceDetector(stricter).detect(rgb) == []


def test_a_background_has_no_face(landscape: NDArray[np.uint8]) -> None:
    assert AnimefaceDetector(Animeface()).detect(landscape) == []
