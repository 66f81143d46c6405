from collections.abc import Callable
from random import Random

import pytest
from PIL import Image, ImageDraw, ImageOps

from demo.pages import comic_page, single_picture, strip_of_four
from services.face_detector.panels import is_comic_page

Drawn = Callable[..., Image.Image]
COLUMNS, ROWS, GAP = 2, 3, 16


def grid(picture: Image.Image, gutter: str = "#ffffff") -> Image.Image:
    """Return a page of six panels that all show `picture`."""
    page = Image.new("RGB", (COLUMNS * (320 + GAP) + GAP, ROWS * (360 + GAP) + GAP), gutter)
    for number in range(COLUMNS * ROWS):
        x, y = number % COLUMNS * (320 + GAP) + GAP, number // COLUMNS * (360 + GAP) + GAP
        page.paste(picture, (x, y))
    return page


@pytest.mark.parametrize("gutter", ["#ffffff", "#f3ead2", "#000000"])
def test_panels_beside_each_other_are_a_page(drawn: Drawn, gutter: str) -> None:
    assert is_comic_page(grid(drawn(), gutter))
    assert is_comic_page(grid(drawn().convert("L").convert("RGB"), gutter))


def test_framed_panels_with_the_paper_s_colour_as_ground_are_a_page(drawn: Drawn) -> None:
    assert is_comic_page(grid(ImageOps.expand(drawn(ground="#ffffff").crop((4, 4, 316, 356)), 4, "black")))


def test_slanted_gutters_are_followed(drawn: Drawn) -> None:
    page = drawn(heads=2).resize((800, 1100))
    drawing = ImageDraw.Draw(page)
    drawing.line((-10, 300, 810, 400), fill="white", width=16)
    drawing.line((-10, 780, 810, 700), fill="white", width=16)
    drawing.rectangle((0, 0, 799, 1099), outline="white", width=20)
    assert is_comic_page(page)


def test_a_bubble_across_a_gutter_does_not_hide_a_page(drawn: Drawn) -> None:
    page = grid(drawn())
    ImageDraw.Draw(page).ellipse((60, 300, 160, 420), fill="white", outline="black", width=3)
    assert is_comic_page(page)


@pytest.mark.parametrize("ground", ["#e8e4f4", "#ffffff"])
def test_a_picture_is_no_page(drawn: Drawn, ground: str) -> None:
    assert not is_comic_page(drawn(ground=ground))


def test_figures_on_white_without_frames_are_no_page(drawn: Drawn) -> None:
    assert not is_comic_page(grid(drawn(ground="#ffffff")))


@pytest.mark.parametrize("border", [(0, 90), (60, 60), (0, 0, 0, 80)])
def test_bars_and_frames_around_a_picture_make_no_page(drawn: Drawn, border: tuple[int, ...]) -> None:
    for colour in ("black", "white"):
        assert not is_comic_page(ImageOps.expand(drawn(), border, colour))


def test_two_pictures_side_by_side_are_no_page(drawn: Drawn) -> None:
    assert not is_comic_page(grid(drawn()).crop((0, 0, 2 * (320 + GAP) + GAP, 360 + 2 * GAP)))


def test_stripes_behind_a_figure_are_no_panels(drawn: Drawn) -> None:
    picture = drawn().resize((640, 720))
    for x in range(0, 640, 40):
        if not 160 <= x <= 440:
            ImageDraw.Draw(picture).rectangle((x, 0, x + 20, 720), fill="#ffffff")
    assert not is_comic_page(picture)


def test_most_drawn_pages_are_found_and_no_other_picture_is_taken_for_one() -> None:
    pages = [
        is_comic_page(draw(Random(f"test {number}"))) for number in range(6) for draw in (comic_page, strip_of_four)
    ]
    assert sum(pages) >= 8
    assert not any(is_comic_page(single_picture(Random(f"test {number}"))) for number in range(18))


def test_the_picture_given_is_left_as_it_is(drawn: Drawn) -> None:
    image = grid(drawn())
    size = image.size
    is_comic_page(image)
    assert image.size == size
