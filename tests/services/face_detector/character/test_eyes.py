from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from demo.character import HEROINE, Eyes
from services.face_detector.character.colours import distance, lab_of_name
from services.face_detector.character.eyes import eye_colours
from services.face_detector.character.regions import Head
from services.face_detector.detector import Box
from tests.services.face_detector.character.drawn import FACE, drawing


@pytest.mark.parametrize("paint", ["#d2452f", "#3f9a52", "#4a3f9a", "#c9a227", "#7a4a2a"])
@pytest.mark.parametrize("eyes", [Eyes.OPEN, Eyes.HALF])
def test_open_eyes_have_the_colour_that_they_are_painted_with(paint: str, eyes: Eyes) -> None:
    found = eye_colours(Head(drawing(replace(HEROINE, eyes=paint), eyes), FACE))
    away = distance(found, [lab_of_name(paint)])
    assert away is not None
    assert away < 16


def test_closed_eyes_tell_no_colours() -> None:
    assert eye_colours(Head(drawing(eyes=Eyes.HAPPY), FACE)) == []


def test_a_face_at_the_edge_tells_the_colour_of_the_eye_that_is_there() -> None:
    left = drawing().crop((FACE.x + FACE.width // 2, 0, 400, 460))
    found = eye_colours(Head(left, FACE._replace(x=-FACE.width // 2)))
    away = distance(found, [lab_of_name(HEROINE.eyes)])
    assert away is not None
    assert away < 16


def test_a_plain_area_tells_no_colours() -> None:
    assert eye_colours(Head(Image.fromarray(np.full((200, 200, 3), 220, np.uint8)), Box(50, 50, 100, 90))) == []
