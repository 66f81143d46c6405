from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from services.face_detector.animeface_detector import AnimefaceDetector, look_closer
from services.face_detector.detector import Box, Candidate, Voice, overlap
from services.face_detector.known_face import PLACE
from shared.recipe.detectors import Animeface

Drawn = Callable[..., Image.Image]


def likely(found: list[Candidate]) -> list[Candidate]:
    return [each for each in found if each.score >= 0.5]


def test_a_face_is_found_at_its_place(drawn: Drawn) -> None:
    (face,) = likely(AnimefaceDetector(Animeface()).detect(np.asarray(drawn())))
    assert overlap(face.box, PLACE) > 0.5
    assert (face.score > 0.9, face.voice) == (True, Voice.ANIMEFACE)


def test_boxes_are_in_pixels_of_the_picture_that_was_given(drawn: Drawn) -> None:
    image = drawn()
    large = image.resize((image.width * 4, image.height * 4), Image.Resampling.BICUBIC)
    (face,) = likely(AnimefaceDetector(Animeface(reduce_to=360)).detect(np.asarray(large)))
    assert overlap(face.box, PLACE.scaled(4, 4)) > 0.5


def test_a_box_does_not_leave_the_picture(drawn: Drawn) -> None:
    image = drawn().crop((75, 100, 245, 270))
    for face in AnimefaceDetector(Animeface()).detect(np.asarray(image)):
        assert face.box == face.box.within(*image.size)


def test_the_threshold_of_the_recipe_does_not_matter_to_what_is_found(drawn: Drawn) -> None:
    rgb = np.asarray(drawn())
    strict, lenient = (AnimefaceDetector(Animeface(likelihood=likelihood)).detect(rgb) for likelihood in (1, 0))
    assert strict == lenient != []


def test_a_background_has_no_face(landscape: NDArray[np.uint8]) -> None:
    assert likely(AnimefaceDetector(Animeface()).detect(landscape)) == []


def test_a_face_that_is_too_small_for_animeface_is_seen_by_looking_closer(drawn: Drawn) -> None:
    small = drawn().resize((80, 90), Image.Resampling.LANCZOS)
    picture = Image.new("RGB", (640, 640), "#e8e4f4")
    picture.paste(small, (400, 300))
    place = PLACE.scaled(0.25, 0.25)
    place = place._replace(x=place.x + 400, y=place.y + 300)
    assert likely(AnimefaceDetector(Animeface()).detect(np.asarray(picture))) == []
    found = likely(look_closer(np.asarray(picture), [place]))
    assert any(overlap(face.box, place) > 0.5 for face in found)
    assert {face.voice for face in found} == {Voice.ANIMEFACE_CLOSER}


def test_places_outside_the_picture_are_not_looked_at(drawn: Drawn) -> None:
    assert look_closer(np.asarray(drawn()), [Box(1000, 1000, 50, 50), Box(-300, 10, 40, 40)]) == []
