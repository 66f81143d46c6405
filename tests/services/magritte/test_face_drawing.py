import numpy as np
import pytest
from PIL import Image

from services.magritte.face_changes import compared
from services.magritte.face_drawing import Measures, draw_changes, draw_found, label, unsure, voices
from shared.contract.found_faces import CutFace, FoundFaces, Sighting

FACE = CutFace((100, 100, 200, 200), 2.5, (50, 20, 300, 300))
SEEN = (
    Sighting((105, 105, 190, 190), 0.93, "animeface"),
    Sighting((100, 110, 200, 180), 0.4, "animeface"),
    Sighting((95, 95, 210, 210), 88, "libfacedetection"),
    Sighting((600, 600, 100, 100), 12, "libfacedetection"),
)
FOUND = FoundFaces((800, 800), SEEN, (FACE,))
BLUE, ORANGE, GREEN, GREY, WHITE = (0, 0, 255), (255, 127, 0), (32, 160, 32), (128, 128, 128), (255, 255, 255)


def at(image: Image.Image, x: int, y: int) -> object:
    return image.getpixel((x, y))


@pytest.mark.parametrize("side", [400, 800, 2400])
def test_boxes_are_where_they_are_on_a_picture_of_any_size(side: int) -> None:
    image = Image.new("RGB", (side, side), "#ffffff")
    draw_found(image, FOUND)
    factor, thick = side / 800, Measures.of(image).thick
    middle = round(200 * factor)
    left, bottom = round(100 * factor), round(300 * factor) - 1
    assert [at(image, left + inward, bottom - 5 * thick) for inward in range(thick)] == [BLUE] * thick
    assert at(image, left + thick, bottom - 5 * thick) == WHITE
    assert at(image, middle, bottom) == BLUE
    crop = round(50 * factor)
    assert [at(image, crop + inward, middle) for inward in (0, Measures.of(image).thin)] == [BLUE, WHITE]


def test_what_is_no_face_is_dashed() -> None:
    image = Image.new("RGB", (800, 800), "#ffffff")
    draw_found(image, FOUND)
    row = np.asarray(image)[699, 600:700]
    assert {tuple(pixel) for pixel in row.tolist()} == {GREY, WHITE}
    assert list(unsure(FOUND)) == [SEEN[3]]


def test_each_detector_s_surest_score_is_written() -> None:
    assert voices(FACE, FOUND) == ["animeface 0.93", "libfacedetection 88"]
    assert label(Sighting((0, 0, 1, 1), 1.0, "animeface")) == "animeface 1.00"


def test_the_crop_of_a_tilted_head_is_drawn_turned() -> None:
    image = Image.new("RGB", (800, 800), "#ffffff")
    draw_found(image, FoundFaces((800, 800), (), (CutFace((380, 380, 40, 40), 1.0, (300, 300, 200, 200), angle=45.0),)))
    assert at(image, 400 + 100, 300) == WHITE  # the corner of the box, were it level
    assert BLUE in [at(image, x, 400) for x in range(536, 546)]  # 400 + 200 / sqrt(2), and as far above the middle
    assert BLUE in [at(image, 400, y) for y in range(255, 265)]


def test_two_recipes_have_two_colours_and_what_is_the_same_a_third() -> None:
    def cut(x: int, move: int = 0) -> CutFace:
        return CutFace((x, 300, 100, 100), 1.0, (x - 10 + move, 290, 120, 120))

    first = FoundFaces((800, 800), (), (cut(50), cut(250), cut(450)))
    second = FoundFaces((800, 800), (), (cut(50), cut(250, 20), cut(650)))
    image = Image.new("RGB", (800, 800), "#ffffff")
    draw_changes(image, (800, 800), compared(first, second))
    assert at(image, 40, 350) == GREEN
    assert [at(image, x, 350) for x in (240, 260)] == [ORANGE, BLUE]
    assert [at(image, x, 350) for x in (450, 440)] == [ORANGE, ORANGE]
    assert [at(image, x, 350) for x in (650, 640)] == [BLUE, BLUE]
