from dataclasses import replace

import pytest
from PIL import Image

from demo.character import HEROINE
from services.face_detector.character.colours import distance, lab_of_name
from services.face_detector.character.hair import hair_colours
from services.face_detector.character.regions import Head
from services.face_detector.detector import Box
from tests.services.face_detector.character.drawn import FACE, drawing

PAINTS = ("#3f8fd2", "#7a5230", "#f0d878", "#d05078", "#2a2430", "#8a8f98", "#57a35a")


@pytest.mark.parametrize("paint", PAINTS)
@pytest.mark.parametrize("seed", range(4))
def test_the_hair_has_the_colour_that_it_is_painted_with(paint: str, seed: int) -> None:
    found = hair_colours(Head(drawing(replace(HEROINE, hair=paint), seed=seed), FACE))
    assert distance(found, [lab_of_name(paint)]) == pytest.approx(0, abs=6)
    assert sum(each.share for each in found) <= 1 + 1e-9


@pytest.mark.parametrize("ground", ["#c02020", "#e8e4f4", "#207040"])
def test_the_colour_behind_the_head_is_not_that_of_the_hair(ground: str) -> None:
    found = hair_colours(Head(drawing(ground=ground), FACE))
    away = distance(found, [lab_of_name(ground)])
    assert away is not None
    assert away > 15


def test_hair_before_its_own_colour_is_told_all_the_same() -> None:
    found = hair_colours(Head(drawing(ground=HEROINE.hair), FACE))
    assert found


def test_a_face_without_anything_around_it_has_no_hair() -> None:
    face = drawing().crop((FACE.x + 5, FACE.y + 20, FACE.x + FACE.width - 5, FACE.y + FACE.height))
    assert hair_colours(Head(face, Box(-5, -20, FACE.width, FACE.height))) == []


def test_the_size_of_a_drawing_does_not_change_its_colours() -> None:
    image = drawing()
    half = image.resize((image.width // 2, image.height // 2), Image.Resampling.LANCZOS)
    found = hair_colours(Head(half, Box(*(side // 2 for side in FACE))))
    assert distance(found, [lab_of_name(HEROINE.hair)]) == pytest.approx(0, abs=3)
